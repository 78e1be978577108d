"""Commands: `flask index …`."""

import sys
import time
from collections.abc import Callable

import click
from flask import current_app
from flask.cli import AppGroup

from portal.indexing.indexer import Drift, Indexer

EXTENSION = "indexer"
SHOWN = 10

group = AppGroup("index", help="Bring the search index and the database together.")


def indexer() -> Indexer:
    """The indexer of the current application."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Indexer)
    return found


@group.command()
def sync() -> None:
    """Index now everything that waits."""
    done = indexer().sync(wait=_waiting())
    click.echo(f"{_count(done, 'article')} indexed.")
    failed = [change for change in indexer().waiting() if change.attempts]
    for change in failed:
        click.echo(f"Article {change.group} could not be indexed; see `flask jobs list`.", err=True)
    if failed:
        sys.exit(1)


@group.command()
def rebuild() -> None:
    """Make the whole index anew from the database; searches use the old one until it is done."""
    with click.progressbar(length=1, label="Indexing", show_pos=True, file=sys.stderr) as bar:

        def _progress(step: int, total: int) -> None:
            bar.length = total
            bar.update(step)

        done = indexer().rebuild(wait=_waiting(), progress=_progress)
    click.echo(f"{_count(done, 'article')} indexed.")


@group.command()
@click.option("--fix", is_flag=True, help="Index the articles that differ.")
def drift(*, fix: bool) -> None:
    """Compare the index with the database. Exit code 1 when they differ."""
    if fix:
        indexer().repair(wait=_waiting())
    try:
        found = indexer().drift()
    except Exception as error:
        raise click.ClickException(
            f"The index cannot be read ({error}). Make it anew: flask index rebuild"
        ) from error
    _report(found)
    on_the_way = sum(not change.attempts for change in indexer().waiting())
    if on_the_way:
        click.echo(f"{_count(on_the_way, 'article')} on the way into the index.")
    if found.groups:
        sys.exit(1)


def _report(found: Drift) -> None:
    if not found.groups:
        click.echo("The index equals the database.")
    for label, names in (
        ("missing", found.missing),
        ("stale", found.stale),
        ("left over", found.left_over),
    ):
        if names:
            listed = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
            click.echo(f"{len(names)} {label}: {listed}")


def _waiting() -> Callable[[], None]:
    """Waits a moment for the lease; says so the first time."""
    told = False

    def _wait() -> None:
        nonlocal told
        if not told:
            click.echo("Another process is updating the index. Waiting for it …", err=True)
            told = True
        time.sleep(0.2)

    return _wait


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
