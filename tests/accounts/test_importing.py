from dataclasses import replace

import pytest
import sqlalchemy as sa

from portal.accounts import passwords, services
from portal.accounts.importing import import_organisation
from portal.accounts.models import Department, Employment, Person, Role, SignIn, Site, Team
from portal.accounts.organisation import read_csv, read_files, read_yaml
from portal.errors import NotAllowed
from tests.support.code import ROOT

WORLD = """
sites:
  - {slug: oslo, name: Oslo, country: "no", time_zone: Europe/Oslo}
departments: [Care]
teams:
  - {slug: care, name: Care, purpose: Ask us., email: care@x.test, phone: "1"}
people:
  - email: BOSS@x.test
    name: Bo Boss
    title: Head
    department: Care
    site: oslo
    employment: employee
    admin: true
    memberships:
      - {team: care, roles: [lead, author]}
  - email: ann@x.test
    name: Ann
    department: care
    site: oslo
    employment: contractor
    manager: boss@x.test
    memberships: []
"""


@pytest.fixture
def bring_in(session, settings):
    """Imports a YAML text and gives the report."""

    def _bring_in(text, *, sample=False):
        report = import_organisation(session, read_yaml(text, "x.yaml"), sample=sample, settings=settings)
        session.commit()
        session.expunge_all()
        return report

    return _bring_in


@pytest.fixture
def table(session, settings):
    """Imports a CSV text and gives the report."""

    def _table(text, name="people.csv"):
        report = import_organisation(session, read_csv(text, name), sample=False, settings=settings)
        session.commit()
        session.expunge_all()
        return report

    return _table


def person(session, email):
    return session.scalars(sa.select(Person).where(Person.email == email)).one()


def problems(report):
    return [str(problem) for problem in report.problems]


# -- what comes in -----------------------------------------------------------------------------------


def test_an_organisation_comes_into_an_empty_portal(bring_in, session):
    report = bring_in(WORLD)
    assert problems(report) == []
    assert report.created == [
        "site oslo",
        "department care",
        "team care",
        "person boss@x.test",
        "person ann@x.test",
    ]
    assert report.changed == []
    boss, ann = person(session, "boss@x.test"), person(session, "ann@x.test")
    assert (boss.name, boss.title, boss.admin, boss.active, boss.sample) == (
        "Bo Boss",
        "Head",
        True,
        True,
        False,
    )
    assert boss.site.country == "NO"
    assert {(one.team.slug, one.role) for one in boss.memberships} == {
        ("care", Role.LEAD),
        ("care", Role.AUTHOR),
    }
    assert (ann.manager, ann.department.name, ann.employment) == (boss, "Care", Employment.CONTRACTOR)
    assert not ann.admin
    assert boss.password_hash is ann.password_hash is None


def test_doing_it_again_changes_nothing(bring_in, session):
    bring_in(WORLD)
    ids = session.scalars(sa.select(Person.id)).all()
    report = bring_in(WORLD)
    assert (report.created, report.changed, report.unchanged) == ([], [], 5)
    assert session.scalars(sa.select(Person.id)).all() == ids


def test_what_differs_is_changed_and_named(bring_in, session):
    bring_in(WORLD)
    report = bring_in(
        "sites: [{slug: bergen, name: Bergen, country: NO, time_zone: Europe/Oslo}]\n"
        "people:\n"
        "  - {email: ann@x.test, title: Nurse, site: bergen, employment: employee, manager: null,"
        " memberships: [{team: care, roles: [agent]}]}\n"
        "  - {email: boss@x.test, admin: no, department: null, memberships: [{team: care, roles: [lead]}]}\n"
    )
    assert report.created == ["site bergen"]
    assert report.changed == [
        "person ann@x.test: title Nurse, employment employee, site bergen, agent of care, manager (none)",
        "person boss@x.test: department (none), admin no, no longer author of care",
    ]
    assert person(session, "ann@x.test").name == "Ann"
    assert person(session, "ann@x.test").manager is None
    assert person(session, "boss@x.test").department is None


def test_nobody_is_removed_and_no_password_changes(bring_in, session):
    bring_in(WORLD)
    person(session, "ann@x.test").password_hash = "kept"
    session.commit()
    bring_in("people: [{email: ann@x.test, name: Ann Other}, {email: new@x.test, name: New}]\n")
    assert person(session, "ann@x.test").password_hash == "kept"
    assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == 3


def test_a_column_that_is_not_there_leaves_what_is_known(table, bring_in, session):
    bring_in(WORLD)
    assert table("email;name\nboss@x.test;Bo Boss\n").unchanged == 1
    boss = person(session, "boss@x.test")
    assert (boss.title, boss.site.slug, boss.admin, len(boss.memberships)) == ("Head", "oslo", True, 2)


