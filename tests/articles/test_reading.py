"""The pages of readers: an article, the topics."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from portal import clock, markdown
from portal.articles import rendering, views
from portal.articles.models import Alias, Rendering, Revision
from portal.errors import Invalid
from tests.support import safe_dom

EVERYBODY = ["ana", "ben", "eva", "gus", "ada", "otto"]
HOSTILE = json.loads((Path(__file__).parent / "payloads/text_field_xss.json").read_text(encoding="utf-8"))
TOKENS = re.compile(r'name="csrf_token" value="[^"]*"')


@pytest.fixture
def reader(people, client_for):
    return client_for(people.ana)


def without_tokens(page):
    return TOKENS.sub("", page.text)


# --- an article --------------------------------------------------------------------------------


def test_page_holds_what_a_reader_needs(write_article, reader, people, world):
    team = world.team("it-service-desk")
    team.email, team.phone = "desk@portal.test", "+44 113 496 0440"
    article = write_article(
        "Reset your password",
        answer="Go to the sign-in page.",
        body="Intro\n\n## On Windows\n\n1. Press **Ctrl**\n\n### Locked\n\nx\n\n## On a Mac\n\ny",
        owner=people.eva,
    )
    article.checked_on = clock.today().replace(year=2026, month=3, day=3)
    page = reader.get("/articles/reset-your-password")
    assert page.h1 == "Reset your password"
    assert page.texts("p.article__answer") == ["Go to the sign-in page."]
    assert page.texts("nav.toc a") == ["On Windows", "Locked", "On a Mac"]
    assert [link.get("href") for link in page.select("nav.toc a")] == [
        "#s-on-windows",
        "#s-locked",
        "#s-on-a-mac",
    ]
    assert "Last checked Tuesday 3 March 2026" in page.words
    assert page.texts("nav.breadcrumbs a") == ["Topics", "IT", "Accounts"]
    addresses = {link.get("href") for link in page.select("main a")}
    subject = "?subject=Reset%20your%20password"
    assert {
        f"mailto:desk@portal.test{subject}",
        "tel:+441134960440",
        f"mailto:eva@portal.test{subject}",
    } <= addresses
    assert [button.get("data-copy") for button in page.select("button[data-copy]")] == [
        "/articles/reset-your-password"
    ]
    assert len(page.select("button[data-print]")) == 1


def test_short_article_has_no_contents(write_article, reader):
    write_article("Short", body="## One\n\nx")
    assert reader.get("/articles/short").select("nav.toc") == []


def test_long_contents_show_the_first_level_only(write_article, reader):
    body = "\n\n".join(f"## Part {number}\n\n### Detail {number}\n\nx" for number in range(10))
    write_article("Long", body=body)
    assert reader.get("/articles/long").texts("nav.toc a") == [f"Part {number}" for number in range(10)]


def test_overdue_article_says_so(session, write_article, reader):
    article = write_article("Old")
    article.checked_on = clock.today() - timedelta(days=430)
    article.review_due = clock.today() - timedelta(days=250)
    page = reader.get("/articles/old")
    assert page.texts("p.notice__title") == ["Last checked 14 months ago"]


def test_fresh_article_does_not(write_article, reader):
    write_article("Fresh")
    assert reader.get("/articles/fresh").select("div.notice") == []


def test_article_that_was_never_checked_says_so(session, write_article, reader):
    article = write_article("Fresh")
    article.checked_on = article.review_due = None
    assert "Not checked yet" in reader.get("/articles/fresh").words


def test_owner_who_left_is_not_named(write_article, reader, people):
    write_article("a", owner=people.ben)
    assert "ben@portal.test" in reader.get("/articles/a").text
    people.ben.active = False
    assert "ben@portal.test" not in reader.get("/articles/a").text


@pytest.mark.parametrize(
    ("name", "tools"),
    [
        ("ana", []),
        ("ben", []),
        ("eva", ["Edit", "Still correct"]),
        ("gus", []),
        ("ada", ["Edit", "Still correct"]),
        ("otto", []),
    ],
)
def test_tools_of_each_person(write_article, people, client_for, name, tools):
    write_article("a")
    page = client_for(getattr(people, name)).get("/articles/a")
    found = page.texts("div.article__tools a") + page.texts("div.article__tools form button")
    assert found == tools


def test_author_is_told_of_a_newer_draft_and_readers_are_not(session, write_article, people, client_for):
    article = write_article("a", body="live text")
    article.latest = Revision(article=article, number=2, title="Secret title", body="secret")
    session.commit()
    assert "There is a newer draft" in client_for(people.eva).get("/articles/a").words
    page = client_for(people.ana).get("/articles/a")
    assert "newer draft" not in page.words
    assert "ecret" not in page.text
    assert "live text" in page.words


def test_still_correct_comes_back_here(session, write_article, people, client_for):
    article = write_article("a")
    article.checked_on = clock.today() - timedelta(days=400)
    client = client_for(people.eva)
    page = client.submit(client.get("/articles/a"), "Still correct")
    assert page.location == "/articles/a"
    session.refresh(article)
    assert article.checked_on == clock.today()


# --- refusals ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "details",
    [
        {"state": "draft"},
        {"state": "archived"},
        {"audience": {"departments": ["design"]}, "team": "payroll"},
    ],
    ids=["draft", "archived", "other audience"],
)
def test_what_one_may_not_see_looks_like_nothing(session, write_article, reader, details):
    article = write_article("hidden", **details)
    session.add(Alias(slug="formerly", article_id=article.id))
    session.commit()
    present = [without_tokens(reader.get(f"/articles/{slug}", status=404)) for slug in ("hidden", "formerly")]
    session.delete(session.get(Alias, "formerly"))
    article.live = article.latest = None
    session.flush()
    session.delete(article)
    session.commit()
    absent = [without_tokens(reader.get(f"/articles/{slug}", status=404)) for slug in ("hidden", "formerly")]
    assert present == absent


@pytest.mark.parametrize(
    "slug", ["nowhere", "%00", "a%00b", "x" * 500, "..%2f", "%E2%80%AE", "a%0ab", "-" * 120]
)
def test_odd_addresses_are_not_found(reader, slug):
    reader.get(f"/articles/{slug}", status=404)


@pytest.mark.parametrize("url", ["/articles/a", "/topics", "/topics/it", "/attachments/1/a.png"])
def test_nobody_reads_without_signing_in(client, write_article, url):
    write_article("a")
    assert client.get(url, status=302).location.startswith("/sign-in")


def test_old_address_redirects_for_good(session, write_article, reader):
    article = write_article("New one")
    session.add(Alias(slug="old-one", article_id=article.id))
    session.commit()
    assert reader.get("/articles/old-one", status=301).location == "/articles/new-one"
    assert reader.get("/articles/old-one?q=a%20b&n=1", status=301).location == "/articles/new-one?q=a%20b&n=1"
    assert reader.get("/articles/old-one", status=301).follow().h1 == "New one"


# --- hostile texts -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", sorted({text.replace("\0", "") for text in HOSTILE}))  # NUL is never stored
def test_no_text_becomes_markup(session, write_article, reader, people, world, text):
    article = write_article("a", answer=text, body=text, owner=people.eva, keywords=[text])
    article.live.title = text[:200]
    other = write_article("b", answer=text)
    other.live.title = text[:200]
    world.topic("it/accounts").name = world.topic("it").name = text[:120]
    world.topic("it/accounts").summary = text
    team = world.team("it-service-desk")
    team.name, team.purpose = text[:120], text
    people.eva.title = text[:120]
    for url in ("/articles/a", "/topics", "/topics/it/accounts"):
        page = reader.get(url, status=200)
        assert {script.get("src", "")[:8] for script in page.select("script")} == {"/assets/"}
        assert page.select("main svg[onload], main iframe, main embed, main object, main form") == []
    inner = reader.get("/articles/a").text.split('<div class="prose">')[1].split("</div>\n    <footer")[0]
    assert safe_dom.problems(inner) == []


# --- renderings --------------------------------------------------------------------------------


def renderings(session):
    session.rollback()
    return session.scalars(sa.select(Rendering.renderer).order_by(Rendering.renderer)).all()


def test_first_reader_keeps_the_rendering_for_the_next(session, write_article, reader, monkeypatch):
    write_article("a", body="**b**")
    reader.get("/articles/a")
    assert renderings(session) == ["1"]
    monkeypatch.setattr(markdown, "render", None)
    assert "b" in reader.get("/articles/a").texts("div.prose strong")


def test_newer_renderer_is_used_at_once(session, write_article, reader, monkeypatch):
    article = write_article("a", body="**b**")
    session.add(Rendering(revision_id=article.live_id, renderer="0", html="<p>outdated</p>", sections=[]))
    assert "outdated" not in reader.get("/articles/a").words
    assert renderings(session) == ["0", "1"]


def test_page_is_shown_though_the_rendering_cannot_be_kept(
    session, write_article, reader, monkeypatch, caplog
):
    write_article("a", body="**b**")

    def fail(*_arguments):
        raise OperationalError("INSERT", {}, Exception("database is locked"))

    monkeypatch.setattr(rendering, "render_revision", fail)
    assert reader.get("/articles/a").texts("div.prose strong") == ["b"]
    assert "could not be stored" in caplog.text
    assert renderings(session) == []


def test_text_that_a_newer_renderer_refuses_is_still_readable(session, write_article, reader, monkeypatch):
    write_article("a", body="**b** <i>")

    def refuse(*_arguments, **_details):
        raise Invalid(markdown.TOO_COMPLEX, body=markdown.TOO_COMPLEX)

    monkeypatch.setattr(markdown, "render", refuse)
    assert reader.get("/articles/a").texts("div.prose pre") == ["**b** <i>"]
    assert renderings(session) == []


# --- topics ------------------------------------------------------------------------------------


def test_topics_and_their_articles(write_article, reader):
    write_article("Reset it", answer="Like this.")
    write_article("Pay", topic="hr/pay")
    page = reader.get("/topics")
    assert page.texts("h2") == ["IT", "HR"]
    page = page.click("IT")
    assert (page.h1, page.texts("main h3")) == ("IT", ["Reset it"])
    page = reader.get("/topics/it/accounts")
    assert page.texts("nav.breadcrumbs li") == ["Topics", "IT", "Accounts"]
    assert page.click("Reset it").h1 == "Reset it"


def test_each_person_finds_their_topics(write_article, people, client_for):
    write_article("a", topic="hr/pay", audience={"countries": ["GB"]}, team="payroll")
    for name in EVERYBODY:
        client = client_for(getattr(people, name))
        status = 200 if name in ("ana", "ben", "eva", "ada") else 404
        client.get("/topics/hr", status=status)
        client.get("/topics/hr/pay", status=status)
        assert ("HR" in client.get("/topics").words) is (status == 200)


def test_nothing_to_read_is_explained(reader):
    page = reader.get("/topics")
    assert page.texts("p.empty__title") == ["There are no articles for you yet"]


@pytest.mark.parametrize(
    "path", ["nowhere", "it/nowhere", "hr", "it/accounts/", "%00", "it%00", "x" * 3000, "it//accounts"]
)
def test_other_topics_are_not_found(write_article, reader, path):
    write_article("a")
    reader.get(f"/topics/{path}", status=404)


def test_long_topic_has_pages(session, write_article, reader, monkeypatch):
    monkeypatch.setattr(views, "PAGE_SIZE", 2)
    for number in range(3):
        write_article(f"n{number}")
    page = reader.get("/topics/it")
    assert page.texts("main h3") == ["n0", "n1"]
    assert page.click("Next").texts("main h3") == ["n2"]
    reader.get("/topics/it?page=3", status=404)


def test_overdue_article_is_marked_in_its_topic(write_article, reader):
    article = write_article("a")
    article.review_due = clock.today() - timedelta(days=1)
    assert reader.get("/topics/it").texts("span.badge") == ["Check is overdue"]


# --- cost --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ana", "eva", "ada"])
@pytest.mark.parametrize("url", ["/articles/a0", "/topics", "/topics/it"])
def test_statements_do_not_grow(session, write_article, people, client_for, statements, name, url):
    links = " ".join(f"[x](/articles/a{number})" for number in range(12))
    for number in range(12):
        write_article(f"a{number}", body=f"## One\n\n{links}\n\n## Two", keywords=["k"], owner=people.eva)
    client = client_for(getattr(people, name))
    client.get(url)
    with statements() as made:
        client.get(url)
    assert len(made) <= 8, "\n\n".join(made)
