"""What a change of the rules would do: recent real questions and watched ones, asked before and after.

Everything is asked of the engine alone. A question is asked a second time only when it holds a word
that the change is about; all others are the same before and after.
"""

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Person
from portal.articles.models import Article
from portal.errors import Invalid
from portal.indexing.analysis import analyse
from portal.indexing.engine import SearchEngine
from portal.search import golden, golden_questions, probing, recent, tuning
from portal.search.probing import DEPTH, Asker
from portal.search.rules import Rules
from portal.search.services import Ranked
from portal.search.tuning_checks import Content

QUESTIONS: Final = 200
SECONDS: Final = 2.0
"""Of work. After this no further question is asked, and the preview says how many are left."""

Found = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Probe:
    """One question to ask: as whom, which article belongs to it (None: nobody knows), how often
    colleagues asked it (0: it is a golden question). `text` is shown as it is, `asked` is asked."""

    text: str
    asked: str
    by: Asker
    wanted: int | None = None
    times: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """A question whose answers change. `old` and `new` are the places of the article that belongs to
    it, from 1, None when it is not among the first ten; the firsts are (slug, title), None for none."""

    probe: Probe
    old: int | None
    new: int | None
    first_before: tuple[str, str] | None
    first_after: tuple[str, str] | None
    wanted: tuple[str, str] | None

    @property
    def better(self) -> bool:
        return _depth(self.new) < _depth(self.old)

    @property
    def worse(self) -> bool:
        return _depth(self.new) > _depth(self.old)

    @property
    def first_changes(self) -> bool:
        return self.first_before != self.first_after


def _depth(place: int | None) -> int:
    return place or DEPTH + 1


@dataclass(slots=True)
class Comparison:
    """What changes. `same` questions have the same first ten answers in the same order before and
    after; `left_out` were not asked because it took too long."""

    better: list[Moved] = field(default_factory=list)
    worse: list[Moved] = field(default_factory=list)
    firsts: list[Moved] = field(default_factory=list)
    """The first answer changes, and nobody knows whether for the better."""
    later: list[Moved] = field(default_factory=list)
    """Only answers further down change."""
    same: int = 0
    left_out: int = 0

    @property
    def changed(self) -> int:
        return len(self.better) + len(self.worse) + len(self.firsts) + len(self.later)

    @property
    def asked(self) -> int:
        return self.changed + self.same

    def take(self, moved: Moved) -> None:
        """Put a question whose answers change where it belongs."""
        if moved.better:
            self.better.append(moved)
        elif moved.worse:
            self.worse.append(moved)
        elif moved.first_changes:
            self.firsts.append(moved)
        else:
            self.later.append(moved)


def of_change(
    session: Session,
    engine: SearchEngine,
    change: Mapping[int, Content | None],
    *,
    folder: Path,
    by: Person,
    seconds: float = SECONDS,
) -> Comparison:
    """What would change if the rules with these ids said this (None: were removed; 0: a new rule).

    `folder` holds questions of the organisation, if it is there. Raises EngineError.
    """
    now = tuning.in_force(session)
    changed = {**now, **change}
    then = [content for _, content in sorted(changed.items()) if content is not None]
    before, after = tuning.build(now.values()), tuning.build(then)
    probes = _Probes(session, before, after).every(folder)
    return compare(session, engine, probes, before=before, after=after, by=by, seconds=seconds)


def compare(
    session: Session,
    engine: SearchEngine,
    probes: Sequence[Probe],
    *,
    before: Rules,
    after: Rules,
    by: Person,
    seconds: float = SECONDS,
) -> Comparison:
    """Ask every probe with the rules before and after. Titles are those that `by` may see.

    Raises EngineError.
    """
    result = Comparison()
    moved: list[tuple[Probe, Found, Found]] = []
    about = _words_of(before, after)
    # those that hold such a word first: they are asked whatever time there is
    probes = sorted(probes, key=lambda probe: about.isdisjoint(_typed(probe)))
    end = time.thread_time() + seconds
    for number, probe in enumerate(probes):
        if time.thread_time() > end:
            result.left_out = len(probes) - number
            break
        ranked, old = probing.rank(engine, probe.asked, by=probe.by, rules=before)
        new = old
        if _may_change(probe, ranked, about):
            _, new = probing.rank(engine, probe.asked, by=probe.by, rules=after)
        if old == new:
            result.same += 1
        else:
            moved.append((probe, old, new))
    _tell(session, result, moved, by=by)
    return result


