"""Commands: `flask content …`."""

import click
from flask.cli import AppGroup

group = AppGroup("content")
