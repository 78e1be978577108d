"""Who may write what, what is refused, and that nothing typed is ever lost. No JavaScript anywhere."""

import json
import re

import pytest
import sqlalchemy as sa

from portal.accounts import permissions
from portal.accounts.models import Membership, Role, SignIn
from portal.articles.drafts import lines
from portal.articles.models import Article, Revision, State
from tests.support.busy import busy

GET = ("edit", "history", "revisions/1", "diff", "address")
POST = ("edit", "publish", "confirm", "archive", "unarchive", "revisions/1/restore", "address")


@pytest.fixture
def eva(client_for, people):
    return client_for(people.eva)


@pytest.fixture
def typed(world, people):
    """A form filled in to the last field."""
    return {
        "title": "Reset your password",
        "answer": "Select Forgot password.",
        "body": '\n\n1. Öffne <die> Seite.\r\n2. Weiter & "fertig".\n',
        "questions": "Passwort vergessen?\n¿Cómo entro?",
        "keywords": "PIN\ngesperrt",
        "topic": str(world.topic("it/accounts").id),
        "owner": str(people.gus.id),
        "review_days": "30",
        "audience_countries": ["DE", "GB"],
        "audience_departments": ["finance"],
        "note": "A note",
    }


def held(page):
    """Everything in the editor's form, as a browser would send it."""
    form = page.one("form[data-editor]")
    found = {}
    for field in form.iter():
        name = field.get("name")
        if name in (None, "csrf_token", "version", "form_id", "action"):
            continue
        if field.tag == "textarea":
            found[name] = field.text or ""
        elif field.tag == "select":
            found[name] = next(
                (o.get("value") for o in field.iter("option") if o.get("selected") is not None), ""
            )
        elif field.get("type") == "checkbox":
            if field.get("checked") is not None:
                found.setdefault(name, []).append(field.get("value"))
        else:
            found[name] = field.get("value")
    return found


def same(kept, typed):
    """Whether a page holds all that was typed; line ends are the browser's business."""
    lines = {k: v.replace("\r\n", "\n") if isinstance(v, str) else v for k, v in typed.items()}
    return {
        k: v.replace("\r\n", "\n") if isinstance(v, str) else v for k, v in kept.items() if k in lines
    } == lines


def seen(page):
    """A page without what says nothing about articles: its own address (forms lead back to it, the search
    box offers its words) and the token of its forms."""
    return re.sub(r'(name="(?:q|next|csrf_token)"[^>]* value=)"[^"]*"', r"\1", page.text)


def send(client, url, fields):
    """Send a form whatever the answer; the answer is linted."""
    return client._open("POST", url, None, data=fields)


def count(session, kind=Article):
    session.expire_all()
    return session.scalar(sa.select(sa.func.count()).select_from(kind))


# --- roles -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ana", "ben", "gus", "otto"])
def test_who_writes_for_no_team_finds_no_writing_pages(client_for, people, write_article, name):
    client = client_for(getattr(people, name))
    missing = seen(client.get("/no-such-page", status=404))
    write_article("A page")
    for path in ("/write", "/articles/new", *(f"/articles/a-page/{path}" for path in GET)):
        assert seen(client.get(path, status=404)) == missing, path
    for path in ("/articles/new", "/editor/preview", *(f"/articles/a-page/{path}" for path in POST)):
        assert seen(client.post(path, status=404)) == missing, path


@pytest.mark.parametrize("state", ["draft", "published", "archived"])
def test_articles_of_other_teams_look_like_none(eva, write_article, session, state):
    write_article("Secret pay plan", team="payroll", state=state)
    for path in GET:
        missing = seen(eva.get(f"/articles/no-such-article/{path}", status=404))
        assert seen(eva.get(f"/articles/secret-pay-plan/{path}", status=404)) == missing
    for path in POST:
        missing = seen(eva.post(f"/articles/no-such-article/{path}", status=404))
        assert seen(eva.post(f"/articles/secret-pay-plan/{path}", status=404)) == missing
    assert "Secret pay plan" not in eva.get("/write").text
    session.expire_all()
    assert session.scalars(sa.select(Article)).one().version == 1


def test_a_stale_form_for_an_article_of_another_team_looks_like_none(eva, write_article):
    write_article("Secret pay plan", team="payroll", state="draft")
    answers = {
        seen(eva.post(f"/articles/{slug}/edit", {"csrf_token": "stale", "title": "x"}, status=404))
        for slug in ("secret-pay-plan", "no-such-article")
    }
    assert len(answers) == 1


