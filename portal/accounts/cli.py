"""Commands: `flask accounts …`."""

import sys
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from portal.accounts import importing, organisation, queries, services
from portal.accounts.models import Person
from portal.db import db, unit_of_work
from portal.errors import PortalError
from portal.settings import Settings

group = AppGroup("accounts", help="People, teams and passwords.")

password_stdin = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


@group.command("create-admin")
@click.argument("email")
@click.option("--name", required=True, help="Full name, as colleagues know it.")
@password_stdin
def create_admin(email: str, name: str, password_stdin: bool) -> None:  # click passes flags by name
    """Create an administrator. Asks for the password."""
    person = Person(email=queries.fold_email(email), name=name)
    password_hash = _ask_for_hash(person, from_stdin=password_stdin)
    try:
        with unit_of_work() as session:
            created = services.create_admin(session, email=email, name=name)
            services.set_password(session, created, new_hash=password_hash, settings=_settings())
            click.echo(f"Created the administrator {created.email}.")
    except PortalError as error:
        raise click.ClickException(str(error)) from error


@group.command("set-password")
@click.argument("email")
@password_stdin
def set_password(email: str, password_stdin: bool) -> None:  # click passes flags by name
    """Give a person a new password, end their sign-ins and lift every block. Asks for the password."""
    password_hash = _ask_for_hash(_person(db.session(), email), from_stdin=password_stdin)
    with unit_of_work() as session:
        person = _person(session, email)
        services.set_password(session, person, new_hash=password_hash, settings=_settings())
        click.echo(f"{person.email} has a new password and is signed out everywhere.")


@group.command("deactivate")
@click.argument("email")
def deactivate(email: str) -> None:
    """Close a person's account and end their sign-ins at once. Nothing of theirs is deleted."""
    with unit_of_work() as session:
        person = _person(session, email)
        services.deactivate(session, person)
        click.echo(f"{person.email} is closed and signed out everywhere.")


@group.command("activate")
@click.argument("email")
def activate(email: str) -> None:
    """Open a closed account again."""
    with unit_of_work() as session:
        person = _person(session, email)
        services.activate(session, person)
        click.echo(f"{person.email} is open.")


@group.command("import")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
def import_files(files: tuple[Path, ...], dry_run: bool) -> None:  # click passes flags by name
    """Add and update sites, departments, teams and people from YAML and CSV files.

    Nobody is removed and no password changes. A row that cannot be used is reported and left out;
    the exit status is then 1.
    """
    data = organisation.read_files(files)
    with unit_of_work() as session:
        report = importing.import_organisation(session, data, sample=False, settings=_settings())
        if dry_run:
            session.rollback()
    _tell(report, dry_run=dry_run)
    if report.problems:
        raise click.exceptions.Exit(1)


def _tell(report: importing.Report, *, dry_run: bool) -> None:
    for line in report.created:
        click.echo(f"+ {line}")
    for line in report.changed:
        click.echo(f"~ {line}")
    for problem in report.problems:
        click.echo(f"! {problem}", err=True)
    would = "would be " if dry_run else ""
    click.echo(
        f"{len(report.created)} {would}added, {len(report.changed)} {would}changed, "
        f"{report.unchanged} as before, {len(report.problems)} left out."
        + (" Nothing was saved." if dry_run else "")
    )


def _person(session: Session, email: str) -> Person:
    person = queries.person_by_email(session, email)
    if person is None:
        raise click.ClickException(f"There is nobody with the address {email}.")
    return person


def _ask_for_hash(person: Person, *, from_stdin: bool) -> str:
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt="The same password again")
    try:
        return services.new_hash(person, password, settings=_settings())
    except PortalError as error:
        raise click.ClickException(str(error)) from error


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
