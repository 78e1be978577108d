"""Command: `flask search explain`."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

import click

from portal.db import db
from portal.indexing.engine import EngineError
from portal.search import explanation
from portal.search.cli import NO_INDEX, engine, group, person_called
from portal.search.confidence import DOUBTS
from portal.search.explained import Explained, Question, Row, Sure, Why

Cells = Sequence[str]
KINDS = ("word", "pair", "line")


@group.command("explain")
@click.argument("question")
@click.argument("article", required=False, default="")
@click.option("--as", "email", help="Ask as this person; by default as an admin, who sees everything.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def explain_command(question: str, article: str, email: str | None, *, as_json: bool) -> None:
    """Print how QUESTION is understood, what the first ten scores are made of, and why ARTICLE (its
    address; without one, the first answer) stands where it does, or why it is not found."""
    try:
        found = explanation.explain(
            db.session(),
            engine(),
            question,
            by=person_called(email),
            slug=explanation.slug_of(article),
        )
    except EngineError as error:
        raise click.ClickException(NO_INDEX) from error
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=2))
        return
    for line in _text(found):
        click.echo(line.rstrip())


def _text(found: Explained) -> Iterator[str]:
    yield from _understood(found.question)
    yield ""
    yield from _ranking(found)
    if found.sure is not None:
        yield ""
        yield from _confidence(found.sure)
    if found.unseen:
        yield ""
        yield found.unseen
    if found.why is not None:
        yield ""
        yield from _why(found.why)


def _columns(rows: Sequence[Cells], left: int) -> Iterator[str]:
    """Rows as columns of equal width: the first `left` begin on the left, the others end on the right."""
    if not rows:
        return
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    for row in rows:
        cells = (
            f"{cell:<{width}}" if at < left else f"{cell:>{width}}"
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  " + "  ".join(cells).rstrip()


def _understood(question: Question) -> Iterator[str]:
    yield "Understood"
    rows: list[Cells] = [("language", question.language, "", "")]
    for at, word in enumerate(question.words):
        others = ", ".join(f"{said} ×{much:g}" for said, much in word.also)
        also = f"also searched for: {others}" if others else ""
        rows.append(
            (
                "" if at else "words",
                word.typed,
                f"counts {word.counts}",
                f"also searched for: {also}" if also else "",
            )
        )
    rows += [("corrected", typed, f"to {used}", "") for typed, used in question.corrections]
    rows += [("synonym", typed, f"also {meant}", "") for typed, meant in question.synonyms]
    rows += [("phrase", f"“{phrase}”", "must stand in one line", "") for phrase in question.phrases]
    rows += [("left out", word, "must not stand in it", "") for word in question.left_out]
    rows += [("best bet", bet.slug, f"for “{bet.question}”", "") for bet in question.bets]
    if question.apart:
        rows.append(("quotes", "stand nowhere together, so the words are searched for one by one", "", ""))
    if question.loose:
        rows.append(("no match", "every word is taken for the closest there is", "", ""))
    yield from _columns(rows, 4)


def _ranking(found: Explained) -> Iterator[str]:
    if not found.hits:
        yield "Nothing is found."
        return
    yield f"The first {len(found.hits)} of {found.count}"
    rows: list[Cells] = [("article", "rank", "score", "words", "pairs", "line", "prior")]
    rows += [
        (
            f"{hit.slug}{' (recommended)' if hit.recommended else ''}",
            str(hit.rank),
            *(f"{value:.3f}" for value in (hit.score, *map(hit.of, KINDS))),
            f"×{hit.prior:g}",
        )
        for hit in found.hits
    ]
    yield from _columns(rows, 1)


def _confidence(sure: Sure) -> Iterator[str]:
    then = ", so the page leads with asking" if sure.weak else ""
    yield f"Confidence of the first: {sure.confidence:.2f}{then}"
    rows: list[Cells] = [
        ("score of the first", f"{sure.score:.3f}"),
        (f"mean of the next {DOUBTS.rivals}", f"{sure.rivals:.3f}"),
        ("weight of the question, in words that stand nowhere", f"{sure.mass:.3f}"),
        (f"evidence: (2 × first − next) × weight / (weight + {DOUBTS.mass:g})", f"{sure.evidence:.3f}"),
    ]
    if sure.kept < 1:
        rows.append(("only the closest words matched", f"×{sure.kept:g}"))
    if sure.recommended:
        rows.append(("recommended by an admin: at least", f"{sure.at_least:g}"))
    yield from _columns(rows, 1)


def _why(why: Why) -> Iterator[str]:
    place = f"is number {why.rank} with {why.score:.3f}" if why.rank else "is not found"
    yield f"Why {why.slug} {place}"
    for said in (why.missing, "An admin recommends it for this question." if why.recommended else ""):
        if said:
            yield f"  {said}"
    if not why.rows:
        return
    rows: list[Cells] = [("", "where it stands", "idf", "share", "x", "saturated", "adds")]
    rows += [_row(row) for row in why.rows]
    if why.line is not None:
        text = "".join(part for part, _ in why.line.text)
        place = f"{why.line.label}{' #' + why.line.anchor if why.line.anchor else ''}, {why.line.words} words"
        rows.append(("best line", place, "", "", "", "", f"{why.line.adds:.3f}"))
        rows.append(("", f"“{text}”" if text else "not there any more", "", "", "", "", ""))
    rows.append(("sum", "", "", "", "", "", f"{why.before_prior:.3f}"))
    reasons = "; ".join(f"{label} ×{factor:.3g}" for label, factor in why.reasons)
    rows.append(("prior", reasons or "nothing lifts or lowers it", "", "", "", "", f"×{why.prior:.3g}"))
    rows.append(("score", "", "", "", "", "", f"{why.score:.3f}"))
    yield from _columns(rows, 2)


def _row(row: Row) -> Cells:
    return (
        " + ".join(row.words),
        row.where or "nowhere",
        f"{row.frequency:.3f}",
        f"{row.share:.3f}",
        f"{row.x:.2f}",
        f"{row.saturated:.3f}",
        f"{row.adds:.3f}",
    )
