import re

import pytest

from portal.accounts import services
from portal.accounts.models import Membership, Role, SignIn
from portal.accounts.passwords import TOO_CLOSE, TOO_COMMON, TOO_SHORT
from tests.support.client import PageClient
from tests.support.world import PASSWORD

NEW = "four quiet ships at dawn"


def change(client, present=PASSWORD, new=NEW, again=None, *, status=302):
    fields = {"present": present, "new": new, "again": new if again is None else again}
    return client.submit(client.get("/account/password"), "Change password", fields, status=status)


def teams(page):
    return [text for text in page.texts("main ul li") if "Signed in" not in text]


# -- one's details -----------------------------------------------------------------------------------


def test_a_person_sees_their_own_details(client_for, people):
    page = client_for(people.otto).get("/account")
    assert page.h1 == "Your account"
    facts = dict(zip(page.texts("main dt"), page.texts("main dd"), strict=True))
    assert facts["E-mail address"] == "otto@portal.test"
    assert facts["Place of work"] == "Portland"
    assert facts["Department"] == "Design"
    assert facts["Employed as"] == "contractor"
    assert "Rights" not in facts
    assert "You belong to no team" in page.words


def test_roles_and_rights_are_named(client_for, people):
    page = client_for(people.eva).get("/account")
    assert teams(page) == ["IT Service Desk (author)"]
    assert page.click("IT Service Desk").h1 == "IT Service Desk"
    assert "administrator of the portal" in client_for(people.ada).get("/account").words


def test_a_person_without_place_or_department_has_a_page_too(client_for, people, session):
    people.ana.site = people.ana.department = None
    assert client_for(people.ana).get("/account").h1 == "Your account"


@pytest.mark.parametrize("path", ["/account", "/account/password", "/teams", "/teams/payroll"])
def test_nobody_sees_them_without_signing_in(client, world, path):
    assert client.get(path, status=302).location == f"/sign-in?next={path}"


# -- where one is signed in --------------------------------------------------------------------------


def test_devices_are_listed_and_this_one_is_marked(app, people, sign_in):
    laptop, phone = PageClient(app), PageClient(app)
    sign_in(laptop, people.ana.email, agent="(Windows) Firefox/1", status=302)
    sign_in(phone, people.ana.email, agent="(iPhone) CriOS/1 Safari/1", status=302)
    devices = laptop.get("/account").texts("main .list__title")
    assert sorted(devices) == ["Chrome on iPhone", "Firefox on Windows this one"]


def test_ending_another_device(app, people, sign_in):
    laptop, phone = PageClient(app), PageClient(app)
    sign_in(laptop, people.ana.email, status=302)
    sign_in(phone, people.ana.email, status=302)
    page = laptop.submit(laptop.get("/account"), "End", follow=True)
    assert "1 sign-in ended." in page.words
    assert page.texts("main .list button") == ["Sign out"]
    phone.get("/account", status=302)
    laptop.get("/account")


def test_ending_all_others(app, people, sign_in, sign_ins):
    clients = [PageClient(app) for _ in range(3)]
    for client in clients:
        sign_in(client, people.ana.email, status=302)
    here = clients[1]
    page = here.submit(here.get("/account"), "End all others", follow=True)
    assert "2 sign-ins ended." in page.words
    assert [client.get("/account", status=None).status for client in clients] == [302, 200, 302]
    assert "End all others" not in page.texts("button")
    assert len(sign_ins(people.ana)) == 1


@pytest.mark.parametrize("which", ["", "x", "0", "-1", "٣", "1e3", "9" * 30, "1 OR 1=1"])
def test_what_is_no_sign_in_of_ones_own_is_not_found(client_for, people, which):
    client_for(people.ana).post("/account/sign-ins/end", {"sign_in": which}, status=404)


def test_nobody_ends_somebody_elses(client_for, people, sign_ins):
    client_for(people.ben)
    (theirs,) = sign_ins(people.ben)
    ours = client_for(people.ana)
    page = ours.post("/account/sign-ins/end", {"sign_in": theirs.id}, status=404)
    gone = ours.post("/account/sign-ins/end", {"sign_in": 10**6}, status=404)
    tokens = re.compile(r'name="csrf_token" value="[^"]*"')  # they hold the second they were made in
    assert tokens.sub("", page.text) == tokens.sub("", gone.text)
    assert len(sign_ins(people.ben)) == 1


def test_ended_ones_are_not_listed(client_for, people, session, travel):
    client_for(people.ana)
    travel(hours=13)
    assert len(client_for(people.ana).get("/account").select("main .list__item")) == 1


# -- changing one's password -------------------------------------------------------------------------


def test_a_new_password_counts_from_then_on(app, client_for, people, sign_in, security_log):
    client = client_for(people.ana)
    page = change(client).follow()
    assert "Your password is changed. You are signed out everywhere else." in page.words
    sign_in(PageClient(app), people.ana.email, PASSWORD, status=422)
    sign_in(PageClient(app), people.ana.email, NEW, status=302)
    assert f"password_changed person={people.ana.id}" in security_log()


