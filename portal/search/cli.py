"""Commands: `flask search …`."""

import click
from flask.cli import AppGroup

group = AppGroup("search")
