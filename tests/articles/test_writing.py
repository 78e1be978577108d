"""Writing in the browser, without JavaScript: it works, for whom, and what is refused."""

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Membership, Role
from portal.articles.models import Alias, Article, State
from portal.db import db

FIELDS = {
    "title": "Reset your password",
    "answer": "Select Forgot password on the sign-in page.",
    "body": "1. Open the sign-in page.\n2. Select **Forgot password**.",
    "questions": "I forgot my password\nHow do I sign in again?",
    "keywords": "PIN\nlocked out",
    "note": "First text",
}


@pytest.fixture
def eva(client_for, people):
    return client_for(people.eva)


@pytest.fixture
def lead(client_for, people, world, session):
    """Gus, who leads the IT Service Desk here."""
    people.gus.memberships.append(Membership(team=world.team("it-service-desk"), role=Role.LEAD))
    session.commit()
    return client_for(people.gus)


@pytest.fixture
def only(session):
    """The one article there is."""

    def _only():
        session.expire_all()
        return session.scalars(sa.select(Article)).one()

    return _only


def filled(world, **changes):
    return FIELDS | {"topic": str(world.topic("it/accounts").id)} | changes


# --- it works --------------------------------------------------------------------------------


def test_an_article_from_the_empty_workbench_to_its_readers(eva, client_for, people, world, only):
    bench = eva.get("/write")
    assert "Your teams have no articles yet" in bench.words
    editor = bench.click("New article")
    assert editor.h1 == "New article"
    assert editor.one("select[name=team] option[selected]").text == "IT Service Desk"
    saved = eva.submit(editor, "Save draft", filled(world), status=302)
    assert saved.location == "/articles/reset-your-password/edit"
    again = saved.follow()
    assert "Draft saved." in again.words
    for name in ("title", "answer", "note"):
        wanted = "" if name == "note" else FIELDS[name]
        assert again.one(f"input[name={name}]").get("value") == wanted
    assert only().state is State.DRAFT
    client_for(people.ana).get("/articles/reset-your-password", status=404)
    published = eva.submit(again, "Save and publish", status=302)
    assert published.location == "/articles/reset-your-password"
    assert "Published." in published.follow().words
    page = client_for(people.ana).get("/articles/reset-your-password")
    assert page.h1 == FIELDS["title"]
    assert "Forgot password" in page.texts("li strong")


def test_saving_a_draft_leaves_what_readers_see(eva, client_for, people, write_article):
    write_article("Reset your password", body="Old text.")
    editor = eva.get("/articles/reset-your-password/edit")
    eva.submit(editor, "Save draft", {"body": "New text."})
    ana = client_for(people.ana)
    assert "Old text." in ana.get("/articles/reset-your-password").words
    assert "Changed since published (1)" in eva.get("/write").words
    eva.submit(eva.get("/articles/reset-your-password/history"), "Publish the latest text")
    assert "New text." in ana.get("/articles/reset-your-password").words


def test_every_field_is_saved(eva, world, people, only):
    editor = eva.get("/articles/new")
    changes = {
        "owner": str(people.gus.id),
        "review_days": "30",
        "audience_countries": ["DE", "GB"],
        "audience_employment": ["employee"],
    }
    eva.submit(editor, "Save draft", filled(world, **changes))
    article = only()
    latest = article.latest
    assert (latest.title, latest.answer, latest.note) == (FIELDS["title"], FIELDS["answer"], FIELDS["note"])
    assert latest.body == FIELDS["body"]
    assert latest.questions == ["I forgot my password", "How do I sign in again?"]
    assert latest.keywords == ["PIN", "locked out"]
    assert (article.topic.path, article.team.slug) == ("it/accounts", "it-service-desk")
    assert (article.owner, article.review_days) == (people.gus, 30)
    assert article.audience.rules == {"countries": ["DE", "GB"], "employment": ["employee"]}
    editor = eva.get("/articles/reset-your-password/edit")
    chosen = {box.get("value") for box in editor.select("details.editor__audience input[checked]")}
    assert chosen == {"DE", "GB", "employee"}
    assert "limited to some colleagues" in editor.words


