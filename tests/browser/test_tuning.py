"""An admin teaches the search: looks at what changes, saves, undoes, watches a question."""

import pytest
from playwright.sync_api import expect


@pytest.fixture
def asked(new_visitor):
    """Somebody who has searched for these questions."""

    def _asked(name, *questions):
        employee = new_visitor()
        employee.sign_in(name)
        for question in questions:
            employee.visit(f"/search?q={question}")
        return employee

    return _asked


def field(visitor, label):
    return visitor.main.get_by_label(label)


def button(visitor, name):
    return visitor.main.get_by_role("button", name=name, exact=True)


def link(visitor, name):
    return visitor.main.get_by_role("link", name=name)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_an_admin_adds_synonyms_and_undoes_them(asked, new_visitor, axe, screenshots, scripts):
    word = "zephyr" if scripts else "borealis"
    asked("ana", f"{word}+sam%40larkspur.example", "reset+my+password")
    visitor = new_visitor(scripts=scripts)
    visitor.sign_in("ada")
    visitor.page.get_by_role("link", name="Tune", exact=True).click()
    axe(visitor)
    link(visitor, "Synonyms").first.click()
    link(visitor, "Add synonyms").click()
    field(visitor, "Words or phrases").fill(f"{word}, wireless router")
    button(visitor, "Show what changes").click()
    visitor.sees_heading("Check before you save")
    button(visitor, "Back to editing").click()
    field(visitor, "Words or phrases").fill(f"{word}, parcels")
    button(visitor, "Show what changes").click()
    visitor.sees("with another first answer")
    axe(visitor)
    screenshots(visitor, "tuning-preview")
    button(visitor, "Save").click()
    visitor.sees("Saved. It counts from the next question on.")
    axe(visitor)
    screenshots(visitor, "tuning-synonyms")
    visitor.visit("/admin/search")
    screenshots(visitor, "tuning-overview")
    link(visitor, "Undo").first.click()
    visitor.sees_heading("Check before you undo it")
    button(visitor, "Undo").click()
    visitor.sees("Undone.")
    axe(visitor)
    screenshots(visitor, "tuning-changes")


def test_what_is_refused_is_told_where_it_was_typed(visitor, axe, screenshots):
    visitor.sign_in("ada")
    visitor.visit("/admin/search/synonyms/new")
    field(visitor, "Words or phrases").fill("phone")
    visitor.expects_error(422)
    button(visitor, "Show what changes").click()
    visitor.sees("One word alone has no synonym.")
    expect(field(visitor, "Words or phrases")).to_have_value("phone")
    axe(visitor)
    screenshots(visitor, "tuning-refused")


def test_an_admin_watches_a_question_that_was_asked(asked, visitor, axe, screenshots):
    asked("ben", "how+do+i+get+a+new+laptop", "where+is+my+payslip")
    visitor.sign_in("ada")
    visitor.visit("/admin/search/questions")
    axe(visitor)
    screenshots(visitor, "tuning-questions")
    link(visitor, "Watch as golden question for “where is my payslip”").click()
    visitor.sees_heading("Add a golden question")
    visitor.main.get_by_role("radio").first.check()
    axe(visitor)
    screenshots(visitor, "tuning-golden-add")
    button(visitor, "Add").click()
    visitor.sees("Added. The article is at rank 1 now.")
    button(visitor, "Ask all now").click()
    visitor.sees("None dropped out of the top three.")
    axe(visitor)
    screenshots(visitor, "tuning-golden")


def test_an_admin_recommends_an_article_for_a_question(asked, visitor, axe, screenshots):
    employee = asked("ben", "can+i+bring+my+llama")
    visitor.sign_in("ada")
    visitor.visit("/admin/search/questions")
    link(visitor, "Make a best bet for “can i bring my llama”").click()
    field(visitor, "Find the article").fill("bring a visitor")
    button(visitor, "Find articles").click()
    visitor.main.get_by_label("Bring a visitor").check()
    axe(visitor)
    screenshots(visitor, "tuning-bet")
    button(visitor, "Show what changes").click()
    visitor.sees("1 with another first answer")
    button(visitor, "Save").click()
    visitor.sees("Saved.")
    screenshots(visitor, "tuning-bets")
    employee.visit("/search?q=can+i+bring+my+llama")
    employee.sees("Bring a visitor")


def test_stop_words_say_what_they_do(visitor, axe, screenshots):
    visitor.sign_in("ada")
    visitor.visit("/admin/search/stop-words")
    axe(visitor)
    screenshots(visitor, "tuning-stop-words")
    link(visitor, "Add stop words").click()
    axe(visitor)
    screenshots(visitor, "tuning-stop-words-add")