def test_an_author_does_not_archive(eva, write_article, session):
    write_article("A page")
    history = eva.get("/articles/a-page/history")
    assert "Archive" not in history.texts("button")
    assert "A lead of IT Service Desk can archive it." in history.words
    eva.post("/articles/a-page/archive", status=404)
    assert session.scalars(sa.select(Article.state)).one() is State.PUBLISHED


def test_a_lead_elsewhere_is_told_who_can_archive(client_for, people, world, session, write_article):
    people.eva.memberships.append(Membership(team=world.team("payroll"), role=Role.LEAD))
    session.commit()
    write_article("A page")
    page = client_for(people.eva).post("/articles/a-page/archive", status=403)
    assert "lead" in page.words


def test_an_admin_writes_for_every_team(client_for, people, write_article):
    write_article("Payday", team="payroll")
    ada = client_for(people.ada)
    ada.submit(ada.get("/articles/payday/edit"), "Save and publish", {"body": "Changed"}, status=302)
    assert "Changed" in ada.get("/articles/payday").words


def test_a_team_one_does_not_write_for_is_refused(eva, world, typed, session):
    refused = eva.post("/articles/new", typed | {"team": str(world.team("payroll").id)}, status=422)
    assert refused.texts(".error-summary a") == ["Choose a team that you write for."]
    assert same(held(refused), typed)
    assert count(session) == 0


def test_somebody_who_is_not_an_author_any_more(eva, people, session, write_article, typed):
    write_article("A page")
    editor = eva.get("/articles/a-page/edit")
    people.eva.memberships.clear()
    session.commit()
    token = editor.one("form[data-editor] input[name=csrf_token]").get("value")
    eva.post("/articles/a-page/edit", typed | {"csrf_token": token}, status=404)
    assert count(session, Revision) == 1


# --- refusals give everything back -------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"answer": "x" * 301}, "answer"),
        ({"body": "x" * 110_000}, "body"),
        ({"keywords": "x" * 81}, "keywords"),
        ({"questions": "\n".join(map(str, range(41)))}, "questions"),
        ({"topic": ""}, "topic"),
        ({"topic": "99999999999999999999"}, "topic"),
        ({"topic": "1; DROP TABLE article"}, "topic"),
        ({"owner": "999999"}, "owner"),
        ({"owner": "x"}, "owner"),
        ({"review_days": "31"}, "review_days"),
        ({"audience_sites": ["moon"]}, "audience_countries"),
        ({"note": "x" * 301}, "note"),
    ],
)
def test_what_is_refused_comes_back_with_everything_in_it(eva, typed, session, world, change, field):
    team = str(world.team("it-service-desk").id)
    refused = eva.post("/articles/new", typed | change | {"team": team, "form_id": "f"}, status=422)
    assert f"#{field}" in [link.get("href") for link in refused.select(".error-summary a")]
    chosen = ("topic", "owner", "review_days", "audience_sites")
    expected = {k: v for k, v in (typed | change).items() if k not in chosen or k not in change}
    assert same(held(refused), expected)
    assert count(session) == 0


def test_hostile_text_is_shown_as_it_was_typed(eva, typed, world, session, shared_dir):
    texts = json.loads((shared_dir / "payloads/own/text_field_xss.json").read_text(encoding="utf-8"))
    team = str(world.team("it-service-desk").id)
    token = eva._token("/articles/new")
    fields = ("title", "answer", "body", "keywords", "questions", "note")
    for number, text in enumerate(texts):
        form = (
            typed | dict.fromkeys(fields, text) | {"team": team, "form_id": str(number), "csrf_token": token}
        )
        page = eva.post("/articles/new", form | {"action": "preview"}, status=200)  # linted
        assert same(held(page), typed | dict.fromkeys(fields, lines(text)))
        saved = send(eva, "/articles/new", form)
        assert saved.status in {302, 422}
        if saved.status == 302:
            for path in ("edit", "history", "revisions/1"):
                eva.get(saved.location.replace("/edit", f"/{path}"))
            other = form | {"body": f"{text} {text}", "answer": "", "version": "1", "form_id": f"{number}b"}
            eva.post(saved.location, other, status=302)
            eva.get(saved.location.replace("/edit", "/diff"))
    assert count(session) > len(texts) // 2
    assert {e.get("src").rpartition("/")[2] for e in eva.get("/write").select("script")} == {"portal.js"}