def test_a_new_article_starts_with_what_the_address_names(eva, world, people, session):
    topic = world.topic("hr/pay")
    topic.review_days = 365
    session.commit()
    editor = eva.get("/articles/new?title=Find+your%0Apayslip&topic=hr/pay")
    assert editor.one("input[name=title]").get("value") == "Find your payslip"
    assert editor.one("select[name=topic] option[selected]").text == "HR › Pay"
    assert editor.one("select[name=review_days] option[selected]").get("value") == "365"
    assert editor.one("select[name=owner] option[selected]").get("value") == str(people.eva.id)


def test_the_choices_are_those_of_the_authors_teams(eva, client_for, people):
    editor = eva.get("/articles/new")
    assert editor.texts("select[name=team] option") == ["IT Service Desk"]
    assert editor.texts("select[name=topic] option") == [
        "Choose a topic",
        "IT",
        "IT › Accounts",
        "HR",
        "HR › Pay",
    ]
    owners = ["Nobody yet", "Eva Test – IT Service Desk", "Gus Test – IT Service Desk"]
    assert editor.texts("select[name=owner] option") == owners
    everything = client_for(people.ada).get("/articles/new")
    assert everything.texts("select[name=team] option") == ["IT Service Desk", "Payroll", "People Services"]


def test_a_group_that_no_longer_exists_does_not_open_the_page_to_everybody(eva, write_article, session, only):
    article = write_article("Payday", audience={"departments": ["finance"]})
    article.audience.rules = {"departments": ["abolished"]}
    session.commit()
    editor = eva.get("/articles/payday/edit")
    assert "abolished (no longer exists)" in editor.words
    refused = eva.submit(editor, "Save draft", status=422)
    assert "abolished" in " ".join(refused.texts(".error-summary a"))
    assert only().audience.rules == {"departments": ["abolished"]}


def test_an_owner_who_left_is_named_and_must_be_replaced(eva, write_article, people, session, only):
    write_article("Payday", owner=people.ben)
    people.ben.active = False
    session.commit()
    editor = eva.get("/articles/payday/edit")
    assert editor.one("select[name=owner] option[selected]").text == "Ben Test (has left)"
    refused = eva.submit(editor, "Save draft", status=422)
    assert refused.select("select[name=owner][aria-invalid=true]")
    eva.submit(refused, "Save draft", {"owner": str(people.eva.id)})
    assert only().owner == people.eva


def test_a_preview_shows_the_page_and_keeps_everything(eva, world, only, session):
    editor = eva.get("/articles/new")
    changes = filled(
        world, audience_sites=["leeds"], review_days="30", body="## Way\n\n1. **Bold** step\n\n<b>x</b>"
    )
    shown = eva.submit(editor, "Preview", changes, status=200)
    preview = shown.one(".preview--asked")
    assert [e.text for e in preview.iter("strong")] == ["Bold"]
    assert "Preview: not saved yet" in shown.words
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0
    saved = eva.submit(shown, "Save draft", status=302)
    assert saved.location == "/articles/reset-your-password/edit"
    article = only()
    assert article.latest.body == changes["body"]
    assert (article.audience.key, article.review_days) == ("sites=leeds", 30)


def test_the_preview_for_scripts_is_a_part_of_a_page(eva, world):
    answer = eva.post("/editor/preview", filled(world, body="## Way\n\n1. **Bold** step"))
    assert answer.headers["X-Fragment"] == "preview"
    assert {e.get("data-part") for e in answer.select("[data-part]")} == {"checks", "preview"}
    assert answer.texts("strong") == ["Bold"]
    assert len(answer.select(".checklist__item--done")) == 4


def test_the_preview_says_why_a_text_cannot_be_shown(eva, world):
    answer = eva.post("/editor/preview", filled(world, body="x" * 110_000))
    assert "Shorten the text" in answer.words
    shown = eva.submit(eva.get("/articles/new"), "Preview", filled(world, body="x" * 110_000), status=200)
    assert "Shorten the text" in shown.words
    assert shown.one("textarea[name=body]").text.strip() == "x" * 110_000


