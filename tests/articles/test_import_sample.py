"""Loading the sample organisation, and topics from a tree."""

import dataclasses
import shutil

import pytest
import sqlalchemy as sa

from portal.accounts.models import Person, Team
from portal.articles import drafts, services
from portal.articles.models import Article, ImportedFile, Topic
from portal.articles.transfer import sample, topics
from tests.support.code import ROOT
from tests.support.folders import fill, own

ORGANISATION = "name: Small\nsample: true\n"
TEAMS = """
sites:
  - {slug: leeds, name: Leeds, country: GB, time_zone: Europe/London}
departments: [Care]
teams:
  - {slug: it-service-desk, name: Desk, purpose: Ask.}
"""
PEOPLE = """
people:
  - {email: mia@small.example, name: Mia, department: Care, site: leeds, employment: employee}
"""
TOPICS = """
topics:
  - slug: it
    name: IT
    summary: Screens.
    review_days: 90
    children:
      - {slug: accounts, name: Accounts, children: []}
"""
SMALL = {
    "organisation.yaml": ORGANISATION,
    "teams.yaml": TEAMS,
    "people.yaml": PEOPLE,
    "topics.yaml": TOPICS,
    "articles/it/accounts/a.md": own("A", audience="{departments: [Care]}"),
    "articles/it/accounts/b.md": own("B"),
}


@pytest.fixture
def content(tmp_path):
    return fill(tmp_path / "content", SMALL)


@pytest.fixture
def load(flask_command, session, content):
    def _load(exit_code=0):
        told = flask_command("content", "load-sample", "--content", str(content), exit_code=exit_code).output
        session.expire_all()
        return told

    return _load


def test_sample_brings_people_topics_and_articles(load, session):
    told = load()
    assert "1 people and 2 topics added." in told
    assert "sample: 2 new" in told
    mia = session.scalars(sa.select(Person)).one()
    assert (mia.sample, mia.department.slug) == (True, "care")
    article = session.scalars(sa.select(Article).where(Article.slug == "a")).one()
    assert (article.audience.rules, article.review_days) == ({"departments": ["care"]}, 180)
    assert session.scalars(sa.select(ImportedFile.source).distinct()).all() == ["sample"]


def test_second_load_leaves_what_people_changed(load, session, content):
    load()
    session.scalars(sa.select(Team)).one().name = "Our desk"
    session.scalars(sa.select(Topic).where(Topic.path == "it")).one().name = "Computers"
    article = session.scalars(sa.select(Article).where(Article.slug == "a")).one()
    draft = drafts.of_article(article)
    mine = drafts.Draft(
        title="Mine", body="x", topic_id=draft.topic_id, team_id=draft.team_id, audience=draft.audience
    )
    services.save(session, article, mine, version=article.version, by=None)
    session.commit()
    told = load()
    assert told == "sample: 0 new, 0 changed, 1 unchanged, 1 edited in the portal and kept, 0 not taken.\n"
    fill(
        content,
        {"articles/it/accounts/a.md": own("A", "New."), "articles/it/accounts/b.md": own("B", "New.")},
    )
    told = load()
    assert "0 new, 1 changed, 0 unchanged, 1 edited" in told
    assert "the portal's text stays (1):\n  it/accounts/a.md" in told
    assert session.scalars(sa.select(Team.name)).one() == "Our desk"
    assert session.scalars(sa.select(Topic.name).where(Topic.path == "it")).one() == "Computers"
    assert session.get(Article, article.id).latest.title == "Mine"


def test_database_with_an_organisation_of_its_own_is_left_alone(world, flask_command, session, content):
    told = flask_command("content", "load-sample", "--content", str(content)).output
    assert told == "This database has an organisation of its own: the sample is not mixed into it.\n"
    session.expire_all()
    assert session.scalars(sa.select(Article)).all() == []
    assert session.scalars(sa.select(Person).where(Person.sample)).all() == []


def test_an_administrator_alone_is_no_organisation(load, session):
    session.add(Person(email="root@real.example", name="Root", admin=True))
    session.commit()
    assert "sample: 2 new" in load()


