"""An admin finds out why a question is answered as it is, on a wide screen and on a phone."""

import re

import pytest
from playwright.sync_api import expect

QUESTION = "forgot my pasword"
FIRST = "Reset a password you have forgotten"
OTHER = "Use a USB stick safely"


@pytest.fixture
def admin(visitor):
    visitor.sign_in("ada")
    return visitor


def explain(visitor, question, **fields):
    visitor.visit("/admin/search/explain")
    visitor.main.get_by_label("Question", exact=True).fill(question)
    for label, text in fields.items():
        visitor.main.get_by_label(re.compile(label)).fill(text)
    visitor.main.get_by_role("button", name="Explain").click()


def test_scores_are_drawn_and_taken_apart(admin, axe, screenshots):
    explain(admin, QUESTION)
    page = admin.page
    admin.sees(f"Why {FIRST} is number 1")
    bars = page.get_by_role("img", name=re.compile("^Score "))
    lengths = [
        bar.evaluate("bar => bar.lastElementChild.getBoundingClientRect().right") for bar in bars.all()
    ]
    assert len(lengths) == 10
    assert lengths == sorted(lengths, reverse=True)
    axe(admin)
    screenshots(admin, "explain")
    admin.main.get_by_role("link", name=OTHER).click()
    admin.sees(f"Why {OTHER} is number")
    expect(admin.main.locator(".explain-here")).to_contain_text(OTHER)
    rows = page.get_by_role("table", name=re.compile("^What adds up")).get_by_role("row")
    expect(rows.filter(has_text="pasword").first).to_be_visible()


def test_on_a_phone_without_javascript_each_row_stands_by_itself(new_visitor, axe):
    visitor = new_visitor(scripts=False, width=320)
    visitor.sign_in("ada")
    explain(visitor, QUESTION, **{"Asked by": "nobody@larkspur.example"})
    visitor.sees("There is no active person with this e-mail address.")
    axe(visitor)
    explain(visitor, QUESTION, Article="no-such-article")
    visitor.sees("sees no article at “no-such-article”")
    visitor.main.get_by_role("link", name=FIRST).click()
    visitor.sees(f"Why {FIRST} is number 1")
    table = visitor.page.get_by_role("table", name=re.compile("^What adds up"))
    assert table.evaluate("table => table.scrollWidth <= table.clientWidth")
    expect(table.get_by_role("rowheader", name="Score")).to_be_visible()
    axe(visitor)
