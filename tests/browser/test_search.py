"""The search box while somebody types, and the list: with keys, by touch, read aloud, without scripts."""

import json

import pytest
from playwright.sync_api import expect

LONG = "/search?q=password"


@pytest.fixture(scope="module")
def known():
    """The cookies of an employee who has signed in once for all journeys of this file."""
    return []


@pytest.fixture
def reader(visitor, known):
    """An employee on the home page."""
    enters(visitor, known)
    return visitor


def enters(visitor, known):
    """Come to the home page signed in."""
    context = visitor.page.context
    if known:
        context.add_cookies(known)
        visitor.visit("/")
    else:
        visitor.sign_in("ana")
    visitor.sees_heading("What do you need?")
    known[:] = context.cookies()


def box(page):
    return page.locator("[data-search]")


def options(page):
    return page.get_by_role("option")


def types(page, words):
    """Type into the box of the page and wait for what is offered."""
    box(page).press_sequentially(words)
    expect(box(page)).to_have_attribute("aria-expanded", "true")


def is_closed(page):
    expect(box(page)).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("listbox")).to_be_hidden()


def is_said(page, text):
    """The live region of the box says this."""
    expect(page.locator(".search [role=status]")).to_have_text(text)


def is_chosen(page, place):
    """The arrows are on this option (-1: on none), for the eye and for a screen reader."""
    chosen = page.locator("[role=option][aria-selected=true]")
    if place < 0:
        expect(chosen).to_have_count(0)
        expect(page.locator("[aria-activedescendant]")).to_have_count(0)
        return
    expect(chosen).to_have_count(1)
    name = options(page).nth(place).get_attribute("id")
    expect(box(page)).to_have_attribute("aria-activedescendant", name)
    expect(chosen).to_have_attribute("id", name)
    expect(chosen).to_be_in_viewport()


def answer_with(page, *titles):
    """Let the portal suggest these titles from now on."""
    items = [{"parts": [[title, False]], "note": "", "url": "/help"} for title in titles]
    groups = [{"label": "Articles", "items": items}] if items else []
    page.route("**/search/suggest?*", lambda route: route.fulfill(json={"groups": groups}))


def test_with_keys_alone_from_a_few_letters_to_the_article(reader, axe):
    page = reader.page
    page.keyboard.press("/")
    types(page, "reset a passw")
    first = options(page).first
    expect(first).to_contain_text("Reset a password you have forgotten")
    expect(first.locator("mark")).to_have_text(["Reset", "passw"])
    is_chosen(page, -1)
    page.keyboard.press("ArrowDown")
    is_chosen(page, 0)
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("reset a passw")  # what is chosen is not typed
    axe(reader)
    page.keyboard.press("Enter")
    reader.sees_heading("Reset a password you have forgotten")


def test_arrows_go_round_and_the_caret_keys_stay_in_the_box(reader):
    page = reader.page
    answer_with(page, "One", "Two", "Three")
    types(page, "on")
    for place in (0, 1, 2, -1, 0):
        page.keyboard.press("ArrowDown")
        is_chosen(page, place)
    for place in (-1, 2):
        page.keyboard.press("ArrowUp")
        is_chosen(page, place)
    page.keyboard.press("Home")
    is_chosen(page, -1)
    assert page.evaluate("document.activeElement.selectionStart") == 0
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.selectionStart") == 2
    page.keyboard.press("Alt+ArrowUp")
    is_closed(page)
    page.keyboard.press("Alt+ArrowDown")
    expect(options(page)).to_have_count(3)
    is_chosen(page, -1)
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    is_chosen(page, 2)


def test_escape_closes_then_empties_and_tab_leaves(reader):
    page = reader.page
    types(page, "pass")
    page.keyboard.press("Escape")
    is_closed(page)
    expect(box(page)).to_have_value("pass")
    page.keyboard.press("Escape")
    expect(box(page)).to_have_value("")
    types(page, "pass")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    is_closed(page)
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_focused()
    assert page.url.endswith("/")


