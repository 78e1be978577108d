"""Commands: `flask accounts …`."""

import click
from flask.cli import AppGroup

group = AppGroup("accounts")