def _words_of(before: Rules, after: Rules) -> frozenset[str]:
    """Words and stems of all that is in the one and not in the other: a question without any of them
    is understood as before."""
    synonyms = set(before.synonyms) ^ set(after.synonyms)
    counts = (before.less ^ after.less) | (before.full ^ after.full)
    bets = set(before.bets) ^ set(after.bets)
    # which questions a best bet is for depends on the words that do not count
    bets |= {bet for bet in after.bets if any(token.word in counts for token in analyse(bet.question))}
    texts = [*(word for synonym in synonyms for word in synonym.words), *(bet.question for bet in bets)]
    words = {token.word for text in texts for token in analyse(text)}
    stems = {token.term for text in texts for token in analyse(text)}
    return frozenset(words | stems | counts)


def _may_change(probe: Probe, ranked: Ranked, about: frozenset[str]) -> bool:
    """Whether a question holds any of these words, as typed or as it was understood."""
    understood = {
        word
        for slot in ranked.understood.query.slots
        for term, _ in slot.alternatives
        for word in (term, *term.split())
    }
    return not about.isdisjoint(_typed(probe) | understood)


def _typed(probe: Probe) -> frozenset[str]:
    """The words and stems of a question as it was typed."""
    return frozenset(form for token in analyse(probe.asked) for form in (token.word, token.term))


def _tell(
    session: Session, result: Comparison, moved: Iterable[tuple[Probe, Found, Found]], *, by: Person
) -> None:
    """Sort what moved into `result`, with titles read in one statement."""
    moved = list(moved)
    ids = {number for probe, old, new in moved for number in (*old[:1], *new[:1], probe.wanted or 0)}
    titles = probing.titles(session, ids, by=by) if moved else {}
    for probe, old, new in moved:
        result.take(
            Moved(
                probe=probe,
                old=probing.place(old, probe.wanted) if probe.wanted else None,
                new=probing.place(new, probe.wanted) if probe.wanted else None,
                first_before=titles.get(old[0]) if old else None,
                first_after=titles.get(new[0]) if new else None,
                wanted=titles.get(probe.wanted or 0),
            )
        )


# --- what is asked ---------------------------------------------------------------------------


class _Probes:
    """Collects the questions; each person's rights are read once."""

    def __init__(self, session: Session, *rules: Rules) -> None:
        self._session = session
        self._rules = rules
        self._plain = probing.asker(session, probing.plain_employee(session), *rules)

    def every(self, folder: Path) -> list[Probe]:
        """Watched questions first, because they say most, then the newest that people asked."""
        return [*self._golden(), *self._of_folder(folder), *self._recent()]

    def _as(self, people: Collection[str]) -> dict[str, Asker]:
        found = sa.select(Person).where(Person.email.in_(people), Person.active.is_(True))
        return {
            person.email: probing.asker(self._session, person, *self._rules)
            for person in self._session.scalars(found)
        }

    def _golden(self) -> Iterator[Probe]:
        """The watched questions."""
        watched = golden_questions.listed(self._session)
        askers = self._as({one.asked_as.email for one in watched if one.asked_as is not None})
        for one in watched:
            by = askers.get(one.asked_as.email) if one.asked_as is not None else self._plain
            if by is not None:
                yield Probe(one.text, one.text, by, wanted=one.article_id)

    def _of_folder(self, folder: Path) -> Iterator[Probe]:
        """The organisation's own questions marked `tune` whose article is there. A file that cannot be
        used is no reason to show no preview: `flask search questions` says what is wrong with it."""
        try:
            questions = [one for one in golden.read(folder) if one.mark == "tune" and one.article]
        except (Invalid, OSError, ValueError):
            return
        slugs = {one.article for one in questions}
        rows = self._session.execute(sa.select(Article.slug, Article.id).where(Article.slug.in_(slugs)))
        ids = {row.slug: row.id for row in rows}
        askers = self._as({one.email for one in questions if one.email})
        for one in questions:
            by = askers.get(one.email) if one.email else self._plain
            if by is not None and one.article in ids:
                yield Probe(one.text, one.text, by, wanted=ids[one.article])

    def _recent(self) -> Iterator[Probe]:
        """The newest questions of the log, asked as a plain employee."""
        for text, times in recent.texts(self._session, limit=QUESTIONS):
            yield Probe(text, recent.askable(text), self._plain, times=times)
