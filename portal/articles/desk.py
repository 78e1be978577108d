"""What an author works on: everything here comes through `queries.editable_by`."""

import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal import clock
from portal.accounts import permissions
from portal.accounts.models import Department, Membership, Person, Role, Site, Team
from portal.articles import languages
from portal.articles.models import Alias, Article, Revision, State, Topic
from portal.articles.queries import editable_by
from portal.errors import NotFound

Show = Literal["all", "drafts", "changed", "due", "archived"]
SHOWS: Final[tuple[Show, ...]] = ("all", "drafts", "changed", "due", "archived")
DUE_SOON: Final = timedelta(days=14)

Choice = tuple[str, str]
NamedChoice = tuple[str, str, dict[str, str]]


def to_write(session: Session, person: Person, slug: str) -> Article:
    """The article with this address, present or old, for writing.

    Raises NotFound when there is none or it belongs to a team that `person` may not write for.
    """
    if "\0" in slug:
        raise NotFound("PostgreSQL would refuse the question.")
    by_alias = sa.select(Alias.article_id).where(Alias.slug == slug)
    statement = editable_by(person).where(sa.or_(Article.slug == slug, Article.id.in_(by_alias)))
    found = session.scalar(statement.options(joinedload(Article.latest), joinedload(Article.live)))
    if found is None:
        raise NotFound("There is no such page to write.")
    return found


def revision(session: Session, article: Article, number: int) -> Revision:
    """Revision `number` of `article`. Raises NotFound."""
    found = session.scalar(
        sa.select(Revision).where(Revision.article_id == article.id, Revision.number == number)
    )
    if found is None:
        raise NotFound("There is no such revision.")
    return found


def revisions(session: Session, article: Article, *, offset: int, limit: int) -> list[Revision]:
    """Revisions of `article`, the newest first, with their authors."""
    statement = (
        sa.select(Revision)
        .where(Revision.article_id == article.id)
        .order_by(Revision.number.desc())
        .options(joinedload(Revision.author).lazyload("*"))
    )
    return list(session.scalars(statement.offset(offset).limit(limit)))


def of_token(session: Session, person: Person, token: str) -> Article:
    """The article that `person` saved with this form. Raises NotFound."""
    statement = editable_by(person).join(Revision, Revision.article_id == Article.id)
    found = session.scalar(statement.where(Revision.form_token == token, Revision.author_id == person.id))
    if found is None:
        raise NotFound("This form was not saved.")
    return found


def recent_tokens(session: Session, person: Person, limit: int = 10) -> list[str]:
    """Form tokens of what `person` saved last: texts a browser kept for these forms are not needed."""
    statement = sa.select(Revision.form_token).where(
        Revision.author_id == person.id, Revision.form_token.is_not(None)
    )
    return [token for token in session.scalars(statement.order_by(Revision.id.desc()).limit(limit)) if token]


# --- the workbench ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Filter:
    """What the workbench shows: a view, a team's slug, a topic's path (with all below), words."""

    show: Show = "all"
    team: str = ""
    topic: str = ""
    text: str = ""


def workbench(
    session: Session, person: Person, wanted: Filter, *, offset: int, limit: int
) -> tuple[list[Article], int]:
    """One page of the articles `person` may write, what was changed last first (what is due: by its
    day), and how many there are in all. The articles come with latest text, topic, team and owner."""
    by_day = (Article.review_due, Article.id)
    by_change = (Article.updated_at.desc(), Article.id.desc())
    statement = (
        editable_by(person)
        .with_only_columns(Article.id, Revision.title, Article.slug)
        .join(Revision, Revision.id == Article.latest_id)
        .where(_shown(wanted.show), *_places(wanted))
        .order_by(*(by_day if wanted.show == "due" else by_change))
    )
    # Words are compared here: SQLite folds the case of ASCII letters only.
    words = _folded(wanted.text).split()
    ids = [
        row.id
        for row in session.execute(statement)
        if all(word in f"{_folded(row.title)} {row.slug}" for word in words)
    ]
    options = [joinedload(relation) for relation in (Article.latest, Article.topic, Article.team)]
    options.append(joinedload(Article.owner).lazyload("*"))
    page = ids[offset : offset + limit]
    found = {
        a.id: a for a in session.scalars(sa.select(Article).where(Article.id.in_(page)).options(*options))
    }
    return [found[id_] for id_ in page if id_ in found], len(ids)


def counts(session: Session, person: Person) -> dict[Show, int]:
    """How many articles each view of the workbench holds."""
    columns = [sa.func.count().filter(_shown(show)) for show in SHOWS]
    row = session.execute(editable_by(person).with_only_columns(*columns)).one()
    return dict(zip(SHOWS, row, strict=True))


def is_changed(article: Article) -> bool:
    """Whether there is a newer text than the one readers see."""
    return article.state is State.PUBLISHED and article.live_id != article.latest_id


