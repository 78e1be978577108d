"""Commands: `flask search golden|load-synonyms|export-synonyms`."""

from pathlib import Path
from typing import Final

import click

from portal.db import db, unit_of_work
from portal.indexing.engine import EngineError
from portal.search import golden_questions, synonym_files
from portal.search.cli import engine, group
from portal.search.synonym_files import Loaded

SYNONYMS: Final = "synonyms.txt"


@group.command("golden")
def golden_command() -> None:
    """Ask all golden questions now and print where their articles stand.

    Exit status 1 when one has dropped out of the top three and nobody has taken note of it yet.
    """
    try:
        with unit_of_work() as session:
            golden_questions.ask_all(session, engine())
    except EngineError as error:
        raise click.ClickException(
            "The index does not answer: run `flask index sync`, then try again."
        ) from error
    session = db.session()
    found = golden_questions.listed(session)
    for golden in found:
        rank, before = golden.rank or "-", golden.rank_before or "-"
        mark = "  dropped" if golden.dropped_at else ""
        click.echo(f"{rank:>3}  (before: {before})  {golden.article.slug}  {golden.text}{mark}")
    dropped = len(golden_questions.alerts(session))
    click.echo(f"{len(found)} golden questions, {dropped} dropped out of the top three.")
    if dropped:
        raise click.exceptions.Exit(1)


@group.command("load-synonyms")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def load_synonyms_command(file: Path) -> None:
    """Add the sets of synonyms in FILE: one on each line, "a, b" both ways, "a => b, c" one way.

    Doing it again changes nothing, and a set that was changed or removed in the browser stays so. A
    line that cannot be used is reported and left out; the exit status is then 1.
    """
    loaded = _load(file)
    for problem in loaded.problems:
        click.echo(f"! {file.name}, {problem}", err=True)
    click.echo(_told(loaded))
    if loaded.problems:
        raise click.exceptions.Exit(1)


@group.command("export-synonyms")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path), required=False)
def export_synonyms_command(file: Path | None) -> None:
    """Write all sets of synonyms to FILE, or print them, in the form that `load-synonyms` reads."""
    text = synonym_files.export(db.session())
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"{len(text.splitlines())} sets of synonyms written.")


def load_sample(content: Path) -> str:
    """Load the synonyms of the sample organisation in `content`; what was done, in words, "" for nothing."""
    file = content / SYNONYMS
    if not file.is_file():
        return ""
    loaded = _load(file)
    problems = "".join(f"\n! {file.name}, {problem}" for problem in loaded.problems)
    return _told(loaded) + problems if loaded.added or problems else ""


def _load(file: Path) -> Loaded:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file} cannot be read as text in UTF-8.") from error
    with unit_of_work() as session:
        return synonym_files.load(session, text)


def _told(loaded: Loaded) -> str:
    sets = "set" if loaded.added == 1 else "sets"
    return f"{loaded.added} {sets} of synonyms added, {loaded.known} known already."
