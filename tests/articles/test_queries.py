"""Who may see which articles, and what is listed for them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Membership, Person, Role
from portal.articles import queries
from portal.articles.models import Alias, Article, Revision, State, Topic
from portal.articles.queries import Moved
from portal.errors import NotFound

EVERYBODY = {"ana", "ben", "eva", "gus", "ada", "otto"}

# name: (how it is written, who may see it). ana, ben: Finance, Leeds. eva: author, gus: agent of the
# IT Service Desk, gus in Hamburg. otto: contractor, Design, Portland. ada: admin, IT, Leeds.
ARTICLES = {
    "for everybody": ({}, EVERYBODY),
    "for a country": ({"audience": {"countries": ["GB"]}, "team": "payroll"}, {"ana", "ben", "eva", "ada"}),
    "for a site": ({"audience": {"sites": ["hamburg"]}, "team": "payroll"}, {"gus", "ada"}),
    "for two sites": (
        {"audience": {"sites": ["hamburg", "portland"]}, "team": "payroll"},
        {"gus", "otto", "ada"},
    ),
    "for a department": ({"audience": {"departments": ["design"]}, "team": "payroll"}, {"otto", "ada"}),
    "for contractors": ({"audience": {"employment": ["contractor"]}, "team": "payroll"}, {"otto", "ada"}),
    "for a team": (
        {"audience": {"teams": ["it-service-desk"]}, "team": "payroll"},
        {"eva", "gus", "ada"},
    ),
    "both must match": (
        {"audience": {"countries": ["GB"], "departments": ["design"]}, "team": "payroll"},
        {"ada"},
    ),
    "for others, of eva's team": ({"audience": {"departments": ["design"]}}, {"otto", "eva", "ada"}),
    "draft": ({"state": "draft"}, set()),
    "archived": ({"state": "archived"}, set()),
}


def seen_by(session, person):
    """The titles that a person gets through the door."""
    titles = queries.visible_to(person).join(Revision, Revision.id == Article.live_id)
    return set(session.scalars(titles.with_only_columns(Revision.title)))


@pytest.mark.parametrize("name", sorted(EVERYBODY))
def test_each_person_sees_what_is_for_them(session, people, write_article, name):
    for title, (details, _) in ARTICLES.items():
        write_article(title, **details)
    expected = {title for title, (_, who) in ARTICLES.items() if name in who}
    assert seen_by(session, getattr(people, name)) == expected


def test_nobody_sees_anything_who_is_no_longer_here(session, people, write_article):
    write_article("for everybody")
    for person in (people.ana, people.ada):
        person.active = False
        session.commit()
        assert seen_by(session, person) == set()
        assert session.scalars(queries.editable_by(person)).all() == []


def test_published_without_a_live_text_is_not_shown(session, people, write_article):
    write_article("broken").live = None
    session.commit()
    assert seen_by(session, people.ada) == set()


def test_rights_that_end_close_the_door_at_once(session, people, write_article):
    write_article("for others", audience={"departments": ["design"]})
    assert seen_by(session, people.eva) == {"for others"}
    people.eva.memberships.clear()
    assert seen_by(session, people.eva) == set()


def test_person_without_a_session_is_an_error():
    with pytest.raises(RuntimeError):
        queries.visible_to(Person(name="x", active=True, admin=False))


def test_door_costs_one_statement_and_can_be_used_again(session, people, write_article, statements):
    write_article("for everybody")
    _ = people.ana.memberships, people.ana.site, people.ana.department
    with statements() as made:
        door = queries.visible_to(people.ana)
    assert len(made) == 1
    with statements() as used:
        session.scalars(door).all()
        session.scalar(door.with_only_columns(sa.func.count()))
    assert len(used) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ana", set()),
        ("gus", set()),
        ("eva", {"Mine", "My draft", "My old one"}),
        ("ada", {"Mine", "My draft", "My old one", "Theirs", "Their draft"}),
    ],
)
def test_editable(session, people, write_article, name, expected):
    write_article("Mine")
    write_article("My draft", state="draft")
    write_article("My old one", state="archived")
    write_article("Theirs", team="payroll")
    write_article("Their draft", team="payroll", state="draft")
    found = session.scalars(queries.editable_by(getattr(people, name))).all()
    assert {article.latest.title for article in found} == expected


# --- one article -------------------------------------------------------------------------------


def test_article_comes_with_all_its_page_shows(session, people, write_article, statements):
    write_article("Reset it", owner=people.eva)
    session.expire_all()
    me = session.get(Person, people.ana.id)
    _ = me.memberships, me.site, me.department
    with statements() as made:
        found = queries.get_visible(session, "reset-it", by=me)
        shown = (found.live.title, found.team.name, found.topic.path, found.owner.name)
    assert shown == ("Reset it", "IT Service Desk", "it/accounts", "Eva Test")
    assert len(made) == 2


@pytest.mark.parametrize("slug", ["nowhere", "", "a b", "a\0b", "x" * 500, "reset-it\n", "../reset-it", "%"])
def test_addresses_that_are_none(session, people, write_article, slug):
    write_article("Reset it")
    with pytest.raises(NotFound):
        queries.get_visible(session, slug, by=people.ana)


def test_live_text_is_shown_while_the_next_is_drafted(session, people, write_article):
    article = write_article("Old title")
    article.latest = Revision(article=article, number=2, title="New title")
    session.commit()
    assert queries.get_visible(session, "old-title", by=people.eva).live.title == "Old title"


def test_old_address_leads_to_those_who_may_see(session, people, write_article):
    article = write_article("New", audience={"departments": ["design"]}, team="payroll")
    session.add(Alias(slug="old", article_id=article.id))
    session.commit()
    assert queries.get_visible(session, "old", by=people.otto) == Moved("new")
    with pytest.raises(NotFound):
        queries.get_visible(session, "old", by=people.ana)
    article.state = State.ARCHIVED
    session.commit()
    with pytest.raises(NotFound):
        queries.get_visible(session, "old", by=people.otto)


@pytest.mark.parametrize(("days", "expected"), [(-1, True), (0, False), (1, False), (None, False)])
def test_overdue(write_article, days, expected):
    article = write_article("x")
    article.review_due = None if days is None else clock.today() + timedelta(days=days)
    assert queries.overdue(article, today=clock.today()) is expected


# --- topics ------------------------------------------------------------------------------------


def counts(tree):
    """A tree as {path: count}, in its order."""
    result = {}
    for node in tree:
        result[node.path] = node.count
        result.update(counts(node.children))
    return result


def test_topics_count_what_the_person_may_see(session, people, write_article, statements):
    write_article("a")
    write_article("b", topic="it")
    write_article("c", topic="hr/pay", audience={"departments": ["design"]}, team="payroll")
    write_article("d", topic="hr/pay", state="draft", team="payroll")
    assert counts(queries.topic_tree(session, by=people.ana)) == {"it": 2, "it/accounts": 1}
    assert counts(queries.topic_tree(session, by=people.otto)) == {
        "it": 2,
        "it/accounts": 1,
        "hr": 1,
        "hr/pay": 1,
    }
    assert people.ada.memberships == []  # loads her
    with statements() as made:
        queries.topic_tree(session, by=people.ada)
    assert len(made) == 1


def test_topics_stand_in_their_order(session, people, world, write_article):
    write_article("a", topic="it")
    write_article("b", topic="hr")
    world.topic("it").position, world.topic("hr").position = 2, 1
    session.commit()
    assert list(counts(queries.topic_tree(session, by=people.ana))) == ["hr", "it"]


def test_topic_whose_parent_is_missing_stands_at_the_top(session, people, write_article):
    session.add(Topic(path="lost/child", name="Child"))
    session.commit()
    write_article("a", topic="lost/child")
    assert counts(queries.topic_tree(session, by=people.ana)) == {"lost/child": 1}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("it", ["it"]), ("it/accounts", ["it", "it/accounts"]), ("hr/pay", None), ("i", None)],
)
def test_find_topic(session, people, write_article, path, expected):
    write_article("a")
    tree = queries.topic_tree(session, by=people.ana)
    if expected is None:
        with pytest.raises(NotFound):
            queries.find_topic(tree, path)
    else:
        assert [node.path for node in queries.find_topic(tree, path)] == expected


def test_trail(session, world):
    assert queries.trail_of(session, "it/accounts") == [("it", "IT"), ("it/accounts", "Accounts")]


def test_articles_of_a_topic_are_those_below_it_as_well(session, people, write_article):
    session.add_all([Topic(path="it_x", name="Other"), Topic(path="itax", name="Another")])
    session.commit()
    write_article("b", topic="it")
    write_article("A", topic="it/accounts")
    write_article("c", topic="it_x")
    write_article("d", topic="itax")
    write_article("e", topic="it", audience={"departments": ["design"]}, team="payroll")

    def titles(path, **window):
        found = queries.in_topic(session, path, by=people.ana, **({"limit": 10} | window))
        return [article.live.title for article in found]

    assert titles("it") == ["A", "b"]
    assert titles("it_x") == ["c"]
    assert titles("it", limit=1, offset=1) == ["b"]


def test_recently_updated_goes_by_the_text_that_readers_see(session, people, write_article):
    first, second = write_article("first"), write_article("second")
    write_article("hidden", audience={"departments": ["design"]}, team="payroll")
    first.live.created_at = clock.now() + timedelta(minutes=1)
    second.latest = Revision(
        article=second, number=2, title="draft", created_at=clock.now() + timedelta(hours=1)
    )
    session.commit()
    found = queries.recently_updated(session, by=people.ana, limit=5)
    assert [article.live.title for article in found] == ["first", "second"]
    assert len(queries.recently_updated(session, by=people.ana, limit=1)) == 1


# --- related articles --------------------------------------------------------------------------


@pytest.fixture
def related(session, people, write_article):
    """`related(article, linked, person)` gives titles."""

    def _related(article, linked=(), person=people.ana):
        return [one.title for one in queries.related(session, article, linked=linked, by=person)]

    return _related


def test_related_by_link_then_keywords_then_topic(write_article, related):
    article = write_article("me", keywords=["Password", "Reset"])
    write_article("same topic")
    write_article("two keywords", topic="hr/pay", keywords=["reset", "PASSWORD"])
    write_article("one keyword", topic="hr/pay", keywords=["reset"])
    write_article("linked", topic="hr/pay")
    write_article("nothing in common", topic="hr/pay", keywords=["resettle", "pass"])
    found = related(article, {"linked", "me"})
    assert found == ["two keywords", "linked", "one keyword", "same topic"]


def test_related_shows_nothing_that_is_hidden(people, write_article, related):
    article = write_article("me", keywords=["k"])
    write_article("hidden", keywords=["k"], audience={"departments": ["design"]}, team="payroll")
    write_article("draft", keywords=["k"], state="draft")
    assert related(article, {"hidden", "draft"}) == []
    assert related(article, {"hidden", "draft"}, people.otto) == ["hidden"]


@pytest.mark.parametrize("keyword", ["Übersee", 'a "quoted" one', "50%", "a_b", "back\\slash", "パスワード"])
def test_related_by_keywords_with_any_marks(write_article, related, keyword):
    article = write_article("me", keywords=[keyword])
    write_article("same", topic="hr/pay", keywords=[keyword])
    write_article("other", topic="hr/pay", keywords=["50x", "axb", "ubersee"])
    assert related(article) == ["same"]


def test_related_are_few(write_article, related):
    article = write_article("me")
    for number in range(8):
        write_article(f"n{number}")
    assert len(related(article)) == 5


def test_agents_of_a_team_see_what_readers_see(session, people, write_article, world):
    """Only those who write for the team see its articles for other audiences."""
    write_article("for others", audience={"departments": ["design"]})
    assert seen_by(session, people.gus) == set()
    people.gus.memberships.append(Membership(team=world.team("it-service-desk"), role=Role.LEAD))
    session.commit()
    assert seen_by(session, people.gus) == {"for others"}


def test_topics_at_the_top_are_those_of_the_tree(session, people, write_article, statements):
    write_article("Sign in", topic="it/accounts")
    write_article("Salary bands", topic="hr/pay", audience={"teams": ["payroll"]})
    for person, paths in ((people.ana, ["it"]), (people.ada, ["it", "hr"])):
        tree = [node.path for node in queries.topic_tree(session, by=person)]
        with statements() as made:
            found = [node.path for node in queries.topics_at_the_top(session, by=person)]
        assert sorted(found) == sorted(paths)
        assert found == tree
        assert len(made) <= 2
