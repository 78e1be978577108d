"""Health, robots, static files, help, privacy and the choice of colours."""

import re

import pytest

from portal.web import assets


def test_health_answers_without_a_sign_in(client):
    assert client.get("/healthz").text == "ok\n"


def test_search_engines_are_sent_away(client):
    assert "Disallow: /" in client.get("/robots.txt").text


def test_the_icon_is_where_browsers_look_for_it(client):
    icon = client.get("/favicon.ico")
    assert icon.response.mimetype == "image/svg+xml"


def test_static_files_may_be_kept_for_good_under_the_address_of_their_version(client, app):
    page = client.get("/sign-in")
    sheet = page.one("link[rel=stylesheet]").get("href")
    assert re.fullmatch(r"/assets/[0-9a-f]{12}/css/portal\.css", sheet)
    assert client.get(sheet).headers["Cache-Control"] == assets.FOREVER
    old = client.get("/assets/000000000000/css/portal.css")
    assert old.headers["Cache-Control"] == "no-cache"
    assert client.get("/static/css/portal.css").headers["Cache-Control"] == "no-cache"


def test_a_module_and_what_it_imports_come_from_one_version(client):
    entry = client.get("/sign-in").one("script[type=module]").get("src")
    folder = entry.rpartition("/")[0]
    for name in re.findall(r'from "\./([\w.]+)"', client.get(entry).text):
        assert client.get(f"{folder}/{name}").headers["Cache-Control"] == assets.FOREVER


@pytest.mark.parametrize("name", ["nothing.css", "../app.py", "..%2fapp.py", "css/../../app.py"])
def test_nothing_but_static_files_is_served(client, name):
    assert client.get(f"/assets/x/{name}", status=None).status in (404, 302)


def test_the_version_changes_with_any_file(tmp_path):
    (tmp_path / "a.css").write_text("a{}")
    before = assets.version_of(tmp_path)
    (tmp_path / "js").mkdir()
    (tmp_path / "js" / "b.js").write_text("1")
    with_second = assets.version_of(tmp_path)
    (tmp_path / "js" / "b.js").rename(tmp_path / "js" / "c.js")
    assert len({before, with_second, assets.version_of(tmp_path)}) == 3


def test_while_debugging_a_changed_file_counts_at_once(app, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "static_folder", str(tmp_path))
    (tmp_path / "a.css").write_text("a{}")
    first = assets.current_version()
    (tmp_path / "a.css").write_text("b{}")
    assert assets.current_version() == first
    monkeypatch.setitem(app.config, "DEBUG", True)
    assert assets.current_version() != first


def test_help_says_how_to_ask_and_which_keys_there_are(people, client_for):
    page = client_for(people.ana).get("/help")
    assert "Ask a good question" in page.texts("h2")
    assert "Ctrl" in page.texts("kbd")
    assert "Your writing" not in page.words
    assert "Your writing" in client_for(people.eva).get("/help").words


def test_privacy_says_what_is_recorded_and_for_how_long(people, client_for):
    words = client_for(people.ana).get("/privacy").words
    assert "30 days" in words
    assert "no report of what one person searched for" in words


@pytest.mark.parametrize("chosen", ["light", "dark", "system"])
def test_the_colours_are_chosen_without_javascript_and_kept(client, chosen):
    page = client.submit(client.get("/sign-in"), f"button[value={chosen}]")
    assert page.location == "/sign-in"
    cookie = page.headers.getlist("Set-Cookie")[0]
    assert f"theme={chosen}" in cookie
    assert "HttpOnly" in cookie
    after = client.get("/sign-in")
    assert after.tree.get("data-theme") == chosen
    assert after.one("button[aria-pressed=true]").get("value") == chosen


def test_colours_that_do_not_exist_change_nothing(client):
    page = client.post("/theme", {"theme": "pink"})
    assert "theme=" not in str(page.headers.getlist("Set-Cookie"))
    client.http.set_cookie("theme", "pink")
    assert client.get("/sign-in").tree.get("data-theme") == "system"


@pytest.mark.parametrize("target", ["//evil.test", "https://evil.test", "/\\evil.test", ""])
def test_choosing_colours_leads_nowhere_else(client, target):
    assert client.post("/theme", {"theme": "dark", "next": target}).location == "/"


def test_choosing_colours_leads_back_to_the_page_with_its_question(people, client_for):
    client = client_for(people.ana)
    page = client.submit(client.get("/help?x=1"), "button[value=dark]")
    assert page.location == "/help?x=1"