def test_tables_bring_in_all_kinds(table, session):
    assert problems(table("slug,name,country,time_zone\noslo,Oslo,NO,Europe/Oslo\n", "sites.csv")) == []
    assert problems(table("slug,name,purpose\ncare,Care,Ask us.\n", "teams.csv")) == []
    assert problems(table("name\nCare\nFührung\n", "departments.csv")) == []
    report = table(
        "email,name,department,site,employment,manager,admin,active,memberships\n"
        "a@x.test,A,Führung,oslo,intern,b@x.test,no,yes,care:lead+agent\n"
        "b@x.test,B,,,,,yes,,\n"
    )
    assert problems(report) == []
    a, b = person(session, "a@x.test"), person(session, "b@x.test")
    assert (a.department.slug, a.site.slug, a.employment, a.manager) == (
        "fuhrung",
        "oslo",
        Employment.INTERN,
        b,
    )
    assert (b.department, b.site, b.employment, b.admin, b.active) == (
        None,
        None,
        Employment.EMPLOYEE,
        True,
        True,
    )
    assert len(a.memberships) == 2


def test_a_department_that_only_a_person_names_is_made_and_said(table, session):
    report = table("email,name,department\na@x.test,A,Field Service\nb@x.test,B,field-service\n")
    assert report.created == ["department field-service", "person a@x.test", "person b@x.test"]
    assert session.scalars(sa.select(Department.name)).all() == ["Field Service"]


def test_closing_an_account_ends_its_sign_ins(table, client_for, people, session, sign_ins):
    client = client_for(people.ana)
    report = table("email,active\nana@portal.test,no\n")
    assert report.changed == ["person ana@portal.test: active no"]
    client.get("/account", status=302)
    assert sign_ins(person(session, "ana@portal.test")) == []


# -- what stays out ----------------------------------------------------------------------------------

HEADER = "email,name,department,site,employment,manager,admin,memberships\n"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("nobody,A,,,,,,", "'nobody' is not an e-mail address."),
        ("a b@x.test,A,,,,,,", "'a b@x.test' is not an e-mail address."),
        ("a@x.test,,,,,,,", "name is missing."),
        (f"a@x.test,{'A' * 121},,,,,,", "name is longer than 120 characters."),
        ("a@x.test,\x1b[31mA,,,,,,", "name has a line break or a control character in it."),
        ("a@x.test,A\u202e,,,,,,", "name has a line break or a control character in it."),
        ("a@x.test,A,---,,,,,", "'---' is not the name of a department."),
        ("a@x.test,A,,atlantis,,,,", "There is no site 'atlantis'."),
        ("a@x.test,A,,,pirate,,,", "There is no employment 'pirate'."),
        ("a@x.test,A,,,,ghost@x.test,,", "There is no manager 'ghost@x.test'."),
        ("a@x.test,A,,,,a@x.test,,", "a@x.test cannot be the manager: they report to a@x.test."),
        ("a@x.test,A,,,,,perhaps,", "admin is 'perhaps': use yes or no."),
        ("a@x.test,A,,,,,,nowhere:lead", "There is no team 'nowhere'."),
        ("a@x.test,A,,,,,,payroll:king", "There is no role 'king'."),
        ("good@x.test,A,,,,,,", "good@x.test stands in people.csv already, line 2."),
    ],
)
def test_a_row_that_cannot_be_used_is_named_and_the_rest_comes_in(table, world, session, row, reason):
    report = table(f"{HEADER}good@x.test,Good,,,,,,\n{row}\nlast@x.test,Last,,,,,,\n")
    assert problems(report) == [f"people.csv, line 3: {reason}"]
    assert report.created == ["person good@x.test", "person last@x.test"]
    assert (
        session.scalar(sa.select(sa.func.count()).select_from(Person).where(Person.email == "a@x.test")) == 0
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sites: [{slug: oslo, name: Oslo}]", "country is missing."),
        (
            "sites: [{slug: oslo, name: Oslo, country: NOR, time_zone: UTC}]",
            "country is longer than 2 characters.",
        ),
        ("sites: [{slug: oslo, name: O, country: N1, time_zone: UTC}]", "'N1' is not a country code"),
        ("sites: [{slug: oslo, name: O, country: NO, time_zone: Oslo}]", "'Oslo' is not a time zone"),
        ("sites: [{slug: Oslo, name: O, country: NO, time_zone: UTC}]", "slug is 'Oslo'"),
        ("sites: [{slug: 'a,b', name: O, country: NO, time_zone: UTC}]", "slug is 'a,b'"),
        ("sites: [{slug: leeds, name: null}]", "name is missing."),
        ("teams: [{slug: new}]", "name is missing."),
        ("teams: [{name: New}]", "slug is ''"),
        ("teams: [{slug: new, name: New, email: here}]", "'here' is not an e-mail address."),
        ("departments: ['!!!']", "'!!!' is not the name of a department."),
        ("departments: ['']", "name is missing."),
    ],
)
def test_places_and_teams_are_checked_too(bring_in, world, session, text, reason):
    before = [
        session.scalar(sa.select(sa.func.count()).select_from(model)) for model in (Site, Team, Department)
    ]
    report = bring_in(text)
    assert len(report.problems) == 1
    assert problems(report)[0].startswith(f"x.yaml, line 1: {reason}")
    assert (report.created, report.changed) == ([], [])
    assert before == [
        session.scalar(sa.select(sa.func.count()).select_from(model)) for model in (Site, Team, Department)
    ]


