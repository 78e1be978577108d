"""Commands: `flask search ask|evaluate|questions|tune`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

import click
import sqlalchemy as sa
from flask import current_app
from flask.cli import AppGroup

from portal.accounts.models import Person
from portal.db import db
from portal.errors import Invalid, PortalError
from portal.indexing.engine import EngineError, SearchEngine
from portal.search import evaluation, golden, services, weighing
from portal.search.evaluation import Figures, MakeEngine
from portal.search.weighing import DoubtRow, Gain, Row

ENGINE = "engine"
MAKE_ENGINE = "make-engine"
QUESTIONS: Final = Path(__file__).resolve().parents[2] / "content" / "questions"
CELL: Final = 14
"""Characters for each set in the tables of `tune`."""

NO_INDEX: Final = "The index does not answer: run `flask index sync`, then try again."

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
    answer = services.ask(db.session(), engine(), question, by=person_called(email), limit=limit)
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


def person_called(email: str | None) -> Person:
    """The active person with this e-mail address; without one, an admin."""
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


@group.command("tune")
@click.argument("folders", nargs=-1, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--questions",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Where the organisation's own questions are; by default content/questions. "
    "Only those marked tune are asked.",
)
@click.option("--no-questions", is_flag=True, help="Leave the organisation's own questions out.")
@click.option("--only", help="Only these weights, separated by commas, for example title,k1.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tune_command(
    folders: tuple[Path, ...],
    questions: Path | None,
    no_questions: bool,
    only: str | None,
    as_json: bool,
) -> None:
    """Measure other values of each weight of the ranking, one at a time, and change nothing.

    The questions are those of the sets in FOLDERS (see `flask search evaluate`) and the
    organisation's own, asked of the present knowledge base; every set counts the same. Progress goes
    to standard error.
    """
    weights, doubts = _names(only)
    own = None if no_questions else questions or (QUESTIONS if QUESTIONS.is_dir() else None)
    if own is None and not folders:
        raise click.UsageError("There is nothing to ask: name a folder.")
    show = _print_nothing if as_json else _print_rows
    try:
        with weighing.loaded(folders, make_engine()) as sets:
            sets.extend([weighing.own(db.session(), engine(), own)] if own is not None else [])
            found = [row for rows in weighing.weigh(sets, weights, told=_told) for row in show(rows)]
            doubted = weighing.doubt(sets, doubts, told=_told)
    except PortalError as error:
        raise click.ClickException(str(error)) from error
    except EngineError as error:
        raise click.ClickException(NO_INDEX) from error
    if as_json:
        shown = {"weights": [asdict(row) for row in found], "confidence": [asdict(row) for row in doubted]}
        click.echo(json.dumps(shown, indent=2))
        return
    for name in doubts:
        _print_doubts([row for row in doubted if row.name == name])
    _print_end(found)


def _print_nothing(rows: Sequence[Row]) -> Sequence[Row]:
    return rows


def _told(text: str) -> None:
    click.echo(f"… {text}", err=True)


def _names(only: str | None) -> tuple[list[str], list[str]]:
    """The weights and the numbers of confidence that are asked for."""
    every = (*weighing.NAMES, *weighing.DOUBT_NAMES)
    wanted = [name.strip() for name in only.split(",") if name.strip()] if only else list(every)
    unknown = sorted(set(wanted) - set(every))
    if unknown:
        raise click.UsageError(
            f"There is no weight {', '.join(unknown)}. The weights are {', '.join(every)}."
        )
    return [one for one in weighing.NAMES if one in wanted], [
        one for one in weighing.DOUBT_NAMES if one in wanted
    ]


def _print_rows(rows: Sequence[Row]) -> Sequence[Row]:
    """One weight: a line for each value, two columns for each set, and what is gained over all sets."""
    first = rows[0]
    columns = [("first", "success"), ("mrr", "reciprocal")] if first.success else [("section", "section")]
    names = list(getattr(first, columns[0][1]))
    wide = CELL // len(columns)
    labels = "".join(f"{label:>{wide}}" for label, _ in columns)
    gained = "".join(f"   {f'gained, {label}':<16}" for label, _ in columns)
    click.echo(f"\n{first.name}\n{_headed(names)}")
    click.echo(f"{'':>7} {'value':>9} {labels * (len(names) + 1)}{gained}".rstrip())
    for row in rows:
        by_set = [getattr(row, key) for _, key in columns]
        cells = [figures[name] for name in names for figures in by_set]
        cells += [_mean(figures.values()) for figures in by_set]
        shown = "".join(f"{value:{wide}.3f}" for value in cells)
        gains = "".join(f"   {_gained(row.gains[key]):<16}" for _, key in columns)
        click.echo(
            f"  ×{row.factor:<4g} {row.value:>9.4g} {shown}{gains if row.factor != 1 else ''}".rstrip()
        )
    return rows


def _headed(names: Sequence[str]) -> str:
    return " " * 18 + "".join(f"{name[: CELL - 1]:>{CELL}}" for name in (*names, "all"))


def _gained(gain: Gain) -> str:
    """In hundredths, with the standard error, and a star when more than that is gained."""
    return f"{100 * gain.gain:+.2f} ± {100 * gain.error:.2f}{' *' if gain.real else ''}"


def _print_doubts(rows: Sequence[DoubtRow]) -> None:
    names = list(rows[0].brier)
    click.echo(f"\nconfidence: {rows[0].name}\n{_headed(names)}")
    click.echo(f"{'':>7} {'value':>9} " + "  auroc  brier" * (len(names) + 1))
    for row in rows:
        told_apart, wrong = [row.auroc.get(name) for name in names], [row.brier[name] for name in names]
        told_apart.append(_mean(row.auroc.values()) if row.auroc else None)
        wrong.append(_mean(row.brier.values()))
        shown = "".join(
            (f"{one:7.3f}" if one is not None else f"{'-':>7}") + f"{other:7.3f}"
            for one, other in zip(told_apart, wrong, strict=True)
        )
        click.echo(f"  ×{row.factor:<4g} {row.value:>9.4g} {shown}")


def _print_end(rows: Sequence[Row]) -> None:
    real = [f"{row.name} {row.value:g}" for row in rows if row.real]
    click.echo(
        f"\nGains of more than one standard error (*): {', '.join(real) or 'none'}.\n"
        "Nothing was changed. Gains of one weight do not add up with those of another, and of many values "
        "tried some gain by chance: take one over only when it is more than twice its error or stands "
        "beside others that gain too."
    )


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)