def test_production_refuses_the_sample(app, load, settings, session, monkeypatch):
    production = dataclasses.replace(
        settings, environment="production", cookie_secure=True, hash_cost="standard"
    )
    monkeypatch.setitem(app.extensions, "settings", production)
    assert "not for production" in load(exit_code=1)
    assert session.scalars(sa.select(Person)).all() == []


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"organisation.yaml": "name: Real\n"}, "does not hold the sample organisation"),
        ({"organisation.yaml": "[\n"}, "organisation.yaml cannot be read"),
        ({"topics.yaml": "topics:\n  - {slug: A b, name: X}\n"}, "The topic 'A b' at the top needs a slug"),
        (
            {"topics.yaml": "topics:\n  - {slug: a, name: X, foo: 1}\n"},
            "A topic at the top may have children",
        ),
        (
            {
                "topics.yaml": "topics:\n  - {slug: a, name: X, children: "
                "[{slug: b, name: B, review_days: 3}]}\n"
            },
            "The topic 'b' below a has review_days",
        ),
    ],
)
def test_broken_sample_is_refused_whole(load, content, session, files, reason):
    fill(content, files)
    assert reason in load(exit_code=1)
    assert session.scalars(sa.select(Person)).all() == []
    assert session.scalars(sa.select(Topic)).all() == []


def test_problems_of_rows_and_files_are_told_and_the_rest_is_in(load, content, session):
    fill(
        content,
        {"people.yaml": PEOPLE + "  - {email: nobody, name: N}\n", "articles/x.md": "---\na: [\n---\n"},
    )
    told = load(exit_code=1)
    assert "! people.yaml, line 4" in told
    assert "x.md:" in told
    assert "2 new, 0 changed, 0 unchanged, 0 edited in the portal and kept, 1 not taken." in told


def test_folder_without_articles_is_refused(load, content):
    shutil.rmtree(content / "articles")
    (content / "articles").mkdir()
    assert "There are no Markdown files" in load(exit_code=1)


# --- topics --------------------------------------------------------------------------------------


def test_tree_adds_what_is_missing_in_order(session, world):
    tree = [
        {"slug": "it", "name": "Other name", "children": [{"slug": "new", "name": "New", "summary": "S"}]},
        {"slug": "last", "name": "Last", "review_days": 30},
    ]
    assert topics.load_topics(session, tree) == ["it/new", "last"]
    assert topics.load_topics(session, tree) == []
    found = {one.path: one for one in session.scalars(sa.select(Topic))}
    assert (found["it"].name, found["it/new"].summary, found["last"].review_days) == ("IT", "S", 30)
    assert found["it/new"].parent is found["it"]
    assert found["it/new"].position > found["it/accounts"].position
    assert found["last"].position == max(one.position for one in found.values() if one.parent_id is None)


def test_real_tree_names_every_topic_of_the_articles():
    described = sample._yaml(ROOT / "content" / "topics.yaml")

    def _paths(nodes, outer=""):
        for node in nodes:
            yield outer + node["slug"]
            yield from _paths(node["children"], f"{outer}{node['slug']}/")

    folders = {
        path.parent.relative_to(ROOT / "content/articles").as_posix()
        for path in (ROOT / "content/articles").rglob("*.md")
    }
    assert folders <= set(_paths(described["topics"]))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("it/accounts", "it/accounts"),
        ("/IT Help/Ä/", "it-help/a"),
        ("", None),
        ("a//b", None),
        ("x" * 80 + "/y" * 100, None),
    ],
)
def test_paths_are_spelled_as_in_addresses(text, path):
    assert topics.checked_path(text) == path


@pytest.mark.parametrize(
    ("path", "titles", "name"),
    [
        ("a/office-of-solutions", ["Office of Solutions (SOL)"], "Office of Solutions (SOL)"),
        ("getting-started", ["Onboarding overview"], "Getting started"),
        ("tools", ["x" * 130], "Tools"),
        ("tools", [], "Tools"),
    ],
)
def test_topic_is_named_by_its_page_when_that_says_the_same(path, titles, name):
    assert topics.name_of(path, titles) == name