def test_it_ends_every_other_sign_in_and_makes_this_one_anew(app, client_for, people, sign_ins):
    here, elsewhere = client_for(people.ana), client_for(people.ana)
    others = client_for(people.ben)
    old = here.http.get_cookie("portal_session").value
    before = {row.token_hash for row in sign_ins(people.ana)}
    change(here)
    here.get("/account")
    elsewhere.get("/account", status=302)
    others.get("/account")
    (now,) = sign_ins(people.ana)
    assert now.token_hash not in before
    replayed = PageClient(app)
    replayed.http.set_cookie("portal_session", old)
    replayed.get("/account", status=302)


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"present": "not it"}, "This is not your present password. Check it and try again"),
        ({"present": ""}, "Enter your present password"),
        ({"new": ""}, "Enter a new password"),
        ({"again": "something else"}, "The two new passwords differ. Type the same one twice"),
        ({"new": "too short"}, TOO_SHORT),
        ({"new": "passwordpassword"}, TOO_COMMON),
        ({"new": "ana@portal.test 2026"}, TOO_CLOSE),
        ({"new": "Test Portal Test Portal"}, TOO_CLOSE),
    ],
)
def test_what_is_refused_is_said_at_its_field_and_changes_nothing(
    client_for, people, session, fields, problem
):
    before = people.ana.password_hash
    client = client_for(people.ana)
    page = change(client, **fields, status=422)
    assert problem in page.texts(".error-summary li")
    assert page.select("[aria-invalid=true]")
    session.refresh(people.ana)
    assert people.ana.password_hash == before
    for typed in (PASSWORD, NEW, *fields.values()):
        assert not typed or f'"{typed}"' not in page.text


def test_guessing_the_present_password_is_slowed_down(client_for, people, travel, security_log):
    client = client_for(people.ana)
    for _ in range(5):
        change(client, present="not it", status=422)
    page = change(client, status=429)
    assert "That was tried too often. Try again in 30 seconds." in page.words
    assert int(page.headers["Retry-After"]) <= 30
    assert f"password_change_refused person={people.ana.id} blocked=1" in security_log()
    travel(seconds=31)
    change(client)


def test_the_page_tells_a_password_manager_whose_password_it_is(client_for, people):
    page = client_for(people.ana).get("/account/password")
    assert page.one("main input[autocomplete=username]").get("value") == people.ana.email
    kinds = [field.get("autocomplete") for field in page.select("main input[type=password]")]
    assert kinds == ["current-password", "new-password", "new-password"]
    assert not page.select("main input[maxlength]")


def test_a_password_that_was_changed_meanwhile_is_a_conflict(
    client_for, people, session, settings, monkeypatch
):
    client = client_for(people.ana)
    make = services.new_hash

    def _while_hashing(person, password, **details):
        made = make(person, password, **details)
        session.get(type(person), people.ana.id).password_hash = "changed by an operator"
        session.commit()
        return made

    monkeypatch.setattr(services, "new_hash", _while_hashing)
    page = change(client, status=409)
    assert "Your password was changed in the meantime." in page.words


def test_an_account_without_a_password_has_none_to_change(client_for, people, session):
    people.ana.password_hash = None
    client = client_for(people.ana)
    assert "This account has no password." in client.get("/account").words
    client.get("/account/password", status=404)


# -- teams -------------------------------------------------------------------------------------------


def test_teams_are_listed_by_name_with_their_purpose(client_for, people):
    page = client_for(people.ana).get("/teams")
    assert page.texts("main h2") == ["IT Service Desk", "Payroll", "People Services"]
    assert "Payroll helps." in page.words
    assert page.click("Payroll").h1 == "Payroll"


def test_no_teams_yet_is_said(client_for, people, session, world):
    for slug in ("it-service-desk", "payroll", "people-services"):
        session.delete(world.team(slug))
    assert "No teams yet" in client_for(people.ana).get("/teams").words


def test_a_team_says_how_to_reach_it_and_who_is_in_it(client_for, people, world):
    team = world.team("it-service-desk")
    team.email, team.phone = "it@portal.test", "+44 113 496 0440"
    page = client_for(people.otto).get("/teams/it-service-desk")
    assert [link.get("href") for link in page.select("main dd a")] == [
        "mailto:it@portal.test",
        "tel:+441134960440",
    ]
    assert "IT Service Desk helps." in page.words
    assert page.texts("main .person__name") == ["Eva Test author", "Gus Test agent"]
    assert page.texts("main .person__title") == ["IT colleague, Leeds", "IT colleague, Hamburg"]
    assert people.eva.email not in page.text


def test_leads_come_first_and_who_has_left_does_not_come(client_for, people, world, session):
    team = world.team("it-service-desk").id
    session.add_all(
        Membership(person_id=people.gus.id, team_id=team, role=role) for role in (Role.LEAD, Role.AUTHOR)
    )
    client = client_for(people.ana)
    names = client.get("/teams/it-service-desk").texts("main .person__name")
    assert names == ["Gus Test lead, author, agent", "Eva Test author"]
    services.deactivate(session, people.gus)
    assert client.get("/teams/it-service-desk").texts("main .person__name") == ["Eva Test author"]


def test_a_team_without_people_or_address(client_for, people):
    page = client_for(people.ana).get("/teams/payroll")
    assert "Nobody is in this team yet" in page.words
    assert "Get in touch" not in page.words


@pytest.mark.parametrize("slug", ["nowhere", "payroll%00", "%F0%9F%90%A2", "a" * 500, "' OR 1=1 --"])
def test_a_team_that_does_not_exist(client_for, people, slug):
    client_for(people.ana).get(f"/teams/{slug}", status=404)


def test_the_pages_take_few_statements(client_for, people, statements, session):
    client = client_for(people.ana)
    for path, most in (("/account", 2), ("/teams", 2), ("/teams/it-service-desk", 3)):
        with statements() as found:
            client.get(path)
        assert len(found) <= most, (path, found)


def test_the_rows_of_sign_ins_hold_no_more_than_the_column_takes(people, sign_in, sign_ins, client):
    sign_in(client, people.ana.email, agent="Firefox/1 Windows " + "x" * 5000, status=302)
    (row,) = sign_ins(people.ana)
    assert len(row.device) <= SignIn.device.type.length