def is_due(article: Article, today: date) -> bool:
    """Whether the article should be checked by now or soon."""
    due = article.review_due
    return article.state is State.PUBLISHED and due is not None and due <= today + DUE_SOON


def _shown(show: Show) -> sa.ColumnElement[bool]:
    published = Article.state == State.PUBLISHED
    return {
        "all": Article.state != State.ARCHIVED,
        "drafts": Article.state == State.DRAFT,
        "changed": sa.and_(published, Article.live_id != Article.latest_id),
        "due": sa.and_(published, Article.review_due <= clock.today() + DUE_SOON),
        "archived": Article.state == State.ARCHIVED,
    }[show]


def _places(wanted: Filter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.team:
        found.append(Article.team_id.in_(sa.select(Team.id).where(Team.slug == wanted.team)))
    if wanted.topic:
        below = Topic.path.startswith(f"{wanted.topic}/", autoescape=True)
        inside = sa.select(Topic.id).where(sa.or_(Topic.path == wanted.topic, below))
        found.append(Article.topic_id.in_(inside))
    return found


def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


# --- what can be chosen ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Choices:
    """What an author can choose from, as (value, label); people and places by id, groups by slug."""

    language: str
    """That of the text so far."""
    languages: list[NamedChoice]
    topics: list[Choice]
    teams: list[Choice]
    owners: list[Choice]
    audience: dict[str, list[Choice]]


def teams_of(session: Session, person: Person) -> list[Team]:
    """The teams `person` may write for, by name."""
    every_team = session.scalars(sa.select(Team).order_by(Team.name))
    return [team for team in every_team if permissions.can(person, "write", team_id=team.id)]


def choices(session: Session, person: Person, article: Article | None = None) -> Choices:
    """What `person` can choose for a page. What `article` has now is among it, even when it is gone
    from the lists: leaving out a group that no longer exists would open the page to everybody."""
    every_team = list(session.scalars(sa.select(Team).order_by(Team.name)))
    teams = [team for team in every_team if permissions.can(person, "write", team_id=team.id)]
    language = article.latest.language if article and article.latest else languages.DEFAULT
    return Choices(
        language=language,
        languages=languages.choices(language),
        topics=[(str(topic.id), label) for topic, label in topics(session)],
        teams=[(str(team.id), team.name) for team in teams],
        owners=_owners(session, teams, article.owner if article else None),
        audience=_groups(session, every_team, article),
    )


def topics(session: Session) -> list[tuple[Topic, str]]:
    """All topics as a tree written out (`IT help › Accounts`), by position."""
    found = {topic.id: topic for topic in session.scalars(sa.select(Topic))}

    def way(topic: Topic) -> list[Topic]:
        steps, here = [topic], topic
        while here.parent_id is not None and here.parent_id in found and len(steps) < 20:
            here = found[here.parent_id]
            steps.append(here)
        return steps[::-1]

    ways = sorted(map(way, found.values()), key=lambda w: [(t.position, t.name, t.id) for t in w])
    return [(steps[-1], " › ".join(topic.name for topic in steps)) for steps in ways]


def _owners(session: Session, teams: list[Team], present: Person | None) -> list[Choice]:
    ids = [team.id for team in teams]
    statement = (
        sa.select(Person.id, Person.name, Team.name)
        .join(Membership, Membership.person_id == Person.id)
        .join(Team, Team.id == Membership.team_id)
        .where(Membership.team_id.in_(ids), Person.active)
        .where(Membership.role.in_([Role.AGENT, Role.AUTHOR, Role.LEAD]))
        .distinct()
        .order_by(Person.name, Person.id, Team.name)
    )
    found: dict[int, str] = {}
    for id_, name, team in session.execute(statement):
        found[id_] = f"{found[id_]}, {team}" if id_ in found else f"{name} – {team}"
    if present is not None and present.id not in found:
        found[present.id] = present.name if present.active else f"{present.name} (has left)"
    return [(str(id_), label) for id_, label in found.items()]


def _groups(session: Session, teams: list[Team], article: Article | None) -> dict[str, list[Choice]]:
    sites = list(session.scalars(sa.select(Site).order_by(Site.name)))
    departments = session.scalars(sa.select(Department).order_by(Department.name))
    found: dict[str, list[Choice]] = {
        "countries": [
            (country, f"{country} ({', '.join(site.name for site in sites if site.country == country)})")
            for country in sorted({site.country for site in sites})
        ],
        "sites": [(site.slug, f"{site.name} ({site.country})") for site in sites],
        "departments": [(department.slug, department.name) for department in departments],
        "employment": [("employee", "Employees"), ("contractor", "Contractors"), ("intern", "Interns")],
        "teams": [(team.slug, team.name) for team in teams],
    }
    for kind, values in (article.audience.rules if article else {}).items():
        known = {value for value, _label in found[kind]}
        found[kind].extend((value, f"{value} (no longer exists)") for value in values if value not in known)
    return found
