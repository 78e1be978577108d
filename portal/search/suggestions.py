"""What is offered while somebody types: articles, teams and topics they may see. Nobody's searches.

Articles come from the index by the beginnings of the words in their names, and are read again from
the database; the few names of teams and topics are compared as they are.
"""

import logging
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts.models import Person, Team
from portal.articles.documents import hidden, tokens
from portal.articles.models import Article, Revision, Topic
from portal.articles.queries import Behind
from portal.indexing.analysis import Token, analyse, fold
from portal.indexing.engine import EngineError, SearchEngine, Vocabulary
from portal.search.snippets import Parts

log = logging.getLogger(__name__)

MOST: Final = 8
MOST_PLACES: Final = 2
"""Teams, and topics, at most; the rest are articles."""

LONGEST: Final = 120
"""Of a longer text the end is read: that is where somebody types."""

SHORTEST: Final = 2
"""Letters or digits; one is enough in a script without capitals, where it may be a word."""

ARTICLE, TEAM, TOPIC = "Articles", "Teams", "Topics"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to open. `kind` is ARTICLE, TEAM or TOPIC, `key` its slug or path; in `title` the
    typed parts are marked; `note` tells it from others of its kind; `language` is the tag of an article's."""

    kind: str
    key: str
    title: Parts
    note: str
    language: str


@dataclass(frozen=True, slots=True)
class Typed:
    """Words as typed so far: folded `beginnings` of words, and how many of them are `whole` words, the
    last not among them while it is being typed."""

    beginnings: tuple[str, ...]
    whole: int


@dataclass(frozen=True, slots=True)
class _Thing:
    """A row of what may be suggested: an article with its topic's name as `about`, or a team or topic
    with what it says it is for. A topic is `open` when an article right in it may be seen."""

    kind: str
    id: int
    key: str
    name: str
    about: str
    language: str
    open: bool


def suggest(session: Session, engine: SearchEngine, text: str, *, by: Person) -> list[Suggestion]:
    """At most MOST things that `by` may see, articles first, best first within a kind.

    Two statements beside those about the person. Nothing for a text too short to tell, and nothing
    but teams and topics while the index cannot be read.
    """
    if len(text) > LONGEST:
        text = text[-LONGEST:].partition(" ")[2]
    words = _words(text)
    if not _tells(words):
        return []
    sight = _Sight(tokens(session, by), hidden(session, by=by))
    typed, groups = _articles(engine, words, sight, ended=words[-1].end < len(text))
    things = _things(session, groups, by=by)
    articles = {one.id: one for one in things if one.kind == ARTICLE}
    places = [*_likely(typed, things, TEAM), *_likely(typed, things, TOPIC)]
    found = [articles[group] for group in groups if group in articles][: MOST - len(places)]
    return [
        Suggestion(
            one.kind,
            one.key,
            marked(one.name, typed),
            one.about if one.kind == ARTICLE else "",
            one.language,
        )
        for one in (*found, *places)
    ]


@dataclass(frozen=True, slots=True)
class _Sight:
    """What the index may show to a person: audience tokens, and groups it does not know to be gone."""

    audiences: frozenset[str]
    hidden: frozenset[str]


def _words(text: str) -> list[Token]:
    """The words that say what it is about; all of them when there are no others. The last one counts
    whatever it is: it may be the beginning of another."""
    words = [token for token in analyse(text) if not token.joined]
    told = [token for token in words[:-1] if not token.function_word]
    return [*told, *words[-1:]] if told or not words[:-1] else words


def _tells(words: Sequence[Token]) -> bool:
    letters = "".join(token.word for token in words)
    return len(letters) >= SHORTEST or any(unicodedata.category(char) == "Lo" for char in letters)


def _articles(
    engine: SearchEngine, words: Sequence[Token], sight: _Sight, *, ended: bool
) -> tuple[Typed, list[int]]:
    """The words as the index is asked for them, and the ids of the articles it gives."""
    first = None
    try:
        vocabulary = engine.vocabulary(audiences=sight.audiences, hidden=sight.hidden)
        for typed in _readings(words, vocabulary, ended=ended):
            first = first or typed
            found = engine.suggest(
                typed.beginnings, audiences=sight.audiences, hidden=sight.hidden, limit=MOST
            )
            if found:
                return typed, [int(one.group) for one in found]
    except EngineError as error:  # said once for each letter: a line, no traceback
        log.warning("the index did not answer; suggesting teams and topics only: %s", error)
    return first or Typed(tuple(token.word for token in words), len(words) - (not ended)), []


