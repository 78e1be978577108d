"""Commands: `flask index …`."""

import click
from flask.cli import AppGroup

group = AppGroup("index")
