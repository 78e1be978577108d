import pytest
import sqlalchemy as sa

from portal.accounts.models import Person
from portal.accounts.passwords import TOO_SHORT
from tests.support.world import PASSWORD

NEW = "four quiet ships at dawn"


@pytest.fixture
def person(session):
    def _person(email):
        session.expire_all()
        session.rollback()
        return session.scalars(sa.select(Person).where(Person.email == email)).one_or_none()

    return _person


def test_create_admin_asks_for_a_password_twice(flask_command, client, sign_in, person):
    result = flask_command(
        "accounts", "create-admin", "Root@x.test", "--name", "Ro Root", input=f"{NEW}\n{NEW}\n"
    )
    assert "Created the administrator root@x.test." in result.output
    assert NEW not in result.output
    created = person("root@x.test")
    assert (created.name, created.admin, created.active, created.sample) == ("Ro Root", True, True, False)
    sign_in(client, "root@x.test", NEW, status=302)


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_password_may_come_from_standard_input(flask_command, client, sign_in, end):
    flask_command(
        "accounts", "create-admin", "root@x.test", "--name", "Ro", "--password-stdin", input=f" {NEW} {end}"
    )
    sign_in(client, "root@x.test", f" {NEW} ", status=302)


@pytest.mark.parametrize(
    ("email", "name", "password", "message"),
    [
        ("root@x.test", "Ro", "short", TOO_SHORT),
        ("root@x.test", "Ro", "", TOO_SHORT),
        ("root@x.test", "Ada Lovelace", "Ada Lovelace 1843", "little more than your name"),
        ("root", "Ro", NEW, "'root' is not an e-mail address."),
        ("root@x.test", " ", NEW, "The name is empty"),
        ("root@x.test", "a\nb", NEW, "control characters"),
        (
            "ana@portal.test",
            "Ana",
            NEW,
            "ana@portal.test is there already. Use `flask accounts set-password`.",
        ),
    ],
)
def test_what_create_admin_refuses(flask_command, world, session, email, name, password, message):
    before = session.scalar(sa.select(sa.func.count()).select_from(Person))
    result = flask_command(
        "accounts",
        "create-admin",
        email,
        "--name",
        name,
        "--password-stdin",
        input=f"{password}\n",
        exit_code=1,
    )
    assert message in result.output
    session.rollback()
    assert session.scalar(sa.select(sa.func.count()).select_from(Person)) == before


def test_two_different_passwords_are_asked_for_again(flask_command, person):
    flask_command(
        "accounts", "create-admin", "root@x.test", "--name", "Ro", input=f"{NEW}\nother\n", exit_code=1
    )
    assert person("root@x.test") is None


def test_set_password_ends_every_sign_in(flask_command, client_for, people, client, sign_in):
    elsewhere = client_for(people.ana)
    result = flask_command("accounts", "set-password", "ANA@portal.test", input=f"{NEW}\n{NEW}\n")
    assert "ana@portal.test has a new password and is signed out everywhere." in result.output
    elsewhere.get("/account", status=302)
    sign_in(client, people.ana.email, PASSWORD, status=422)
    sign_in(client, people.ana.email, NEW, status=302)


def test_set_password_checks_the_rules(flask_command, people, client, sign_in):
    result = flask_command(
        "accounts",
        "set-password",
        "ana@portal.test",
        "--password-stdin",
        input="ana test ana test\n",
        exit_code=1,
    )
    assert "little more than your name" in result.output
    sign_in(client, people.ana.email, status=302)


def test_deactivate_and_activate(flask_command, client_for, people, client, sign_in):
    elsewhere = client_for(people.ana)
    assert "closed" in flask_command("accounts", "deactivate", "ana@portal.test").output
    elsewhere.get("/account", status=302)
    sign_in(client, people.ana.email, status=422)
    assert "open" in flask_command("accounts", "activate", "ana@portal.test").output
    sign_in(client, people.ana.email, status=302)


@pytest.mark.parametrize("command", ["set-password", "deactivate", "activate"])
def test_nobody_by_that_address(flask_command, world, command):
    result = flask_command("accounts", command, "nobody@x.test", input=f"{NEW}\n{NEW}\n", exit_code=1)
    assert "There is nobody with the address nobody@x.test." in result.output


# -- import ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "teams.yaml").write_text("teams: [{slug: care, name: Care}]\n")
    (tmp_path / "people.csv").write_text(
        "\ufeffemail;name;memberships\nann@x.test;Ann;care:lead\nbad;Bad;\nana@portal.test;Ana Neu;\n",
        encoding="utf-8",
    )
    return tmp_path


def test_a_dry_run_tells_what_would_change_and_changes_nothing(flask_command, world, folder, person):
    files = (str(folder / "teams.yaml"), str(folder / "people.csv"))
    result = flask_command("accounts", "import", *files, "--dry-run", exit_code=1)
    assert result.output.splitlines() == [
        "+ team care",
        "+ person ann@x.test",
        "~ person ana@portal.test: name Ana Neu",
        "! people.csv, line 3: 'bad' is not an e-mail address.",
        "2 would be added, 1 would be changed, 0 as before, 1 left out. Nothing was saved.",
    ]
    assert person("ann@x.test") is None
    assert person("ana@portal.test").name == "Ana Test"


def test_an_import_saves_what_is_good(flask_command, world, folder, person):
    files = (str(folder / "teams.yaml"), str(folder / "people.csv"))
    result = flask_command("accounts", "import", *files, exit_code=1)
    assert result.output.splitlines()[-1] == "2 added, 1 changed, 0 as before, 1 left out."
    assert person("ann@x.test").memberships[0].team.name == "Care"
    assert person("ana@portal.test").name == "Ana Neu"
    (folder / "people.csv").write_text("email,name\nann@x.test,Ann\n")
    again = flask_command("accounts", "import", *files)
    assert again.output.splitlines() == ["0 added, 0 changed, 2 as before, 0 left out."]


def test_an_import_needs_files_that_exist(flask_command, world):
    flask_command("accounts", "import", exit_code=2)
    assert "does not exist" in flask_command("accounts", "import", "nowhere.yaml", exit_code=2).output
