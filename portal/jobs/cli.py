"""Commands: `flask jobs …`."""

import click
from flask.cli import AppGroup

group = AppGroup("jobs")