def test_the_checklist_follows_the_text(eva, world, people):
    editor = eva.get("/articles/new")

    def open_points(page):
        return {e.get("data-check") for e in page.select(".checklist__item")} - {
            e.get("data-check") for e in page.select(".checklist__item--done")
        }

    assert open_points(editor) == {"title", "answer", "steps", "questions"}
    shown = eva.submit(editor, "Preview", filled(world, owner=""))
    assert open_points(shown) == {"owner"}
    shown = eva.submit(
        editor, "Preview", filled(world, title="x" * 61, body="No steps", answer=" ", questions=" ")
    )
    assert open_points(shown) == {"title", "answer", "steps", "questions"}
    assert "it has 61" in shown.words


def test_history_differences_and_going_back(eva, world, only):
    eva.submit(eva.get("/articles/new"), "Save and publish", filled(world))
    editor = eva.get("/articles/reset-your-password/edit")
    changes = {
        "title": "Get a new password",
        "body": "1. Open the sign-in page.\n2. Call us.",
        "note": "Shorter",
    }
    eva.submit(editor, "Save draft", changes)
    history = eva.get("/articles/reset-your-password/history")
    assert history.h1 == "History of Get a new password"
    assert history.texts(".list__title a") == ["Revision 2", "Revision 1"]
    assert "Shorter" in history.words
    assert "Eva Test" in history.words
    diff = eva.submit(history, "Compare")
    assert diff.texts(".diff__title") == ["Title", "Text"]
    assert diff.texts(".diff__line del") == ["Removed: Reset your", "Removed: 2. Select **Forgot password**."]
    assert diff.texts(".diff__line ins") == ["Added: Get a new", "Added: 2. Call us."]
    old = history.click("Revision 1")
    assert "Colleagues see this" in old.words
    assert old.texts("li strong") == ["Forgot password"]
    eva.submit(old, "Make this the latest draft")
    article = only()
    assert (article.latest.number, article.latest.title) == (3, FIELDS["title"])
    assert article.live.number == 1


def test_the_difference_by_default_is_what_is_not_published_yet(eva, write_article):
    write_article("Payday", body="One")
    for text in ("Two", "Three"):
        eva.submit(eva.get("/articles/payday/edit"), "Save draft", {"body": text})
    diff = eva.get("/articles/payday/diff")
    assert diff.texts(".diff__table th") == ["Revision 1", "Revision 3"]
    eva.submit(eva.get("/articles/payday/history"), "Publish the latest text")
    assert eva.get("/articles/payday/diff").texts(".diff__table th") == ["Revision 2", "Revision 3"]
    assert "No difference" in eva.get("/articles/payday/diff?from=2&to=2").words


def test_an_article_with_one_revision_has_nothing_to_compare(eva, write_article):
    write_article("Payday")
    assert "No difference" in eva.get("/articles/payday/diff").words
    assert not eva.get("/articles/payday/history").select("form.compare")


def test_still_correct(eva, write_article, session, only):
    article = write_article("Payday")
    article.review_due = clock.today()
    session.commit()
    bench = eva.get("/write?show=due")
    assert "Payday" in bench.words
    eva.submit(eva.get("/articles/payday/history"), "Still correct")
    assert only().review_due > clock.today()
    assert "Nothing to check" in eva.get("/write?show=due").words


def test_archiving_and_bringing_back(lead, client_for, people, write_article, only):
    write_article("Payday")
    ana = client_for(people.ana)
    lead.submit(lead.get("/articles/payday/history"), "Archive")
    ana.get("/articles/payday", status=404)
    assert "Payday" in lead.get("/write?show=archived").words
    assert "Nothing matches" not in lead.get("/write").words
    editor = lead.get("/articles/payday/edit")
    assert "Save draft" not in editor.texts("button")
    assert "This article is archived" in editor.words
    lead.submit(lead.get("/articles/payday/history"), "Bring it back as a draft")
    assert only().state is State.DRAFT
    ana.get("/articles/payday", status=404)


