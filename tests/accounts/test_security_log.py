import json
import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts import security_log as written
from portal.accounts import services
from tests.support.world import PASSWORD

LINE = re.compile(r"[a-z_]+( [a-z_]+=(None|-?\d+|\"([^\"\\]|\\.)*\"))*")


@given(st.text())
def test_a_value_is_one_printable_ascii_word(text):
    word = written.safe(text)
    assert word.isascii()
    assert word.isprintable()
    assert "\n" not in word
    assert json.loads(word)[:119] == text[:119]
    assert len(json.loads(word)) <= 120


@pytest.mark.parametrize(("value", "word"), [(None, "None"), (7, "7"), ("a b", '"a b"'), ('a"b', '"a\\"b"')])
def test_values(value, word):
    assert written.safe(value) == word


def test_each_step_is_one_line(client, people, session, settings, sign_in, security_log):
    sign_in(client, people.ana.email, "wrong", status=422)
    sign_in(client, people.ana.email, agent="Firefox/1 Linux", status=302)
    client.submit(client.get("/account"), "Sign out")
    made = services.new_hash(people.ana, "four quiet ships at dawn", settings=settings)
    services.set_password(session, people.ana, new_hash=made, settings=settings)
    services.deactivate(session, people.ana)
    services.activate(session, people.ana)
    number = people.ana.id
    assert security_log() == [
        'sign_in_refused account="ana@portal.test" address="192.0.2.1" device="Another device"',
        f'sign_in person={number} address="192.0.2.1" device="Firefox on Linux"',
        f"sign_out person={number}",
        f"password_set person={number}",
        f"deactivated person={number}",
        f"activated person={number}",
    ]


def test_a_lock_out_and_what_it_refuses_are_written_down(client, people, sign_in, security_log):
    for _ in range(5):
        sign_in(client, people.ana.email, "wrong", status=422)
    sign_in(client, people.ana.email, status=429)
    events = [line.partition(" ")[0] for line in security_log()]
    assert events == ["sign_in_refused"] * 5 + ["locked_out", "sign_in_blocked"]
    assert "seconds=30" in security_log()[5]


def test_what_is_typed_cannot_forge_a_line(client, world, sign_in, security_log, shared_dir):
    texts = json.loads((shared_dir / "payloads/own/log_injection.json").read_text(encoding="utf-8"))
    for number, text in enumerate(texts):
        place = f"10.0.0.{number}"
        page = client.get("/sign-in")
        token = page.one("main input[name=csrf_token]").get("value")
        agent = "".join(c for c in text if c.isprintable())[:2000]  # servers refuse the others in a header
        for email in (text, f"{text.replace(' ', '')[:60]}@portal.test"):
            client.post(
                "/sign-in",
                {"csrf_token": token, "email": email, "password": text},
                status=422,
                environ_base={"REMOTE_ADDR": place, "HTTP_USER_AGENT": agent},
            )
    lines = security_log()
    assert len(lines) == 2 * len(texts)
    for line in lines:
        assert LINE.fullmatch(line), line
        assert line.isascii()
        assert line.isprintable()
        assert len(line) < 900


def test_a_password_in_the_wrong_box_is_not_written_down(client, world, sign_in, security_log):
    sign_in(client, PASSWORD, PASSWORD, status=422)
    assert security_log() == [
        'sign_in_refused account="(no e-mail address)" address="192.0.2.1" device="Another device"'
    ]


def test_without_logging_of_the_deployments_own_lines_go_to_standard_error(app, capsys, monkeypatch):
    written.note("heard_by_others")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    written.note("sign_in", person=7)
    assert re.fullmatch(r"\d{4}-.* INFO portal\.security: sign_in person=7\n", capsys.readouterr().err)
