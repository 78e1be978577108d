import random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from portal.accounts import audiences
from portal.accounts.audiences import EVERYONE, KINDS, canonical, checked_rules, matches, of_rules
from portal.accounts.models import (
    Audience,
    Department,
    Employment,
    Membership,
    Person,
    Role,
    Site,
    Team,
)
from portal.db import db
from portal.errors import Invalid

VALUES = {
    "countries": ["GB", "DE", "US"],
    "sites": ["leeds", "hamburg", "portland"],
    "departments": ["finance", "design"],
    "employment": ["employee", "contractor", "intern"],
    "teams": ["payroll", "it-service-desk"],
}

rules_of_anything = st.dictionaries(
    st.sampled_from(KINDS), st.lists(st.text(max_size=8) | st.text("ab,;=%2C", max_size=4), max_size=4)
)
rules_of_the_world = st.fixed_dictionaries(
    {}, optional={kind: st.lists(st.sampled_from(values), max_size=3) for kind, values in VALUES.items()}
)
sites = st.sampled_from([("leeds", "GB"), ("hamburg", "DE"), ("portland", "US"), None])
people = st.builds(
    lambda site, department, employment, teams: Person(
        active=True,
        site=Site(slug=site[0], country=site[1]) if site else None,
        department=Department(slug=department) if department else None,
        employment=employment,
        memberships=[Membership(team=Team(slug=team), role=Role.AGENT) for team in teams],
    ),
    sites,
    st.sampled_from(["finance", "design", None]),
    st.sampled_from(Employment),
    st.sets(st.sampled_from(VALUES["teams"])),
)


# -- the canonical text ------------------------------------------------------------------------------


@given(rules_of_anything, st.randoms())
def test_order_and_repetition_do_not_matter(rules, chance: random.Random):
    shuffled = {}
    for kind in chance.sample(sorted(rules), len(rules)):
        values = rules[kind] + rules[kind][:1]
        chance.shuffle(values)
        shuffled[kind] = values
    assert canonical(shuffled) == canonical(rules)


@given(rules_of_anything, rules_of_anything)
def test_equal_texts_mean_equal_rules(one, other):
    def meaning(rules):
        return {kind: set(values) for kind, values in rules.items() if values}

    assert (canonical(one) == canonical(other)) == (meaning(one) == meaning(other))


@given(rules_of_anything)
def test_no_rules_and_only_those_are_everyone(rules):
    assert (canonical(rules) == EVERYONE) == (not any(rules.values()))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"sites": ["a,b"]}, {"sites": ["a", "b"]}),
        ({"countries": ["a;sites=b"]}, {"countries": ["a"], "sites": ["b"]}),
        ({"sites": ["a,b"]}, {"sites": ["a%2Cb"]}),
    ],
)
def test_signs_in_a_value_are_not_signs_of_the_text(one, other):
    assert canonical(one) != canonical(other)


def test_it_reads_as_documented():
    assert (
        canonical({"departments": ["design"], "countries": ["GB", "DE"]})
        == "countries=DE,GB;departments=design"
    )


def test_a_kind_that_does_not_exist_is_named():
    with pytest.raises(Invalid, match="Unknown audience: moods"):
        canonical({"moods": ["good"]})


# -- who is within -----------------------------------------------------------------------------------


def mine(person):
    return {
        "countries": {person.site.country} if person.site else set(),
        "sites": {person.site.slug} if person.site else set(),
        "departments": {person.department.slug} if person.department else set(),
        "employment": {person.employment.value},
        "teams": {membership.team.slug for membership in person.memberships},
    }


@given(people, rules_of_the_world)
def test_kinds_are_joined_by_and_values_by_or(person, rules):
    expected = all(
        any(value in mine(person)[kind] for value in values) for kind, values in rules.items() if values
    )
    assert matches(person, rules) is expected


@given(people, rules_of_the_world, rules_of_the_world)
def test_more_kinds_never_let_more_people_in(person, rules, more):
    added = {kind: values for kind, values in more.items() if kind not in rules}
    assert not (matches(person, rules | added) and not matches(person, rules))


@given(people, rules_of_the_world)
def test_nobody_inactive_is_within(person, rules):
    person.active = False
    assert not matches(person, rules)


@given(people)
def test_a_kind_that_does_not_exist_lets_nobody_in(person):
    assert matches(person, {})
    assert not matches(person, {"moods": ["good"]})


# -- in the database ---------------------------------------------------------------------------------


def test_equal_rules_share_a_row(session, world):
    one = of_rules(session, {"countries": ["GB", "DE"], "teams": []})
    other = of_rules(session, {"countries": ["DE", "GB", "DE"]})
    assert one is other
    assert one.rules == {"countries": ["DE", "GB"]}
    assert session.scalar(sa.select(sa.func.count()).select_from(Audience)) == 1


def test_too_many_rules_are_refused(session, world):
    with pytest.raises(Invalid, match="too many groups"):
        of_rules(session, {"teams": [f"a-team-with-a-long-name-{number}" for number in range(60)]})


def test_a_persons_audiences(session, people, statements):
    rules = [
        {},
        {"countries": ["GB"]},
        {"countries": ["DE"]},
        {"countries": ["GB"], "employment": ["intern"]},
    ]
    keys = [of_rules(session, one).key for one in rules]
    with statements() as found:
        assert {one.key for one in audiences.of_person(session, people.ana)} == {keys[0], keys[1]}
    assert len(found) == 1
    assert {one.key for one in audiences.of_person(session, people.gus)} == {keys[0], keys[2]}
    people.ana.active = False
    assert audiences.of_person(session, people.ana) == []


def test_making_an_audience_leaves_alone_what_another_thread_has_read(app, session, people, statements):
    of_rules(session, {})
    session.commit()
    with Session(db.engine) as other:
        before = audiences.of_person(other, other.get_one(Person, people.ana.id))
        of_rules(session, {"countries": ["GB"]})
        reader = other.get_one(Person, people.ana.id)
        with statements() as found:
            assert audiences.of_person(other, reader) == before
        assert found == []
    assert len(audiences.of_person(session, people.ana)) == 2


def test_checked_rules_know_names_slugs_and_cases(session, world):
    written = {"countries": ["gb"], "departments": ["Finance", "design"], "teams": ["payroll"]}
    assert checked_rules(session, written) == {
        "countries": ["GB"],
        "departments": ["finance", "design"],
        "teams": ["payroll"],
    }


@pytest.mark.parametrize("kind", KINDS)
def test_checked_rules_name_what_does_not_exist(session, world, kind):
    with pytest.raises(Invalid, match=f"Audience {kind}: there is no 'nowhere'") as error:
        checked_rules(session, {kind: ["nowhere"]})
    assert error.value.fields == {"audience": "There is no 'nowhere'."}
