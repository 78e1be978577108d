"""What may be read: `visible_to` is the only door to articles that are shown to anyone; a `Behind` is a
statement that goes through the same door and is built once."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum, auto
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, contains_eager, joinedload, object_session

from portal.accounts import audiences, permissions
from portal.accounts.models import Person
from portal.articles.models import Alias, Article, Attachment, Revision, State, Topic
from portal.errors import NotFound

RELATED_CANDIDATES = 200
RELATED_KEYWORDS = 8
"""Of an article that others are looked for by: each is compared with all articles there are."""
ADDRESS = re.compile(r"[\w-]{1,120}")
"""What an address can consist of; databases trip over some of the rest (NUL)."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The article asked for has a new address."""

    slug: str


@dataclass(slots=True)
class TopicNode:
    """A topic with the number of articles that a person may see in it and below it."""

    path: str
    name: str
    summary: str
    count: int
    children: list["TopicNode"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Teaser:
    """As much of an article as a list of links shows."""

    slug: str
    title: str
    answer: str
    language: str = "en"


class Door(Enum):
    """The ways to see articles: none at all, those for oneself, every published one."""

    SHUT = auto()
    OWN = auto()
    OPEN = auto()


_PUBLISHED: Final = sa.select(Article).where(Article.state == State.PUBLISHED, Article.live_id.is_not(None))


def _for(audience_ids: Any, team_ids: Any) -> sa.ColumnElement[bool]:
    return sa.or_(Article.audience_id.in_(audience_ids), Article.team_id.in_(team_ids))


_DOORS: Final = {
    Door.SHUT: _PUBLISHED.where(sa.false()),
    Door.OWN: _PUBLISHED.where(
        _for(sa.bindparam("my_audiences", expanding=True), sa.bindparam("my_teams", expanding=True))
    ),
    Door.OPEN: _PUBLISHED,
}


def door_of(person: Person) -> tuple[Door, dict[str, list[int]]]:
    """The door of `person`, and the values it is opened with.

    An article is visible to its audience, to those who may write for its team, and to admins.
    Costs one statement (the audiences) for each transaction.
    """
    if not person.active:
        return Door.SHUT, {}
    if person.admin:
        return Door.OPEN, {}
    mine = [audience.id for audience in audiences.of_person(_session_of(person), person)]
    return Door.OWN, {"my_audiences": mine, "my_teams": list(permissions.teams_with(person, "write"))}


def visible_to(person: Person) -> sa.Select[Article]:
    """The published articles that `person` may read; every list, count and hit starts from here, or
    from the same door in a `Behind`. Keep the result to ask several things of it."""
    door, mine = door_of(person)
    if door is Door.OWN:
        return _PUBLISHED.where(_for(mine["my_audiences"], mine["my_teams"]))
    return _DOORS[door]


class Behind:
    """A statement on what somebody may see that is built once for each door, not for each request: to
    build one takes longer than to run it. `build` gets what `visible_to` would give."""

    def __init__(self, build: Callable[[sa.Select[Article]], sa.Executable]) -> None:
        self._statements = {door: build(visible) for door, visible in _DOORS.items()}

    def execute(self, session: Session, *, by: Person, **values: object) -> sa.Result[*tuple[Any, ...]]:
        """The rows that `by` may see, for the values of the statement's own parameters."""
        door, mine = door_of(by)
        return session.execute(self._statements[door], {**mine, **values})


def editable_by(person: Person) -> sa.Select[Article]:
    """The articles in any state that `person` may write: those of their teams, or all for admins."""
    everything = sa.select(Article)
    if not person.active:
        return everything.where(sa.false())
    if person.admin:
        return everything
    return everything.where(Article.team_id.in_(permissions.teams_with(person, "write")))


def get_visible(session: Session, slug: str, *, by: Person) -> Article | Moved:
    """The article at an address, with all that its page shows, or where it has moved to.

    Raises NotFound when there is none that `by` may see.
    """
    if not ADDRESS.fullmatch(slug):
        raise NotFound(slug)
    article: Article | None = _AT.execute(session, by=by, slug=slug).scalar()
    if article is not None:
        return article
    moved = session.scalar(
        visible_to(by)
        .with_only_columns(Article.slug)
        .join(Alias, Alias.article_id == Article.id)
        .where(Alias.slug == slug)
    )
    if moved is None:
        raise NotFound(slug)
    return Moved(moved)


_AT: Final = Behind(
    lambda door: door.where(Article.slug == sa.bindparam("slug")).options(
        joinedload(Article.live),
        joinedload(Article.team),
        joinedload(Article.owner).lazyload("*"),
        joinedload(Article.topic),
    )
)


def get_attachment(session: Session, number: int, *, by: Person) -> Attachment:
    """A file of an article that `by` may read, or may write (drafts have files too). Raises NotFound."""
    readable, writable = (
        door.with_only_columns(Article.id).order_by(None) for door in (visible_to(by), editable_by(by))
    )
    found = session.scalar(
        sa.select(Attachment).where(
            Attachment.id == number,
            sa.or_(Attachment.article_id.in_(readable), Attachment.article_id.in_(writable)),
        )
    )
    if found is None:
        raise NotFound(str(number))
    return found


def topics_at_the_top(session: Session, *, by: Person) -> list[TopicNode]:
    """The topics at the top with a visible article in or below them, counted as one each: to know
    whether there is any costs little, however many there are."""
    return _tree(_TOPICS.execute(session, by=by))


_TOPICS: Final = Behind(
    lambda door: sa.select(
        Topic.path,
        Topic.name,
        Topic.summary,
        sa.case((door.where(Article.topic_id == Topic.id).exists(), 1), else_=0),
    ).order_by(Topic.position, Topic.name)
)


def topic_tree(session: Session, *, by: Person) -> list[TopicNode]:
    """The topics at the top, each with those below it; topics without a visible article are left out."""
    door = visible_to(by).with_only_columns(Article.id, Article.topic_id).subquery()
    rows = session.execute(
        sa.select(Topic.path, Topic.name, Topic.summary, sa.func.count(door.c.id))
        .outerjoin(door, door.c.topic_id == Topic.id)
        .group_by(Topic.id, Topic.path, Topic.name, Topic.summary, Topic.position)
        .order_by(Topic.position, Topic.name)
    )
    return _tree(rows.all())


def _tree(rows: Iterable[sa.Row[str, str, str, int]]) -> list[TopicNode]:
    nodes = {path: TopicNode(path, name, summary, count) for path, name, summary, count in rows}
    for path in sorted(nodes, key=lambda path: path.count("/"), reverse=True):
        parent = nodes.get(path.rpartition("/")[0])
        if parent is not None:
            parent.count += nodes[path].count
    for path, node in nodes.items():
        parent = nodes.get(path.rpartition("/")[0])
        if parent is not None and node.count:
            parent.children.append(node)
    return [node for path, node in nodes.items() if node.count and path.rpartition("/")[0] not in nodes]


def find_topic(tree: Iterable[TopicNode], path: str) -> list[TopicNode]:
    """The nodes of `tree` from the top down to `path`. Raises NotFound when it is not in the tree."""
    trail: list[TopicNode] = []
    level = list(tree)
    while level:
        step = next((node for node in level if path == node.path or path.startswith(f"{node.path}/")), None)
        if step is None:
            break
        trail.append(step)
        if step.path == path:
            return trail
        level = step.children
    raise NotFound(path)


def trail_of(session: Session, path: str) -> list[tuple[str, str]]:
    """(path, name) of the topics from the top down to `path`."""
    parts = path.split("/")
    paths = ["/".join(parts[: end + 1]) for end in range(len(parts))]
    rows = session.execute(_NAMES, {"paths": paths})
    return sorted(((found, name) for found, name in rows), key=lambda row: len(row[0]))


_NAMES: Final = sa.select(Topic.path, Topic.name).where(Topic.path.in_(sa.bindparam("paths", expanding=True)))


def _listed(door: sa.Select[Article]) -> sa.Select[Article]:
    """`door` with the live revision at hand."""
    return door.join(Revision, Revision.id == Article.live_id).options(contains_eager(Article.live))


def in_topic(session: Session, path: str, *, by: Person, limit: int, offset: int = 0) -> Sequence[Article]:
    """The articles that `by` may see in the topic and below it, by title."""
    below = sa.select(Topic.id).where(
        sa.or_(Topic.path == path, Topic.path.startswith(f"{path}/", autoescape=True))
    )
    return session.scalars(
        _listed(visible_to(by))
        .where(Article.topic_id.in_(below))
        .order_by(sa.func.lower(Revision.title), Article.id)
        .limit(limit)
        .offset(offset)
    ).all()


def recently_updated(session: Session, *, by: Person, limit: int) -> Sequence[Article]:
    """The articles that `by` may see whose text for readers changed last, newest first."""
    return session.scalars(
        _listed(visible_to(by)).order_by(Revision.created_at.desc(), Article.id.desc()).limit(limit)
    ).all()


def related(
    session: Session, article: Article, *, linked: Iterable[str], by: Person, limit: int = 5
) -> list[Teaser]:
    """Articles that `by` may see and that go with `article`: linked from it, with equal keywords,
    or on the same topic, in this order of weight. `linked` are the slugs its text links to."""
    links = set(linked) - {article.slug}
    words = {word.casefold() for word in (article.live.keywords if article.live else ())}
    rows = session.execute(
        visible_to(by)
        .with_only_columns(Article.slug, Article.topic_id, Revision.keywords)
        .add_columns(Revision.title, Revision.answer, Revision.language)
        .join(Revision, Revision.id == Article.live_id)
        .where(Article.id != article.id, _goes_with(article, links))
        .order_by(Article.slug.in_(links).desc(), (Article.topic_id == article.topic_id).desc(), Article.id)
        .limit(RELATED_CANDIDATES)
    )
    scored = [
        (
            5 * (slug in links)
            + 3 * len(words & {word.casefold() for word in keywords})
            + (topic == article.topic_id),
            Teaser(slug, *teaser),
        )
        for slug, topic, keywords, *teaser in rows
    ]
    scored.sort(key=lambda pair: (-pair[0], pair[1].title))
    return [teaser for _, teaser in scored[:limit]]


def _goes_with(article: Article, links: set[str]) -> sa.ColumnElement[bool]:
    """Whether a row could be related to `article` at all. Keywords are compared exactly later on."""
    keywords = article.live.keywords[:RELATED_KEYWORDS] if article.live else []
    stored = sa.func.lower(sa.cast(Revision.keywords, sa.Text))
    return sa.or_(
        Article.topic_id == article.topic_id,
        Article.slug.in_(links),
        *(_contains(stored, json.dumps(word).lower()) for word in keywords),
    )


def _contains(stored: sa.ColumnElement[str], text: str) -> sa.ColumnElement[bool]:
    """Whether `text` stands in `stored`. Databases compare faster where no sign needs an escape."""
    return stored.contains(text, autoescape=bool(_SPECIAL.search(text)))


_SPECIAL: Final = re.compile(r"[%_/\\]")


def overdue(article: Article, *, today: date) -> bool:
    """Whether the day by which the article had to be checked again has passed."""
    return has_passed(article.review_due, today=today)


def has_passed(review_due: date | None, *, today: date) -> bool:
    """Whether an article to be checked again by this day is overdue; one without a day never is."""
    return review_due is not None and review_due < today


def _session_of(person: Person) -> Session:
    session = object_session(person)
    if session is None:
        raise RuntimeError("The person must be loaded in a session.")
    return session
