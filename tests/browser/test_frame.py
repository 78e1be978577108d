"""What every page has: keys, menu, colours, the list of sections, marked words, copying, printing."""

import pytest
from playwright.sync_api import expect

ARTICLE = "/articles/reset-your-password"
QUESTION = "/search?q=reset+password"


@pytest.fixture
def page(visitor):
    """The window of somebody who has signed in and stands on the help page."""
    visitor.visit("/help")
    visitor.sign_in("eva")
    visitor.sees_heading("Help")
    return visitor.page


def focused(page):
    return page.evaluate("document.activeElement.textContent.trim()")


@pytest.mark.parametrize("keys", ["/", "Control+k", "Meta+k"])
def test_keys_lead_to_the_search_box_with_its_words_chosen(page, keys):
    page.goto(QUESTION)
    page.keyboard.press(keys)
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("vpn")
    expect(page.locator("[data-search]")).to_have_value("vpn")


@pytest.mark.parametrize(("keys", "path"), [("gh", "/"), ("gw", "/write"), ("?", "/help#keys")])
def test_keys_lead_to_places(page, keys, path):
    page.goto("/teams")
    page.keyboard.type(keys)
    page.wait_for_url(f"**{path}")


def test_keys_do_nothing_while_typing(page):
    page.goto("/")
    page.keyboard.press("/")
    page.keyboard.type("gh?/jk")
    expect(page.locator("[data-search]")).to_have_value("gh?/jk")
    assert page.url.endswith("/")


def test_single_keys_can_be_turned_off_for_good(page):
    page.get_by_label("Use single keys on this device").uncheck()
    page.goto(QUESTION)
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).not_to_be_focused()
    page.keyboard.press("Control+k")
    expect(page.locator("[data-search]")).to_be_focused()
    page.goto("/help")
    switch = page.get_by_label("Use single keys on this device")
    expect(switch).not_to_be_checked()
    switch.check()
    page.locator("h1").click()
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()


def test_a_list_is_walked_with_j_and_k_and_opened_with_enter(page):
    page.goto(QUESTION)
    titles = page.locator(".result__title a").all_inner_texts()
    page.keyboard.press("j")
    assert focused(page) == titles[0]
    page.keyboard.press("j")
    assert focused(page) == titles[1]
    page.keyboard.press("k")
    assert focused(page) == titles[0]
    page.keyboard.press("Enter")
    page.wait_for_url("**/articles/**")


def test_the_menu_closes_on_escape_and_on_a_click_elsewhere(page):
    menu = page.locator("details[data-menu]")
    name = page.get_by_label("Your menu")
    name.click()
    expect(page.get_by_role("link", name="Your account")).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(name).to_be_focused()
    name.click()
    page.locator("h1").click()
    expect(menu).not_to_have_attribute("open", "")


def test_colours_change_at_once_and_stay(page):
    with page.expect_response("**/theme"):
        page.get_by_role("button", name="Dark").click()
    assert page.url.endswith("/help")
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(16, 26, 28)"
    page.goto("/teams")
    assert page.evaluate(ground) == "rgb(16, 26, 28)"


def test_colours_can_be_chosen_without_javascript(new_visitor):
    visitor = new_visitor(scripts=False)
    visitor.visit("/sign-in")
    visitor.page.get_by_role("button", name="Dark").click()
    visitor.sees_heading("Sign in")
    expect(visitor.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_words_of_a_result_are_marked_in_the_article_until_escape(page):
    page.goto(QUESTION)
    page.locator(".result:has(mark) h2 a").first.click()
    page.wait_for_url("**/articles/**")
    assert page.evaluate("CSS.highlights.get('found')?.size ?? 0") > 0
    page.keyboard.press("Escape")
    assert page.evaluate("CSS.highlights.has('found')") is False
    page.reload()
    assert page.evaluate("CSS.highlights.has('found')") is False


def test_the_list_of_sections_says_where_the_reader_is(page):
    page.goto(ARTICLE)
    links = page.locator(".toc a")
    last = links.nth(links.count() - 1)
    last.click()
    expect(last).to_have_attribute("aria-current", "location")
    expect(page.locator(".toc [aria-current]")).to_have_count(1)


def test_a_link_is_copied_whole_and_that_is_announced(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(ARTICLE)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("[data-toast]")).to_have_text("Link copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("http")
    assert copied.endswith(ARTICLE)


def test_an_article_prints_without_its_frame(page):
    page.goto(ARTICLE)
    page.emulate_media(media="print")
    for selector in (".header", ".footer", ".toc", ".article__tools"):
        expect(page.locator(selector)).to_be_hidden()
    expect(page.locator(".prose")).to_be_visible()


def test_a_password_can_be_looked_at(new_visitor):
    visitor = new_visitor()
    visitor.visit("/sign-in")
    field = visitor.page.get_by_label("Password", exact=True)
    field.fill("secret")
    visitor.page.get_by_role("button", name="Show password").click()
    expect(field).to_have_attribute("type", "text")
    visitor.page.get_by_role("button", name="Hide password").click()
    expect(field).to_have_attribute("type", "password")


def test_the_summary_of_errors_takes_the_focus_and_leads_to_the_field(new_visitor):
    visitor = new_visitor()
    visitor.visit("/sign-in")
    visitor.expects_error(422)
    visitor.main.get_by_role("button", name="Sign in").click()
    expect(visitor.page.locator("[data-focus]")).to_be_focused()
    visitor.page.locator("[data-focus] a").first.click()
    expect(visitor.page.get_by_label("E-mail address")).to_be_focused()


@pytest.mark.parametrize("forced", ["active", "none"])
def test_the_focus_is_always_seen(page, forced):
    page.emulate_media(forced_colors=forced)
    page.goto("/")
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            "(() => { const e = document.activeElement.closest('.card') ?? document.activeElement;"
            " const s = getComputedStyle(e); return [s.outlineStyle, parseFloat(s.outlineWidth)] })()"
        )
        assert outline[0] == "solid"
        assert outline[1] >= 2


def test_nothing_moves_for_those_who_asked_for_rest(page):
    page.emulate_media(reduced_motion="reduce")
    page.goto("/")
    moving = "e => parseFloat(getComputedStyle(e).transitionDuration) > 0"
    assert page.evaluate(f"[...document.querySelectorAll('*')].filter({moving}).length") == 0


def test_pages_can_be_read_from_right_to_left(page):
    for path in ("/", QUESTION, ARTICLE):
        page.goto(path)
        page.evaluate("document.documentElement.dir = 'rtl'")
        for width in (320, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        start = page.locator("h1").bounding_box()
        assert start["x"] + start["width"] > 1000
