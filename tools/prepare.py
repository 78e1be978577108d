"""Brings the database and the index up to date: the commands `make run` needs before it can serve.

They run in one process, because starting one takes longer than what they do when there is nothing new.
"""

import sys
from pathlib import Path

import click
from flask.cli import ScriptInfo
from sqlalchemy.exc import OperationalError

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import config
from portal.app import create_app
from portal.settings import SettingsError

COMMANDS = (("db", "upgrade"), ("content", "load-sample"), ("index", "sync"))


def main() -> int:
    """Run the commands one after the other; the exit status of the first that fails, else 0."""
    try:
        app = create_app(config.from_env())
    except (SettingsError, OSError) as error:
        print(f"portal: {error}", file=sys.stderr)
        return 1
    for command in COMMANDS:
        try:
            app.cli.main(args=command, obj=ScriptInfo(create_app=lambda: app), standalone_mode=False)
        except OperationalError as error:
            print(f"portal: the database in DATABASE_URL cannot be used: {error.orig}", file=sys.stderr)
            return 1
        except click.ClickException as error:
            print(f"portal: flask {' '.join(command)}: {error.format_message()}", file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
