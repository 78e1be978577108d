"""Why a question is answered as it is: how it was understood, what each hit's score is made of, how sure
the first is, and why an article is not there.

All of it is as one person would get it: nothing shows that this person could not see, and an article
they may not see looks like one that does not exist. Titles and lines are read from the database.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy.orm import Session, joinedload

from portal import clock
from portal.accounts.models import Person
from portal.articles import documents
from portal.articles.documents import OVERDUE_PRIOR, hidden, section_of, tokens
from portal.articles.models import Article
from portal.articles.queries import ADDRESS, overdue, visible_to
from portal.indexing import languages
from portal.indexing.analysis import analyse
from portal.indexing.engine import (
    Document,
    EngineError,
    EngineQuery,
    Explanation,
    Line,
    Part,
    SearchEngine,
)
from portal.indexing.passages import passages
from portal.search import services, tuning
from portal.search.confidence import evidence, rivals
from portal.search.explained import BestLine, Bet, Explained, Question, Row, Sure, Why, Word
from portal.search.rules import Rules
from portal.search.services import Answer, Ranked
from portal.search.snippets import snippet
from portal.search.understanding import MAX_CHARS, Understood, subject

SHOWN: Final = 10
DEEPEST: Final = 1000
"""How far down a list the rank of an article is looked for."""


def explain(
    session: Session,
    engine: SearchEngine,
    text: str,
    *,
    by: Person,
    slug: str = "",
    rules: Rules | None = None,
) -> Explained:
    """Why `text` is answered as it is when `by` asks it, and the article `slug` in particular.

    `rules` are those in force unless given. Raises EngineError.
    """
    rules = tuning.rules(session) if rules is None else rules
    return _Explaining(session, engine, text, by, rules).whole(slug.strip())


def slug_of(address: str) -> str:
    """The slug in what somebody pasted: a slug, or the address of an article with all that hangs on it."""
    return re.split(r"[?#]", address.strip())[0].rstrip("/").rpartition("/")[2]


class _Explaining:
    """One question, asked once; what the parts of the answer have in common."""

    def __init__(self, session: Session, engine: SearchEngine, text: str, by: Person, rules: Rules) -> None:
        self.session = session
        self.engine = engine
        self.text = text
        self.by = by
        self.rules = rules
        self.audiences = tokens(session, by)
        self.hidden = hidden(session, by=by)
        self.ranked = services.rank(
            engine, text, audiences=self.audiences, limit=SHOWN, rules=rules, hidden=self.hidden
        )
        self.query = self.ranked.understood.query
        self.answer = services.ask(session, engine, text, by=by, limit=SHOWN, rules=rules)
        if self.answer.degraded:
            raise EngineError("The index does not answer.")
        self.typed = _typed(text, self.ranked.understood)
        self.left_out = _left_out(text, self.query)

    def whole(self, slug: str) -> Explained:
        articles = self._articles([hit.slug for hit in self.answer.hits])
        recommended = [articles[hit.slug] for hit in self.answer.hits if hit.recommended]
        hits = tuple(
            self._why(articles[hit.slug], rank=hit.rank, recommended=hit.recommended)
            for hit in self.answer.hits
        )
        chosen = articles.get(slug) or self._article(slug) if slug else None
        why = next((hit for hit in hits if chosen is not None and hit.slug == chosen.slug), None)
        if chosen is not None and why is None:
            why = self._why(chosen, rank=self._rank(chosen, recommended), recommended=False)
        elif hits and not slug:
            why, chosen = hits[0], articles[hits[0].slug]
        return Explained(
            question=self._question(),
            count=self.answer.count,
            hits=hits,
            sure=_sure(self.answer, self.ranked) if hits else None,
            why=self._with_text(why, chosen) if why is not None and chosen is not None else None,
            unseen=""
            if chosen is not None or not slug
            else f"{self.by.name} sees no article at “{slug}”: there is none, it is not published, "
            "or it is for others.",
        )

    def _articles(self, slugs: Sequence[str]) -> dict[str, Article]:
        """Those of these articles that the person may see, by slug."""
        shown = visible_to(self.by).where(Article.slug.in_(slugs)).options(joinedload(Article.live))
        return {article.slug: article for article in self.session.scalars(shown)}

    def _article(self, slug: str) -> Article | None:
        return self._articles([slug]).get(slug) if ADDRESS.fullmatch(slug) else None

    # --- the question

    def _question(self) -> Question:
        understood = self.ranked.understood
        return Question(
            text=self.text,
            language=understood.language,
            words=tuple(
                Word(self._said(first), slot.weight, tuple((self._said(term), much) for term, much in also))
                for slot in self.query.slots
                for (first, _), *also in [slot.alternatives]
            ),
            corrections=understood.corrections,
            synonyms=understood.synonyms,
            phrases=tuple(self._phrase(runs) for runs in self.query.phrases),
            left_out=tuple(dict.fromkeys(self.left_out.values())),
            bets=self._bets(),
            loose=self.ranked.loose,
            apart=self.ranked.apart,
        )

    def _said(self, term: str) -> str:
        """A term as it was typed, or as it is when it was not."""
        return self.typed.get(term, term)

    def _phrase(self, runs: Sequence[Sequence[str]]) -> str:
        return " ".join(self._said(term) for term in runs[0])

    def _bets(self) -> tuple[Bet, ...]:
        asked = self.ranked.understood.subject
        bets = [bet for bet in self.rules.bets if asked and subject(bet.question, self.rules) == asked]
        if not bets:
            return ()
        shown = visible_to(self.by).where(Article.id.in_([bet.article_id for bet in bets]))
        found = {one.id: one for one in self.session.scalars(shown.options(joinedload(Article.live)))}
        return tuple(
            Bet(bet.question, found[bet.article_id].slug, _title(found[bet.article_id]))
            for bet in bets
            if bet.article_id in found
        )

    # --- one article

    def _why(self, article: Article, *, rank: int | None, recommended: bool) -> Why:
        """Why this article has its score; the text of its best line is not read yet."""
        found = self._explanation(self.query, article)
        why = Why(article.slug, _title(article), rank, recommended)
        if found is None:
            waits = "A saved article is there within seconds."
            return replace(why, missing=f"The index does not hold it for {self.by.name} yet. {waits}")
        return replace(
            why,
            score=found.score,
            prior=found.prior,
            reasons=_reasons(article, found.prior),
            rows=tuple(
                self._row(part, pair=pair)
                for parts, pair in ((found.parts, False), (found.pairs, True))
                for part in parts
            ),
            line=_without_text(found.line),
            missing="" if found.score else self._missing(article, found),
        )

    def _explanation(self, query: EngineQuery, article: Article) -> Explanation | None:
        group = str(article.id)
        return self.engine.explain(query, audiences=self.audiences, group=group, hidden=self.hidden)

    def _row(self, part: Part, *, pair: bool) -> Row:
        return Row(
            words=tuple(self._said(term) for term in (part.words if pair else part.words[:1])),
            pair=pair,
            times=part.times,
            frequency=part.frequency,
            share=part.share,
            x=part.x,
            saturated=part.saturated,
            adds=part.adds,
        )

    def _missing(self, article: Article, found: Explanation) -> str:
        """Why an article that may be seen has no score."""
        if not any(part.saturated for part in found.parts):
            return "None of the words that were searched for stands in it."
        bare = replace(self.query, phrases=(), without=())
        if not self._scores(bare, article):
            return "Only words of questions stand in it, and these alone do not make a match."
        for term, typed in self.left_out.items():
            if not self._scores(replace(bare, without=(term,)), article):
                return f"“{typed}” stands in it, and the question leaves out what holds this word."
        for runs in self.query.phrases:
            if not self._scores(replace(bare, phrases=(runs,)), article):
                return f"The phrase “{self._phrase(runs)}” stands in none of its lines."
        return "It does not fit all of the question."

    def _scores(self, query: EngineQuery, article: Article) -> bool:
        found = self._explanation(query, article)
        return found is not None and found.score > 0

    def _rank(self, article: Article, recommended: Sequence[Article]) -> int | None:
        """The rank of an article that is not among the first ten."""
        found = self.engine.search(
            self.query, audiences=self.audiences, limit=DEEPEST, hidden=self.hidden
        ).hits
        order = list(dict.fromkeys([*(str(one.id) for one in recommended), *(hit.group for hit in found)]))
        group = str(article.id)
        return order.index(group) + 1 if group in order else None

    def _with_text(self, why: Why, article: Article) -> Why:
        """`why` with the text of its best line, read from the database."""
        if why.line is None:
            return why
        terms = {term for slot in self.query.slots for term, _ in slot.alternatives}
        parts = {part for term in terms for part in term.split(" ")}
        place = documents.document_id(article.id, why.line.anchor)
        for document in documents.load(self.session, [article.id]).get(article.id, ()):
            if document.id == place:
                language = languages.base(document.language)
                text = snippet(_line_text(document, why.line), parts, language)
                return replace(why, line=replace(why.line, text=text))
        return why


# --- small parts -----------------------------------------------------------------------------


def _title(article: Article) -> str:
    return article.live.title if article.live is not None else ""


def _typed(text: str, understood: Understood) -> dict[str, str]:
    """How terms were typed, or, for what a word was taken for, how that is written."""
    found: dict[str, str] = {}
    meant = [also for _, also in (*understood.corrections, *understood.synonyms)]
    for said in (text[:MAX_CHARS], *meant):
        every = analyse(said)
        for token in every:
            for term in languages.terms(token.word, understood.language):
                found.setdefault(term, said[token.start : token.end])
        found.setdefault(" ".join(token.term for token in every), said)
    return found


def _left_out(text: str, query: EngineQuery) -> dict[str, str]:
    """How the terms to leave out were typed."""
    return {
        term: text[token.start : token.end]
        for token in analyse(text[:MAX_CHARS])
        if text[max(token.start - 1, 0) : token.start] in {"-", "−"}
        for term in languages.terms(token.word)
        if term in query.without
    }


def _reasons(article: Article, prior: float) -> tuple[tuple[str, float], ...]:
    """What the prior is made of; the index may still have that of some moments ago."""
    reasons = []
    if overdue(article, today=clock.today()):
        reasons.append(("Its check is overdue", OVERDUE_PRIOR))
    rest = prior / math.prod(factor for _, factor in reasons)
    if not math.isclose(rest, 1.0):
        reasons.append(("As it was when it was last indexed", rest))
    return tuple(reasons)


def _without_text(line: Line | None) -> BestLine | None:
    if line is None:
        return None
    return BestLine((), line.field, section_of(line.id)[1], line.number, line.words, line.adds)


def _line_text(document: Document, line: BestLine) -> str:
    """The text of a line, by its number among those of its field; "" when it is not there any more.
    Long lines count as several."""
    left = line.number
    for text in document.fields.get(line.field, "").splitlines():
        pieces = [one.tokens for one in passages(replace(document, fields={line.field: text}))]
        if left < len(pieces):
            found = pieces[left]
            return text if len(pieces) == 1 else text[found[0].start : found[-1].end]
        left -= len(pieces)
    return ""


def _sure(answer: Answer, ranked: Ranked) -> Sure:
    scores = [hit.score for hit in ranked.hits.hits]
    return Sure(
        confidence=answer.confidence,
        weak=answer.weak,
        score=scores[0] if scores else 0.0,
        rivals=rivals(scores),
        mass=ranked.hits.mass,
        evidence=evidence(scores, ranked.hits.mass) if scores else 0.0,
        kept=ranked.share,
        recommended=answer.hits[0].recommended,
        at_least=services.BET_CONFIDENCE,
    )