def test_enter_without_a_choice_sends_what_was_typed(reader):
    page = reader.page
    types(page, "reset passw")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=reset+passw")


def test_what_is_offered_is_said(reader):
    page = reader.page
    status = page.locator(".search [role=status]")
    expect(status).to_be_empty()
    answer_with(page, "One", "Two")
    types(page, "on")
    is_said(page, "2 suggestions")
    answer_with(page, "One")
    box(page).press_sequentially("e")
    is_said(page, "1 suggestion")
    answer_with(page)
    box(page).press_sequentially("x")
    is_said(page, "No suggestions")
    is_closed(page)
    page.keyboard.press("Escape")
    expect(status).to_be_empty()


def test_groups_have_names_and_the_list_belongs_to_the_box(reader):
    page = reader.page
    types(page, "pay")
    expect(page.get_by_role("combobox", name="Search or ask a question")).to_be_focused()
    name = box(page).get_attribute("aria-controls")
    expect(page.locator(f"[id='{name}']")).to_have_attribute("role", "listbox")
    for group in ("Articles", "Teams", "Topics"):
        expect(page.get_by_role("group", name=group).get_by_role("option").first).to_be_visible()
    expect(page.get_by_role("group", name="Teams").get_by_role("option")).to_have_text(["Payroll"])
    assert 3 <= options(page).count() <= 8
    expect(page.get_by_role("option", name="Find and download your payslip Pay and tax")).to_be_visible()


def test_by_touch_on_a_small_phone(new_visitor, known):
    visitor = new_visitor(width=320)
    enters(visitor, known)
    page = visitor.page
    types(page, "pay")
    for option in options(page).all():
        place = option.bounding_box()
        assert place["height"] >= 44
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= 320
    page.get_by_role("option", name="Payroll", exact=True).click()
    visitor.sees_heading("Payroll")
    types(page, "payslip")  # the box in the header
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.locator(".brand").focus()
    is_closed(page)