def test_a_new_address(eva, write_article, session, client_for, people):
    write_article("Payday")
    page = eva.get("/articles/payday/history").click("Change the address")
    refused = eva.submit(page, "Change the address", {"slug": "not good"}, status=422)
    assert refused.one("input[name=slug]").get("value") == "not good"
    moved = eva.submit(refused, "Change the address", {"slug": "when-is-payday"}, follow=True)
    assert "/articles/when-is-payday" in moved.words
    assert session.get(Alias, "payday") is not None
    assert client_for(people.ana).get("/articles/payday", status=301).location.endswith("/when-is-payday")


def test_a_form_opened_before_the_address_changed_is_still_saved(
    eva, write_article, only, client_for, people
):
    write_article("Payday")
    editor = eva.get("/articles/payday/edit")
    other = client_for(people.ada)
    other.submit(other.get("/articles/payday/address"), "Change the address", {"slug": "when-is-payday"})
    conflict = eva.submit(editor, "Save draft", {"body": "Mine."}, status=409)
    eva.submit(conflict, "Save mine on top")
    assert only().latest.body == "Mine."


def test_a_step_leads_back_to_where_it_was_asked_for(eva, write_article):
    write_article("Payday")
    for wanted, leads in (
        ("/articles/payday", "/articles/payday"),
        ("//evil.test", "/articles/payday/history"),
    ):
        assert eva.post("/articles/payday/confirm", {"next": wanted}, status=302).location == leads


# --- the workbench ---------------------------------------------------------------------------


def test_the_workbench_sorts_by_state(eva, write_article, session):
    write_article("A draft", state="draft")
    write_article("A page")
    write_article("An old page", state="archived")
    changed = write_article("A changed page")
    due = write_article("A due page")
    due.review_due = clock.today()
    session.commit()
    eva.submit(eva.get(f"/articles/{changed.slug}/edit"), "Save draft", {"body": "Newer"})
    found = {
        show: set(eva.get(f"/write?show={show}").texts(".list__title a"))
        for show in ("all", "drafts", "changed", "due", "archived", "nonsense")
    }
    everything = {"A draft", "A page", "A changed page", "A due page"}
    assert found == {
        "all": everything,
        "drafts": {"A draft"},
        "changed": {"A changed page"},
        "due": {"A due page"},
        "archived": {"An old page"},
        "nonsense": everything,
    }
    tabs = eva.get("/write").texts(".tabs__link")
    assert tabs == ["All (4)", "Drafts (1)", "Changed since published (1)", "To check (1)", "Archived (1)"]


def test_the_workbench_filters_by_words_team_and_topic(client_for, people, write_article):
    write_article("Überstunden melden", team="payroll", topic="hr/pay")
    write_article("Find your payslip", team="payroll", topic="hr")
    write_article("Reset your password")
    ada = client_for(people.ada)

    def titles(query):
        return set(ada.get(f"/write?{query}").texts(".list__title a"))

    assert titles("q=überSTUNDEN") == {"Überstunden melden"}
    assert titles("q=uberstunden+melden") == {"Überstunden melden"}
    assert titles("q=find-your") == {"Find your payslip"}
    assert titles("topic=hr") == {"Überstunden melden", "Find your payslip"}
    assert titles("topic=hr/pay") == {"Überstunden melden"}
    assert titles("team=payroll&q=pay") == {"Find your payslip"}
    assert titles("team=no-such-team%00") == titles("")
    assert titles("q=%25") == set()
    page = ada.get("/write?team=people-services")
    assert "Nothing matches" in page.words
    assert page.one("select[name=team] option[selected]").text == "People Services"


def test_the_workbench_has_pages(eva, write_article):
    for number in range(27):
        write_article(f"Page {number}")
    first = eva.get("/write")
    assert len(first.select(".list__title")) == 25
    second = first.click("Next")
    assert len(second.select(".list__title")) == 2
    assert set(first.texts(".list__title")) & set(second.texts(".list__title")) == set()


def test_the_workbench_asks_the_database_the_same_number_of_times(eva, write_article, people, statements):
    write_article("One")
    eva.get("/write")
    with statements() as few:
        eva.get("/write")
    for number in range(20):
        write_article(f"Page {number}", owner=people.gus, author=people.eva)
    db.session.commit()
    with statements() as many:
        eva.get("/write")
    assert len(many) <= len(few) <= 12
