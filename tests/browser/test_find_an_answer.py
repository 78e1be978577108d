"""An employee looks for an answer: finds it, reads and takes it along; and is told when there is none."""

import pytest
from playwright.sync_api import expect

QUESTION = "I forgot my password, what now"
ARTICLE = "Reset a password you have forgotten"
UNKNOWN = "xylophone zebra quokka"


def ask(visitor, words):
    """Type a question into the search box of the page and send it with Enter."""
    box = visitor.page.locator("[data-search]")
    box.fill(words)
    box.press("Enter")


def best(visitor):
    return visitor.main.locator(".result--best")


def best_section(visitor):
    """The link to the section of the best answer."""
    return best(visitor).locator(".result__section")


def arrives_at_the_section(visitor, name):
    """The article is open at this section, and the words of the question are marked."""
    visitor.sees_heading(ARTICLE)
    anchor = visitor.page.url.partition("#")[2]
    heading = visitor.page.locator(f"[id='{anchor}']")
    expect(heading).to_contain_text(name)
    expect(heading).to_be_in_viewport()
    visitor.page.wait_for_function("CSS.highlights.get('found')?.size > 0")


def takes_it_along(visitor):
    """The link is copied, and the page asks to be printed once."""
    visitor.main.get_by_role("button", name="Copy link").click()
    expect(visitor.page.locator("[data-toast]")).to_have_text("Link copied")
    assert visitor.page.evaluate("navigator.clipboard.readText()").endswith("/articles/reset-your-password")
    visitor.main.get_by_role("button", name="Print").click()
    assert visitor.page.evaluate("window.prints") == 1


def is_told_that_it_is_not_there(visitor):
    """No answer is called the best; asking somebody comes first."""
    heading = visitor.page.get_by_role("heading", level=1)
    expect(heading).to_contain_text(UNKNOWN)
    expect(heading).not_to_contain_text("Answers to")
    expect(best(visitor)).to_have_count(0)
    expect(visitor.main.locator(".panel--lamp")).to_be_visible()


@pytest.fixture
def reader(visitor):
    """An employee who may copy; printing is counted in place of a dialog that nobody would close."""
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.page.add_init_script("window.prints = 0; window.print = () => { window.prints += 1 }")
    visitor.sign_in("ana")
    visitor.sees_heading("What do you need?")
    return visitor


def test_an_employee_finds_an_answer_takes_it_along_and_learns_when_there_is_none(reader, axe):
    page = reader.page
    axe(reader)
    ask(reader, QUESTION)
    reader.sees_heading(f"Answers to “{QUESTION}”")
    expect(best(reader).get_by_role("heading")).to_have_text(ARTICLE)
    expect(page.locator("[data-search]")).to_have_value(QUESTION)
    results = page.url
    axe(reader)
    section = best_section(reader).inner_text().strip()
    best_section(reader).click()
    arrives_at_the_section(reader, section)
    axe(reader)
    takes_it_along(reader)
    axe(reader)
    page.go_back()
    expect(page).to_have_url(results)
    reader.sees_heading(f"Answers to “{QUESTION}”")
    axe(reader)
    ask(reader, UNKNOWN)
    is_told_that_it_is_not_there(reader)
    axe(reader)
    reader.main.get_by_role("button", name="I could not find it").click()
    reader.sees("Noted: the teams see that an answer is missing.")
    expect(page.locator("[data-search]")).to_have_value(UNKNOWN)
    axe(reader)


def test_the_same_way_with_the_keyboard_alone(reader):
    page = reader.page
    page.keyboard.press("/")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    reader.sees_heading(f"Answers to “{QUESTION}”")
    page.keyboard.press("j")
    expect(best(reader).get_by_role("link").first).to_be_focused()
    page.keyboard.press("Enter")
    reader.sees_heading(ARTICLE)
    assert "#" in page.url


def test_the_same_way_on_a_phone_without_javascript(new_visitor, axe):
    visitor = new_visitor(scripts=False, width=320)
    visitor.sign_in("ana")
    ask(visitor, QUESTION)
    visitor.sees_heading(f"Answers to “{QUESTION}”")
    axe(visitor)
    best_section(visitor).click()
    visitor.sees_heading(ARTICLE)
    expect(visitor.main.get_by_role("button", name="Copy link")).to_be_hidden()
    axe(visitor)
    ask(visitor, UNKNOWN)
    visitor.main.get_by_role("button", name="I could not find it").click()
    visitor.sees("Noted: the teams see that an answer is missing.")