def test_one_s_own_searches_are_offered_and_can_be_cleared(reader, axe):
    page = reader.page
    box(page).click()
    is_closed(page)
    for words in ("vpn at home", "payslip", "VPN at home"):
        box(page).fill(words)
        box(page).press("Enter")
        page.wait_for_url("**/search?q=*")
        page.goto("/")
    box(page).focus()
    expect(options(page)).to_have_text(["VPN at home", "payslip", "Clear recent searches"])
    is_said(page, "2 recent searches")
    axe(reader)
    box(page).press_sequentially("ho")
    expect(page.get_by_role("group", name="Recent searches").get_by_role("option")).to_have_text(
        ["VPN at home"]
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    reader.sees_heading("Answers to “VPN at home”")
    box(page).fill("")
    page.keyboard.press("ArrowUp")
    expect(page.locator("[aria-selected=true]")).to_have_text("Clear recent searches")
    page.keyboard.press("Enter")
    is_closed(page)
    is_said(page, "Recent searches cleared")
    page.goto("/")
    box(page).focus()
    is_closed(page)


def test_nothing_is_left_for_who_comes_next(visitor):
    reader, page = visitor, visitor.page
    reader.sign_in("ana")
    box(page).fill("am I fired")
    box(page).press("Enter")
    page.wait_for_url("**/search?*")
    assert "fired" in page.evaluate("JSON.stringify(sessionStorage)")
    reader.sign_out()
    reader.sees_heading("Sign in")
    assert "fired" not in page.evaluate("JSON.stringify(sessionStorage)")
    reader.sign_in("ben")
    reader.sees_heading("What do you need?")
    box(page).focus()
    is_closed(page)


def test_the_words_marked_for_one_are_not_marked_for_who_comes_next(visitor):
    reader, page = visitor, visitor.page
    reader.sign_in("ana")
    reader.sees_heading("What do you need?")
    page.goto("/search?q=reset+forgotten+password")
    page.locator(".result h2 a").first.click()
    page.wait_for_function("CSS.highlights.get('found')?.size > 0")
    article = page.url
    assert "found-words" in page.evaluate("JSON.stringify(sessionStorage)")
    reader.sign_out()
    reader.sees_heading("Sign in")
    assert "found-words" not in page.evaluate("JSON.stringify(sessionStorage)")
    reader.sign_in("ben")
    reader.sees_heading("What do you need?")
    page.goto(article)
    page.wait_for_load_state("load")
    assert not page.evaluate("CSS.highlights.get('found')?.size")


def test_an_answer_that_comes_too_late_is_dropped(reader):
    page = reader.page
    waiting = []

    def hold(route):
        if "q=pa&" in f"{route.request.url}&":
            waiting.append(route)
            return
        item = {"parts": [["Payslips", False]], "note": "", "url": "/help"}
        route.fulfill(json={"groups": [{"label": "Articles", "items": [item]}]})

    page.route("**/search/suggest?*", hold)
    with page.expect_request("**/search/suggest?q=pa"):
        box(page).press_sequentially("pa")
    box(page).press_sequentially("y")
    expect(options(page)).to_have_text(["Payslips"])
    late = {"groups": [{"label": "Articles", "items": [{"parts": [["Late", False]], "url": "/help"}]}]}
    for route in waiting:
        route.fulfill(body=json.dumps(late))
    is_said(page, "1 suggestion")
    expect(options(page)).to_have_text(["Payslips"])


@pytest.mark.parametrize("trouble", ["an error", "a sign-in page", "no connection", "nonsense"])
def test_when_suggesting_fails_the_box_is_a_box(reader, trouble):
    page = reader.page
    reader.expects_error(500)
    reader.expects_failure()
    page.route("**/search/suggest?*", {
        "an error": lambda route: route.fulfill(status=500),
        "a sign-in page": lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"),
        "no connection": lambda route: route.abort(),
        "nonsense": lambda route: route.fulfill(json=["x"]),
    }[trouble])  # fmt: skip
    with page.expect_request("**/search/suggest?*"):
        box(page).press_sequentially("reset password")
    is_closed(page)
    expect(page.locator(".search [role=status]")).to_be_empty()
    page.keyboard.press("ArrowDown")
    is_closed(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=reset+password")


def test_letters_that_are_still_being_composed_are_left_alone(reader):
    page = reader.page
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/suggest" in request.url else None)
    answer_with(page, "休暇を取る")
    box(page).focus()
    keyboard = page.context.new_cdp_session(page)
    keyboard.send("Input.imeSetComposition", {"text": "きゅう", "selectionStart": 3, "selectionEnd": 3})
    expect(box(page)).to_have_value("きゅう")
    is_closed(page)
    assert asked == []
    keyboard.send("Input.insertText", {"text": "休"})
    expect(options(page)).to_have_text(["休暇を取る"])


def test_without_scripts_it_is_a_plain_box(new_visitor, known, axe):
    visitor = new_visitor(scripts=False, width=320)
    enters(visitor, known)
    page = visitor.page
    expect(page.get_by_role("searchbox")).to_be_visible()
    expect(page.locator("[role=listbox]")).to_have_count(0)
    page.get_by_role("searchbox").fill("password")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=password")
    page.get_by_role("link", name="Show more").click()
    page.wait_for_url("**/search?q=password&page=2#result-11")
    expect(page.locator("#result-11")).to_be_in_viewport()
    page.locator(".filter summary").first.click()
    expect(page.locator(".filter__value").first).to_be_visible()
    axe(visitor)
    page.locator(".filter__value").first.click()
    expect(page.locator(".chip--chosen")).to_be_visible()
    page.locator(".chip--chosen").click()
    page.wait_for_url("**/search?q=password")


@pytest.mark.parametrize("forced", ["active", "none"])
def test_the_chosen_option_is_seen_in_every_colour(reader, forced):
    page = reader.page
    page.emulate_media(forced_colors=forced)
    types(page, "pass")
    looks = (
        "o => ['outlineStyle', 'backgroundColor', 'boxShadow'].map(name => getComputedStyle(o)[name]).join()"
    )
    before = options(page).first.evaluate(looks)
    page.keyboard.press("ArrowDown")
    is_chosen(page, 0)
    assert options(page).first.evaluate(looks) != before


def test_suggestions_from_right_to_left(reader):
    page = reader.page
    page.evaluate("document.documentElement.dir = 'rtl'")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        box(page).fill("")
        types(page, "pay")
        place = page.get_by_role("listbox").bounding_box()
        assert place["x"] >= 0
        assert place["x"] + place["width"] <= width


# -- the list -----------------------------------------------------------------------------------


def test_more_of_the_list_opens_where_it_goes_on_and_its_words_are_marked(reader, axe):
    page = reader.page
    page.goto(LONG)
    page.get_by_role("link", name="Show more").click()
    page.wait_for_url("**#result-11")
    expect(page.locator("#result-11")).to_be_in_viewport()
    assert " of " in page.title()
    axe(reader)
    # one that is written in the language of the question
    page.locator(":is(#result-11, #result-11 ~ .result) h2:not([lang]) a").first.click()
    page.wait_for_url("**/articles/**")
    page.wait_for_function("CSS.highlights.get('found')?.size > 0")
    words = page.evaluate("[...CSS.highlights.get('found')].map(range => range.toString().toLowerCase())")
    assert all(word.startswith("password") for word in words)


def test_a_section_opens_with_the_marks_on_the_screen(reader):
    page = reader.page
    page.set_viewport_size({"width": 320, "height": 560})
    page.goto("/search?q=reset+forgotten+password")
    links = [link.get_attribute("href") for link in page.locator(".result:has(mark) .result__section").all()]
    assert links
    for number in range(len(links)):
        page.goto("/search?q=reset+forgotten+password")
        page.locator(".result:has(mark) .result__section").nth(number).click()
        page.wait_for_url("**/articles/**")
        page.wait_for_function(
            "[...CSS.highlights.get('found') ?? []].some(range => {"
            " const box = range.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight })"
        )


def test_filters_are_chosen_and_taken_away_with_keys(reader, axe):
    page = reader.page
    page.goto(LONG)
    name = page.locator(".filter summary").first
    name.focus()
    page.keyboard.press("Enter")
    value = page.locator(".filter__value").first
    expect(value).to_be_visible()
    axe(reader)
    page.keyboard.press("Escape")
    expect(value).to_be_hidden()
    expect(name).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(value).to_be_focused()
    label = value.locator("span").first.inner_text()
    page.keyboard.press("Enter")
    chosen = page.locator(".chip--chosen")
    expect(chosen).to_contain_text(label)
    expect(box(page)).to_have_value("password")
    assert label in page.title()
    chosen.click()
    page.wait_for_url("**/search?q=password")
    expect(chosen).to_have_count(0)


def test_a_slip_is_read_differently_and_can_be_taken_by_its_word(reader, axe):
    page = reader.page
    page.goto("/search?q=reset+pasword")
    reader.sees("Showing results also for")
    page.get_by_role("link", name="Search only for “pasword”").click()
    reader.sees("Only your very words were searched for.")
    expect(box(page)).to_have_value("reset pasword")
    axe(reader)
    page.get_by_role("link", name="Search for similar words too").click()
    reader.sees("Showing results also for")


def test_how_it_looks(reader, screenshots):
    page = reader.page
    types(page, "pay")
    page.keyboard.press("ArrowDown")
    screenshots(reader, "suggestions")
    page.goto(LONG)
    screenshots(reader, "results")