def test_who_reports_to_somebody_left_out_is_left_out_as_well(table, world, session):
    report = table(
        "email,name,manager,site\n"
        "a@x.test,A,b@x.test,\n"
        "b@x.test,B,c@x.test,\n"
        "c@x.test,C,,atlantis\n"
        "d@x.test,D,,\n"
    )
    assert problems(report) == [
        "people.csv, line 2: There is no manager 'b@x.test'.",
        "people.csv, line 3: There is no manager 'c@x.test'.",
        "people.csv, line 4: There is no site 'atlantis'.",
    ]
    assert report.created == ["person d@x.test"]


def test_nobody_manages_themselves_by_way_of_others(table, session):
    table("email,name,manager\na@x.test,A,\nb@x.test,B,a@x.test\n")
    report = table("email,manager\na@x.test,b@x.test\n")
    assert problems(report) == [
        "people.csv, line 2: b@x.test cannot be the manager: they report to a@x.test."
    ]
    swapped = table("email,manager\na@x.test,b@x.test\nb@x.test,\n")
    assert problems(swapped) == []
    assert person(session, "a@x.test").manager.email == "b@x.test"


def test_unreadable_files_are_in_the_report(session, settings, tmp_path):
    (tmp_path / "b.csv").write_text("email,name\nx,X\n")
    data = read_files([tmp_path / "b.csv", tmp_path / "a.csv"])
    report = import_organisation(session, data, sample=False, settings=settings)
    assert [problem.file for problem in report.problems] == ["a.csv", "b.csv"]


# -- the sample organisation -------------------------------------------------------------------------


@pytest.fixture
def samples(session, settings):
    """Loads the sample organisation of content/ and gives the report."""

    def _load():
        data = read_files([ROOT / "content" / "teams.yaml", ROOT / "content" / "people.yaml"])
        report = import_organisation(session, data, sample=True, settings=settings)
        session.commit()
        return report

    return _load


def test_the_sample_organisation_loads_and_loads_again(samples, session):
    first = samples()
    assert problems(first) == []
    everybody = session.scalars(sa.select(Person)).all()
    assert len(everybody) >= 40
    assert all(one.sample and one.active for one in everybody)
    again = samples()
    assert (again.created, again.changed, problems(again)) == ([], [], [])
    assert again.unchanged == len(first.created)


def test_sample_people_sign_in_with_the_sample_password(samples, client, sign_in, session, settings):
    samples()
    listed = services.sample_sign_ins(session, settings=settings)
    assert [email.partition("@")[0] for _, email, _ in listed] == ["ana", "eva", "gus", "ada", "otto"]
    assert all(name and what for name, _, what in listed)
    sign_in(client, "eva@larkspur.example", services.SAMPLE_PASSWORD, status=302)


def test_a_sample_person_keeps_a_changed_password(samples, session):
    samples()
    eva = person(session, "eva@larkspur.example")
    eva.password_hash = passwords.hasher("cheap").hash("four quiet ships at dawn")
    session.commit()
    samples()
    session.refresh(eva)
    assert passwords.hasher("cheap").verify(eva.password_hash, "four quiet ships at dawn")


def test_the_sample_leaves_real_people_alone(samples, session):
    session.add(Person(email="eva@larkspur.example", name="The real Eva"))
    session.commit()
    report = samples()
    assert ["eva@larkspur.example is a real person here" in text for text in problems(report)] == [True]
    eva = person(session, "eva@larkspur.example")
    assert (eva.name, eva.sample, eva.password_hash) == ("The real Eva", False, None)


def test_in_production_there_is_no_sample(samples, session, settings):
    samples()
    production = replace(settings, environment="production", cookie_secure=True, hash_cost="standard")
    assert services.sample_sign_ins(session, settings=production) == []
    with pytest.raises(NotAllowed, match="not for production"):
        import_organisation(session, read_yaml(WORLD, "x"), sample=True, settings=production)


def test_without_the_sample_there_are_no_sample_sign_ins(people, session, settings):
    assert services.sample_sign_ins(session, settings=settings) == []


def test_an_import_takes_few_statements(samples, statements, session):
    samples()
    with statements() as found:
        samples()
    assert len(found) <= 8, found
    assert session.scalar(sa.select(sa.func.count()).select_from(SignIn)) == 0
