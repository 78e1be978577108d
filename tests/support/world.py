"""The small organisation that tests live in: places, teams, topics, six people with one password."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from types import SimpleNamespace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import clock
from portal.accounts import audiences
from portal.accounts.models import (
    Department,
    Employment,
    Membership,
    Person,
    Role,
    Site,
    Team,
)
from portal.articles.models import Article, Revision, State, Topic
from portal.indexing import outbox

PASSWORD = "lantern-harbour-42"

SITES = {
    "leeds": ("Leeds", "GB", "Europe/London"),
    "hamburg": ("Hamburg", "DE", "Europe/Berlin"),
    "portland": ("Portland", "US", "America/Los_Angeles"),
}
DEPARTMENTS = {"finance": "Finance", "design": "Design", "it": "IT", "people": "People"}
TEAMS = {
    "it-service-desk": "IT Service Desk",
    "people-services": "People Services",
    "payroll": "Payroll",
}
TOPICS = {"it": "IT", "it/accounts": "Accounts", "hr": "HR", "hr/pay": "Pay"}

# name: department, site, employment, admin, roles by team
PEOPLE: dict[str, tuple[str, str, Employment, bool, dict[str, Role]]] = {
    "ana": ("finance", "leeds", Employment.EMPLOYEE, False, {}),
    "ben": ("finance", "leeds", Employment.EMPLOYEE, False, {}),
    "eva": ("it", "leeds", Employment.EMPLOYEE, False, {"it-service-desk": Role.AUTHOR}),
    "gus": ("it", "hamburg", Employment.EMPLOYEE, False, {"it-service-desk": Role.AGENT}),
    "ada": ("it", "leeds", Employment.EMPLOYEE, True, {}),
    "otto": ("design", "portland", Employment.CONTRACTOR, False, {}),
}


def build(session: Session, password_hash: str) -> None:
    """Write the organisation into an empty database; the caller commits."""
    sites = {
        slug: Site(slug=slug, name=name, country=country, time_zone=zone)
        for slug, (name, country, zone) in SITES.items()
    }
    departments = {slug: Department(slug=slug, name=name) for slug, name in DEPARTMENTS.items()}
    teams = {slug: Team(slug=slug, name=name, purpose=f"{name} helps.") for slug, name in TEAMS.items()}
    topics: dict[str, Topic] = {}
    for position, (path, name) in enumerate(TOPICS.items()):
        topics[path] = Topic(
            path=path, name=name, position=position, parent=topics.get(path.rpartition("/")[0])
        )
    session.add_all([*sites.values(), *departments.values(), *teams.values(), *topics.values()])
    for name, (department, site, employment, admin, roles) in PEOPLE.items():
        person = Person(
            email=f"{name}@portal.test",
            name=f"{name.title()} Test",
            title=f"{DEPARTMENTS[department]} colleague",
            password_hash=password_hash,
            employment=employment,
            admin=admin,
            department=departments[department],
            site=sites[site],
        )
        person.memberships = [Membership(team=teams[team], role=role) for team, role in roles.items()]
        session.add(person)
    session.flush()


class World:
    """The places, teams and topics, by slug or path."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def topic(self, path: str) -> Topic:
        return self._session.scalars(sa.select(Topic).where(Topic.path == path)).one()

    def team(self, slug: str) -> Team:
        return self._session.scalars(sa.select(Team).where(Team.slug == slug)).one()

    def site(self, slug: str) -> Site:
        return self._session.scalars(sa.select(Site).where(Site.slug == slug)).one()

    def department(self, slug: str) -> Department:
        return self._session.scalars(sa.select(Department).where(Department.slug == slug)).one()


def people(session: Session) -> SimpleNamespace:
    """The six people as `people.ana` …, each bound to the session."""
    emails = {f"{name}@portal.test": name for name in PEOPLE}
    found = session.scalars(sa.select(Person).where(Person.email.in_(emails)))
    return SimpleNamespace(**{emails[person.email]: person for person in found})


def write_article(
    session: Session,
    title: str,
    *,
    body: str = "Do this, then that.",
    answer: str = "Do this.",
    team: str = "it-service-desk",
    topic: str = "it/accounts",
    audience: Mapping[str, Sequence[str]] | None = None,
    state: str = "published",
    slug: str | None = None,
    keywords: Sequence[str] = (),
    questions: Sequence[str] = (),
    language: str = "en",
    owner: Person | None = None,
    author: Person | None = None,
) -> Article:
    """An article as the database holds it after it was written (and published), committed.

    To be found it must be indexed: `flask_command("index", "sync")`.
    """
    world = World(session)
    now = clock.now()
    kind = State(state)
    article = Article(
        slug=slug or "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split()),
        state=kind,
        topic=world.topic(topic),
        team=world.team(team),
        owner=owner,
        audience=audiences.of_rules(session, audience or {}),
        checked_on=clock.today(),
        review_due=clock.today() + timedelta(days=180),
        published_at=None if kind is State.DRAFT else now,
    )
    revision = Revision(
        article=article,
        number=1,
        title=title,
        answer=answer,
        body=body,
        keywords=list(keywords),
        questions=list(questions),
        language=language,
        author=author,
    )
    session.add_all([article, revision])
    session.flush()
    article.latest = revision
    if kind is not State.DRAFT:
        article.live = revision
        outbox.changed(session, [article.id])
    session.commit()
    return article
