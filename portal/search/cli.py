"""Commands: `flask search ask|evaluate|questions`."""

import json
from dataclasses import asdict
from pathlib import Path

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from portal.accounts.models import Person
from portal.db import db
from portal.errors import Invalid, PortalError
from portal.indexing.engine import SearchEngine
from portal.search import evaluation, golden, services
from portal.search.evaluation import Figures, MakeEngine

ENGINE = "engine"
MAKE_ENGINE = "make-engine"

group = AppGroup("search", help="Ask questions and measure the answers.")


def engine() -> SearchEngine:
    """The engine of the current application."""
    found: SearchEngine = current_app.extensions[ENGINE]
    return found


def make_engine() -> MakeEngine:
    """How the current application makes an engine for a folder."""
    found: MakeEngine = current_app.extensions[MAKE_ENGINE]
    return found


@group.command("ask")
@click.argument("question")
@click.option("--as", "email", help="Ask as this person; by default as an admin, who sees everything.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 100))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ask_command(question: str, email: str | None, limit: int, as_json: bool) -> None:
    """Ask QUESTION and print the ranked answers."""
    answer = services.ask(db.session(), engine(), question, by=_person(email), limit=limit)
    if as_json:
        hits = [
            {
                "rank": hit.rank,
                "article": hit.slug,
                "anchor": hit.anchor,
                "title": hit.title,
                "score": round(hit.score, 4),
                "matched": list(hit.matched),
            }
            for hit in answer.hits
        ]
        found = {"confidence": round(answer.confidence, 4), "count": answer.count, "hits": hits}
        click.echo(
            json.dumps(found | {"corrections": list(answer.corrections)}, ensure_ascii=False, indent=2)
        )
        return
    for hit in answer.hits:
        place = f"{hit.slug}#{hit.anchor}" if hit.anchor else hit.slug
        click.echo(f"{hit.rank:>3}  {hit.score:6.3f}  {place}  {hit.title}  [{' '.join(hit.matched)}]")
    for typed, used in answer.corrections:
        click.echo(f"searched also for {used!r}, typed {typed!r}")
    click.echo(f"{answer.count} articles, confidence of the first {answer.confidence:.2f}")


def _person(email: str | None) -> Person:
    wanted = Person.email == email.strip().casefold() if email else Person.admin.is_(True)
    person = db.session().scalar(sa.select(Person).where(wanted, Person.active.is_(True)).order_by(Person.id))
    if person is None:
        raise click.ClickException(
            f"There is no active person {email!r}."
            if email
            else "There is no admin yet: make one with `flask accounts create-admin EMAIL`, or use --as."
        )
    return person


@group.command("evaluate")
@click.argument(
    "folders", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--typos", "with_typos", is_flag=True, help="Ask with a typo in two words of each question.")
@click.option(
    "--seed",
    "seeds",
    multiple=True,
    type=int,
    help="What the typos are made from; may be repeated. By default the mean of 1, 2 and 3.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def evaluate_command(
    folders: tuple[Path, ...], with_typos: bool, seeds: tuple[int, ...], as_json: bool
) -> None:
    """Ask all questions of the set in each of FOLDERS and print how well they were answered.

    A folder holds docs.jsonl, queries.jsonl and qrels.tsv; it is loaded into a database and an
    index of its own, which are thrown away afterwards.
    """
    if seeds and not with_typos:
        raise click.UsageError("--seed says what typos are made from: add --typos.")
    seeds = (seeds or evaluation.SEEDS) if with_typos else ()
    try:
        found = {
            folder.name: evaluation.evaluate(evaluation.read_set(folder), make_engine(), seeds=seeds)
            for folder in folders
        }
    except Invalid as error:
        raise click.ClickException(str(error)) from error
    _print_figures(found, as_json)


@group.command("questions")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--mark", type=click.Choice(["tune", "check"]), help="Only the questions with this mark.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--missed", is_flag=True, help="List the questions whose article is not first.")
def questions_command(folder: Path, mark: str | None, as_json: bool, missed: bool) -> None:
    """Ask the questions in FOLDER/*.jsonl of the present knowledge base and print the figures."""
    try:
        asked = golden.ask_all(
            db.session(), engine(), [one for one in golden.read(folder) if mark in (None, one.mark)]
        )
    except PortalError as error:
        raise click.ClickException(str(error)) from error
    if missed:
        for question, one in asked:
            if question.article and one.ranked[:1] != (question.article,):
                click.echo(f"{question.text}  | wanted {question.article} | got {', '.join(one.ranked[:3])}")
    _print_figures({folder.name: evaluation.measure([one for _, one in asked])}, as_json)
    if not as_json:
        right, named = golden.sections_hit(asked)
        click.echo(f"  {'right_section':<20} {right} of {named} first answers whose section is known")


def _print_figures(found: dict[str, Figures], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({name: asdict(figures) for name, figures in found.items()}, indent=2))
        return
    for name, figures in found.items():
        click.echo(name)
        for key, value in figures.as_dict().items():
            shown = "-" if value is None else f"{value:.3f}" if isinstance(value, float) else value
            click.echo(f"  {key:<20} {shown}")