def _readings(words: Sequence[Token], vocabulary: Vocabulary, *, ended: bool) -> Iterator[Typed]:
    """How the words may be meant, likeliest first.

    The last word is the beginning of one; or, when nothing begins like that, a whole word with a slip;
    or the last words are about something else, as long as more than half are left.
    """
    whole = len(words) if ended else len(words) - 1
    known = tuple(_known(token, vocabulary) for token in words[:whole])
    rest = tuple(token.word for token in words[whole:])
    yield Typed(known + rest, whole)
    if rest:
        known += (_known(words[-1], vocabulary),)
        yield Typed(known, len(known))
    for left in range(len(known) - 1, len(known) // 2, -1):
        yield Typed(known[:left], left)


def _known(token: Token, vocabulary: Vocabulary) -> str:
    """A whole word as the beginning of its forms ("policies" and "policy"), read as the likeliest known
    word when it is unknown."""
    if not vocabulary.knows(token.term):
        near = vocabulary.near(token.word)
        if near:
            return _stem_of(analyse(near[0][0])[0])
    return _stem_of(token)


def _stem_of(token: Token) -> str:
    """The beginning that all forms of a word share, at least three letters of it."""
    stem = token.term.removesuffix("i")
    return stem if len(stem) >= 3 and token.word.startswith(stem) else token.word


def _things(session: Session, groups: Sequence[int], *, by: Person) -> list[_Thing]:
    """All teams and topics, of which there are dozens, and those of these articles that `by` may see.
    One statement."""
    return [_Thing(*row) for row in _THINGS.execute(session, by=by, ids=list(groups))]


def _named_things(door: sa.Select[Article]) -> sa.Executable:
    inside = door.with_only_columns(Article.id).where(Article.topic_id == Topic.id).correlate(Topic)
    return sa.union_all(
        sa.select(sa.literal(TEAM), Team.id, Team.slug, Team.name, Team.purpose, _NONE, sa.true()),
        sa.select(sa.literal(TOPIC), Topic.id, Topic.path, Topic.name, Topic.summary, _NONE, inside.exists()),
        door.with_only_columns(
            sa.literal(ARTICLE),
            Article.id,
            Article.slug,
            Revision.title,
            Topic.name,
            Revision.language,
            sa.true(),
        )
        .join(Revision, Revision.id == Article.live_id)
        .join(Topic, Topic.id == Article.topic_id)
        .where(Article.id.in_(sa.bindparam("ids", expanding=True))),
    )


_NONE: Final = sa.literal("")
_THINGS: Final = Behind(_named_things)


def _likely(typed: Typed, things: Iterable[_Thing], kind: str) -> list[_Thing]:
    """The teams or topics in whose name or purpose every word stands, those named before those meant. A
    topic in which, at any depth, there is no article that may be seen does not exist."""
    same = [one for one in things if one.kind == kind]
    scored = [(_named(typed, one), one) for one in same]
    found = [(-named, one) for named, one in scored if named >= 0 and _is_there(one, same)]
    found.sort(key=lambda pair: (pair[0], fold(pair[1].name), pair[1].id))
    return [one for _, one in found[:MOST_PLACES]]


def _is_there(one: _Thing, others: Iterable[_Thing]) -> bool:
    return any(other.open and f"{other.key}/".startswith(f"{one.key}/") for other in others)


def _named(typed: Typed, one: _Thing) -> int:
    """How many of the words stand in the name; -1 when one stands neither there nor in the purpose."""
    count = 0
    for beginning in typed.beginnings:
        if any(word.startswith(beginning) for word in _words_of(one.name)):
            count += 1
        elif len(beginning) < 3 or not any(word.startswith(beginning) for word in _words_of(one.about)):
            return -1
    return count


@lru_cache(maxsize=2_000)
def _words_of(text: str) -> frozenset[str]:
    """The folded words of a name or a purpose; they are the same at every key."""
    return frozenset(token.word for token in analyse(text))


def marked(text: str, typed: Typed) -> Parts:
    """`text` with what was typed of it marked: whole words, and the beginning of the last."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for token in analyse(text):
        length = 0 if token.joined or token.start < at else _typed_of(token, text, typed)
        if length:
            pieces += [(text[at : token.start], False), (text[token.start : token.start + length], True)]
            at = token.start + length
    pieces.append((text[at:], False))
    return tuple(piece for piece in pieces if piece[0])


def _typed_of(token: Token, text: str, typed: Typed) -> int:
    """How many characters of a word in `text` were typed."""
    if any(token.word.startswith(word) for word in typed.beginnings[: typed.whole]):
        return token.end - token.start
    lengths = [len(word) for word in typed.beginnings[typed.whole :] if token.word.startswith(word)]
    folded_alike = len(fold(text[token.start : token.end])) == token.end - token.start
    return (min(lengths) if folded_alike else token.end - token.start) if lengths else 0