def test_naughty_strings_in_every_field_at_once(eva, typed, world, session, shared_dir):
    texts = json.loads((shared_dir / "payloads/naughty_strings.json").read_text(encoding="utf-8"))
    team = str(world.team("it-service-desk").id)
    token = eva._token("/articles/new")
    for start in range(0, len(texts), 10):
        some = texts[start : start + 10]
        form = typed | {"team": team, "form_id": f"n{start}", "csrf_token": token}
        form |= {"title": some[0][:200] or "x", "answer": some[1][:300], "note": some[2][:300]}
        # character references of control characters are the renderer's business
        form |= {
            "body": "\n\n".join(t for t in some if "&#1&#2" not in t),
            "keywords": "\n".join(t[:80] for t in some),
        }
        form |= {"questions": "\n".join(t[:200] for t in some)}
        eva.post("/articles/new", form | {"action": "preview"}, status=200)
        saved = send(eva, "/articles/new", form)
        assert saved.status in {302, 422}, saved.text[:500]
        if saved.status == 302:
            editor = saved.follow()
            history = eva.get(saved.location.replace("/edit", "/history"))
            assert history.h1.startswith("History of")
            eva.submit(editor, "Save draft", {"note": "again"}, status=302)
    assert count(session) > 40


def test_hostile_text_in_addresses_and_hidden_fields(eva, typed, world, shared_dir, session, write_article):
    write_article("A page")
    texts = json.loads((shared_dir / "payloads/own/text_field_xss.json").read_text(encoding="utf-8"))
    team = str(world.team("it-service-desk").id)
    names = ("version", "form_id", "topic", "owner", "review_days", "audience_sites", "action")
    token = eva._token("/articles/new")
    for number, text in enumerate(texts):
        form = typed | {"team": team, "version": "1", "csrf_token": token}
        answer = send(eva, "/articles/a-page/edit", form | {names[number % len(names)]: text})
        assert answer.status in {302, 409, 422}
        query = {"q": text, "team": text, "topic": text, "show": text, "page": text, "title": text}
        path = ("/write", "/articles/new", "/articles/a-page/history")[number % 3]
        eva.get(path, query_string=query)
        eva.get("/articles/a-page/diff", query_string={"from": text, "to": text}, status=404)
        eva.post("/articles/a-page/address", {"slug": text, "csrf_token": token}, status=422)
    eva.get("/articles/%00/edit", status=404)
    eva.post("/articles/%00/publish", status=404)
    eva.get("/articles/a-page/revisions/99999999999999999999", status=404)
    eva.get("/articles/a-page/revisions/999999999", status=404)


# --- somebody else saved first -----------------------------------------------------------------


def test_a_stale_save_shows_both_texts_and_loses_neither(
    eva, client_for, people, write_article, typed, session
):
    article = write_article("A page", body="First line\nSecond line")
    mine = eva.get("/articles/a-page/edit")
    other = client_for(people.ada)
    theirs = {"body": "First line\nTheir line", "answer": "Theirs"}
    other.submit(other.get("/articles/a-page/edit"), "Save draft", theirs)
    conflict = eva.submit(mine, "Save draft", typed | {"body": "First line\nMy line"}, status=409)
    assert conflict.h1 == "Somebody else saved first"
    assert "Ada Test saved this article" in conflict.words
    assert same(held(conflict), typed | {"body": "First line\nMy line"})
    assert "Removed: Their" in conflict.texts("del")
    assert "Added: My" in conflict.texts("ins")
    choices = dict(zip(conflict.texts(".table th[scope=row]"), conflict.texts(".table td"), strict=False))
    assert "Person who looks after it" in choices
    assert "Who may see it: Countries" in choices
    session.expire_all()
    assert article.latest.body == theirs["body"]
    eva.submit(conflict, "Save mine on top", status=302)
    session.expire_all()
    assert [r.body for r in article.revisions] == [
        "First line\nSecond line",
        theirs["body"],
        "First line\nMy line",
    ]
    assert article.owner == people.gus


def test_a_stale_save_of_ones_own_speaks_of_the_other_window(eva, write_article):
    write_article("A page")
    mine = eva.get("/articles/a-page/edit")
    eva.submit(eva.get("/articles/a-page/edit"), "Save draft", {"body": "Other"})
    conflict = eva.submit(mine, "Save draft", {"body": "Mine"}, status=409)
    assert conflict.h1 == "You saved this in another window"
    assert "You saved this article in another window on" in conflict.words
    assert "heirs" not in conflict.words
    editor = eva.submit(conflict, "Take over the other window", follow=True)
    assert editor.one("textarea[name=body]").text.strip() == "Other"


