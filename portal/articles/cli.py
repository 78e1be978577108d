"""Commands: `flask content …`."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from flask import current_app
from flask.cli import AppGroup

from portal.articles.transfer import exporting, importing, planning, sample
from portal.articles.transfer import folder as folders
from portal.articles.transfer.report import Report
from portal.db import db, unit_of_work
from portal.errors import PortalError
from portal.settings import Settings

group = AppGroup("content", help="Articles as files: import, export, the sample organisation.")

CONTENT: Final = Path(__file__).resolve().parents[2] / "content"

GENERIC: Final = {"articles", "content", "doc", "docs", "handbook", "markdown", "md", "pages", "src"}
"""Names of folders that say nothing; the name of the folder around them is taken instead."""


@group.command("import")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Only tell what would change.")
@click.option("--source", metavar="NAME", help="Name of the import, by default that of the folder.")
@click.option("--topic", default="", metavar="PATH", help="Topic below which folders become topics.")
@click.option("--team", default="", metavar="SLUG", help="Team that owns pages which name none.")
def import_folder(directory: Path, dry_run: bool, source: str | None, topic: str, team: str) -> None:
    """Add and update articles from the Markdown files in DIRECTORY and the folders in it.

    Doing it again changes nothing; an import that was cut off goes on where it stopped. Readers see
    nothing until all is saved. A page that was edited in the portal is left alone. A file that
    cannot be used is reported and left out; the exit status is then 1.
    """
    options = planning.Options(source=_source(source, directory), topic=topic.strip("/"), team=team)
    report = bring_in(directory, options, dry_run=dry_run)
    tell(report, dry_run=dry_run)
    if report.problems:
        raise click.exceptions.Exit(1)


def bring_in(directory: Path, options: planning.Options, *, dry_run: bool = False) -> Report:
    """Plan and carry out one import with progress bars."""
    folder = folders.scan(directory)
    if not folder.texts:
        raise click.ClickException(f"There are no Markdown files (*.md, *.markdown) in {directory}.")
    try:
        with progress("Reading", len(folder.texts)) as tick:
            plan = planning.plan(db.session(), folder, options, tick=tick)
        with progress("Checking" if dry_run else "Saving", len(plan.steps)) as tick:
            if dry_run:
                importing.check(db.session(), plan, tick=tick)
            else:
                importing.carry_out(
                    plan, work=unit_of_work, attachments_dir=_settings().attachments_dir, tick=tick
                )
    except PortalError as error:
        raise click.ClickException(str(error)) from error
    return plan.report


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[], None]]:
    """A progress bar on standard error; nothing when that is no terminal."""
    if not sys.stderr.isatty() or not total:
        yield lambda: None
        return
    with click.progressbar(length=total, label=label, file=sys.stderr) as bar:
        yield lambda: bar.update(1)


def tell(report: Report, *, dry_run: bool = False) -> None:
    """Print what an import did."""
    for path in report.new if dry_run else ():
        click.echo(f"+ {path}")
    for path in report.changed if dry_run else ():
        click.echo(f"~ {path}")
    for line in report.details():
        click.echo(line)
    if report.team_made:
        would = "would be" if dry_run else "was"
        click.echo(
            f"The team {report.team_made} {would} made to own pages that name no team. Nobody is in it yet: "
            "add people with `flask accounts import`, or import again with --team."
        )
    click.echo(report.summary(dry_run=dry_run))


def _source(name: str | None, directory: Path) -> str:
    if name is None:
        full = directory.resolve()
        name = full.parent.name if full.name.lower() in GENERIC and full.parent.name else full.name
        name = name[:80]
    if not re.fullmatch(r"[\w.-]{1,80}", name):
        raise click.BadParameter(f"{name!r}: use letters, digits, dots and hyphens.", param_hint="--source")
    return name


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings


@group.command("export")
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--source", metavar="NAME", help="Only the articles of this import.")
@click.option("--all", "everything", is_flag=True, help="All articles; the same as no --source.")
@click.option(
    "--force", is_flag=True, help="Write into a folder that holds files, over those of the same name."
)
def export_folder(directory: Path, source: str | None, everything: bool, force: bool) -> None:
    """Write articles as Markdown files with their pictures into DIRECTORY.

    An article that is as it was imported gives the very file it came from; others are written in the
    portal's own form, with links from file to file. Nothing is deleted.
    """
    if source is not None and everything:
        raise click.UsageError("Use --source or --all, not both.")
    if directory.is_dir() and any(directory.iterdir()) and not force:
        raise click.ClickException(f"{directory} is not empty: name another folder, or use --force.")
    session = db.session()
    try:
        export = exporting.collect(session, source=source)
        directory.mkdir(parents=True, exist_ok=True)
        with progress("Writing", len(export.items)) as tick:
            exporting.write(
                session, export, directory, attachments_dir=_settings().attachments_dir, tick=tick
            )
    except PortalError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{directory} cannot be written: {error.strerror}.") from error
    for problem in export.problems:
        click.echo(f"! {problem}", err=True)
    click.echo(
        f"{export.unchanged} as they were imported, {export.written_anew} written anew, "
        f"{len(export.assets)} pictures and files, {len(export.problems)} problems."
    )
    if export.problems:
        raise click.exceptions.Exit(1)


@group.command("load-sample")
@click.option(
    "--content",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=CONTENT,
    show_default="content/ beside the portal",
    help="Folder of the sample organisation.",
)
def load_sample(content: Path) -> None:
    """Load the sample organisation, unless the database has an organisation of its own.

    Doing it again adds what is missing and never changes what somebody edited in the portal. Not in
    production.
    """
    try:
        with unit_of_work() as session:
            loaded = sample.load_organisation(session, content, settings=_settings())
    except PortalError as error:
        raise click.ClickException(str(error)) from error
    if loaded.refused:
        click.echo(loaded.refused)
        return
    for problem in loaded.problems:
        click.echo(f"! {problem}", err=True)
    if loaded.people or loaded.topics:
        click.echo(f"{loaded.people} people and {loaded.topics} topics added.")
    report = bring_in(content / sample.ARTICLES, planning.Options(source=sample.SOURCE))
    tell(report)
    # what rooms above add to the sample organisation; the composition root names them
    for load_part in current_app.extensions.get("sample-parts", ()):
        told = load_part(content)
        if told:
            click.echo(told)
    if report.problems or loaded.problems:
        raise click.exceptions.Exit(1)