def test_theirs_can_be_taken_over(eva, client_for, people, write_article, session):
    write_article("A page")
    mine = eva.get("/articles/a-page/edit")
    other = client_for(people.ada)
    other.submit(other.get("/articles/a-page/edit"), "Save draft", {"body": "Theirs"})
    conflict = eva.submit(mine, "Save and publish", {"body": "Mine"}, status=409)
    editor = eva.submit(conflict, "Take over theirs", follow=True)
    assert editor.one("textarea[name=body]").text.strip() == "Theirs"
    assert count(session, Revision) == 2


def test_a_conflict_can_be_stale_again_and_previewed(eva, client_for, people, write_article, session):
    article = write_article("A page")
    mine = eva.get("/articles/a-page/edit")
    other = client_for(people.ada)
    for number in range(2):
        other.submit(other.get("/articles/a-page/edit"), "Save draft", {"body": f"Theirs {number}"})
        mine = eva.submit(
            mine, "Save draft" if number == 0 else "Save mine on top", {"body": "Mine"}, status=409
        )
    shown = eva.submit(mine, "Preview", status=200)
    eva.submit(shown, "Save and publish", status=302)
    session.expire_all()
    assert (article.live.body, article.version) == ("Mine", 5)


def test_a_save_of_what_was_archived_meanwhile_gives_the_text_back(
    eva, client_for, people, write_article, typed
):
    write_article("A page")
    mine = eva.get("/articles/a-page/edit")
    lead = client_for(people.ada)
    lead.submit(lead.get("/articles/a-page/history"), "Archive")
    conflict = eva.submit(mine, "Save draft", typed, status=409)
    assert same(held(conflict), typed)
    refused = eva.post(
        "/articles/a-page/edit", {**held(conflict), "version": "2", "form_id": "x"}, status=409
    )
    assert "archived" in " ".join(refused.texts(".error-summary li"))
    assert same(held(refused), typed)


def test_publishing_from_a_stale_page_is_refused(eva, client_for, people, write_article, session):
    write_article("A page")
    eva.submit(eva.get("/articles/a-page/edit"), "Save draft", {"body": "Two"})
    history = eva.get("/articles/a-page/history")
    other = client_for(people.ada)
    other.submit(other.get("/articles/a-page/edit"), "Save draft", {"body": "Three"})
    eva.submit(history, "Publish the latest text", status=409)
    old = eva.get("/articles/a-page/revisions/1")
    other.submit(other.get("/articles/a-page/edit"), "Save draft", {"body": "Four"})
    eva.submit(old, "Make this the latest draft", status=409)
    session.expire_all()
    article = session.scalars(sa.select(Article)).one()
    assert (article.live.number, article.latest.body) == (1, "Four")


# --- the same form twice -----------------------------------------------------------------------


@pytest.mark.parametrize("button", ["Save draft", "Save and publish"])
def test_a_form_sent_twice_makes_one_article(eva, typed, session, button):
    editor = eva.get("/articles/new")
    first = eva.submit(editor, button, typed, status=302)
    second = eva.submit(editor, button, typed, status=302)
    assert first.location == second.location
    assert (count(session), count(session, Revision)) == (1, 1)


@pytest.mark.parametrize("button", ["Save draft", "Save and publish"])
def test_an_edit_sent_twice_saves_once(eva, write_article, typed, session, button):
    write_article("A page")
    editor = eva.get("/articles/a-page/edit")
    for _ in range(2):
        eva.submit(editor, button, typed, status=302)
    assert count(session, Revision) == 2


def test_going_back_and_saving_another_text_shows_both(eva, typed, session):
    editor = eva.get("/articles/new")
    eva.submit(editor, "Save draft", typed)
    conflict = eva.submit(editor, "Save draft", typed | {"body": "More text"}, status=409)
    assert "You saved this article in another window" in conflict.words
    assert conflict.one("form[data-editor]").get("action") == "/articles/reset-your-password/edit"
    eva.submit(conflict, "Save mine on top", status=302)
    assert (count(session), count(session, Revision)) == (1, 2)


def test_a_publication_sent_twice_does_not_publish_what_came_between(eva, client_for, people, typed, session):
    editor = eva.get("/articles/new")
    eva.submit(editor, "Save and publish", typed)
    other = client_for(people.ada)
    other.submit(other.get("/articles/reset-your-password/edit"), "Save draft", {"body": "Not ready"})
    eva.submit(editor, "Save and publish", typed, status=409)
    session.expire_all()
    article = session.scalars(sa.select(Article)).one()
    assert (article.live.number, article.latest.body) == (1, "Not ready")


# --- the sign-in has run out -------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/articles/new", "/articles/a-page/edit", "/articles/no-such-article/edit"])
def test_a_form_sent_after_the_sign_in_ended_is_kept(client_for, people, session, write_article, typed, path):
    write_article("A page")
    eva = client_for(people.eva)
    editor = eva.get("/articles/new")
    token = editor.one("form[data-editor] input[name=csrf_token]").get("value")
    session.execute(sa.delete(SignIn))
    session.commit()
    sent = typed | {"csrf_token": token, "form_id": "f", "version": "1", "action": "save"}
    kept = eva.post(path, sent, status=400)
    assert kept.h1 == "You are signed out"
    assert "A page" not in kept.words
    fields = {}
    for field in kept.select("form[method=post] input[type=hidden]"):
        fields.setdefault(field.get("name"), []).append(field.get("value"))
    assert fields["audience_countries"] == typed["audience_countries"]
    assert fields["questions"] == [typed["questions"]]
    assert count(session, Revision) == 1
    eva.sign_in_as(session, people.eva)
    with eva.http.session_transaction() as cookie:
        cookie.pop("csrf_token", None)  # a new sign-in starts with an empty session
    if "no-such" in path:
        return
    again = eva.http.post(path, data={k: v for k, v in fields.items() if v} | {"body": typed["body"]})
    assert again.status_code == 400
    assert "This page was open for too long" in again.text
    page = kept.__class__(path, again, eva)
    assert same(held(page), typed)
    eva.submit(page, "Save draft", {"team": "1"} if path == "/articles/new" else {}, status=302)
    assert count(session, Revision) == 2


def test_a_form_sent_without_any_session_is_kept(client, typed):
    kept = client.post("/articles/new", typed, csrf=False, status=400)
    assert kept.h1 == "You are signed out"
    assert re.sub(r"\s", "", kept.one("textarea").text) == re.sub(r"\s", "", typed["body"])


def test_other_forms_with_a_stale_token_say_what_to_do(eva, write_article, session):
    write_article("A page")
    page = eva.post("/articles/a-page/publish", {"csrf_token": "stale"}, status=400)
    assert "open for too long" in page.words
    eva.post("/editor/preview", {"csrf_token": "stale"}, status=400)
    assert session.scalars(sa.select(Article.version)).one() == 1


def test_a_stale_form_of_somebody_who_writes_for_no_team_looks_like_none(client_for, people):
    gus = client_for(people.gus)
    missing = seen(gus.get("/no-such-page", status=404))
    assert seen(gus.post("/articles/new", {"csrf_token": "stale"}, status=404)) == missing


def test_a_form_that_somebody_else_sent_gives_the_text_back(eva, client_for, people, typed, session, world):
    sent = typed | {"form_id": "the same", "team": str(world.team("it-service-desk").id)}
    client_for(people.ada).post("/articles/new", sent, status=302)
    refused = eva.post("/articles/new", sent, status=409)
    assert refused.h1 == "New article"
    assert same(held(refused), typed)
    assert count(session) == 1


def test_where_only_leads_publish_an_author_keeps_the_text(eva, typed, session, monkeypatch):
    editor = eva.get("/articles/new")
    monkeypatch.setitem(permissions.PERMISSIONS, "publish", frozenset({Role.LEAD}))
    refused = eva.submit(editor, "Save and publish", typed, status=403)
    assert same(held(refused), typed)
    assert "Save and publish" not in refused.texts("button")
    assert count(session) == 0
    eva.submit(refused, "Save draft", status=302)


@pytest.fixture
def locked(session):
    """Keeps everybody else from writing the articles, and makes them wait only for a moment."""
    session.commit()
    with busy() as holder:
        holder.execute(sa.select(Article.id).with_for_update())
        yield


def test_a_busy_database_gives_the_text_back(eva, write_article, typed, session, request):
    write_article("A page")
    editor = eva.get("/articles/a-page/edit")
    request.getfixturevalue("locked")
    refused = eva.submit(editor, "Save draft", typed, status=503)
    assert "The portal is busy" in refused.words
    assert same(held(refused), typed)
    assert count(session, Revision) == 1
