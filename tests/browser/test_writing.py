"""Authors at work: writing with and without JavaScript, a lost sign-in, two people at one article."""

from playwright.sync_api import expect

STEPS = "Open the menu.\nSelect Print."


def field(visitor, label):
    return visitor.main.get_by_label(label, exact=True)


def button(visitor, name):
    return visitor.main.get_by_role("button", name=name, exact=True)


def start_article(visitor, title):
    visitor.visit("/write")
    visitor.main.get_by_role("link", name="New article").click()
    visitor.sees_heading("New article")
    field(visitor, "Title").fill(title)
    visitor.main.locator("#topic").select_option(index=1)


def select_all(area):
    area.focus()
    area.press("ControlOrMeta+a")


def test_an_author_writes_with_the_toolbar_and_sees_the_page_grow(visitor, axe, screenshots):
    visitor.sign_in("eva")
    visitor.visit("/write")
    axe(visitor)
    screenshots(visitor, "workbench")
    start_article(visitor, "Print on both sides")
    text = visitor.main.locator("#body")
    text.fill(STEPS)
    select_all(text)
    button(visitor, "Numbered steps").click()
    expect(text).to_have_value("1. Open the menu.\n2. Select Print.")
    text.press("ControlOrMeta+z")
    expect(text).to_have_value(STEPS)
    select_all(text)
    button(visitor, "Numbered steps").click()
    text.press("ControlOrMeta+End")
    button(visitor, "Note").click()
    preview = visitor.main.locator("[data-preview]")
    expect(preview.get_by_role("listitem")).to_have_text(["Open the menu.", "Select Print."])
    expect(preview.locator(".admonition-title")).to_have_text("Good to know")
    expect(preview.locator(".preview__title")).to_have_text("Print on both sides")
    done = visitor.main.locator(".checklist__item--done")
    expect(done).to_have_count(3)  # title, steps, owner
    visitor.main.locator("#answer").fill("Select Print, then Both sides.")
    expect(done).to_have_count(4)
    axe(visitor)
    screenshots(visitor, "editor")


def test_an_author_publishes_and_looks_at_what_changed(visitor, axe, screenshots):
    visitor.sign_in("eva")
    start_article(visitor, "Print in colour")
    visitor.main.locator("#body").fill("1. Open the menu.\n2. Select Print.")
    button(visitor, "Save and publish").click()
    visitor.sees_heading("Print in colour")
    visitor.sees("Published. Colleagues see this text now.")
    visitor.main.get_by_role("link", name="Edit").click()
    visitor.main.locator("#body").fill("1. Open the menu.\n2. Select Colour.")
    button(visitor, "Save draft").click()
    visitor.sees("Draft saved.")
    visitor.main.get_by_role("link", name="History and state").click()
    visitor.sees_heading("History of Print in colour")
    axe(visitor)
    screenshots(visitor, "history")
    button(visitor, "Compare").click()
    expect(visitor.main.locator("ins").last).to_contain_text("Colour")
    axe(visitor)
    screenshots(visitor, "differences")


def test_the_toolbar_is_one_stop_for_the_keyboard(visitor):
    visitor.sign_in("eva")
    visitor.visit("/articles/new")
    field(visitor, "Answer in one line (optional)").focus()
    visitor.page.keyboard.press("Tab")
    expect(button(visitor, "Bold")).to_be_focused()
    visitor.page.keyboard.press("ArrowRight")
    visitor.page.keyboard.press("ArrowRight")
    expect(button(visitor, "Heading")).to_be_focused()
    visitor.page.keyboard.press("ArrowLeft")
    visitor.page.keyboard.press("Enter")
    expect(visitor.main.locator("#body")).to_have_value("*italic*")
    expect(visitor.main.locator("#body")).to_be_focused()
    visitor.page.keyboard.press("ControlOrMeta+b")
    expect(visitor.main.locator("#body")).to_have_value("***italic***")


def test_an_author_without_javascript_previews_and_saves(new_visitor, axe):
    visitor = new_visitor(scripts=False, width=320)
    visitor.sign_in("eva")
    start_article(visitor, "Scan to a file")
    visitor.main.locator("#body").fill("1. **Scan** it.")
    expect(visitor.main.get_by_role("toolbar")).to_have_count(0)
    button(visitor, "Preview").click()
    visitor.sees("Preview: not saved yet")
    axe(visitor)
    expect(visitor.main.locator(".preview--asked strong")).to_have_text("Scan")
    expect(visitor.main.locator("#body")).to_have_value("1. **Scan** it.")
    button(visitor, "Save draft").click()
    visitor.sees("Draft saved.")
    visitor.is_at("/articles/scan-to-a-file/edit")


def test_text_typed_before_the_tab_was_reloaded_comes_back(visitor):
    visitor.sign_in("eva")
    start_article(visitor, "Typed and not saved")
    visitor.main.locator("#body").fill("All of this")
    visitor.page.reload()
    expect(field(visitor, "Title")).to_have_value("")
    button(visitor, "Bring it back").click()
    expect(field(visitor, "Title")).to_have_value("Typed and not saved")
    expect(visitor.main.locator("#body")).to_have_value("All of this")
    visitor.main.locator("#topic").select_option(index=1)
    button(visitor, "Save draft").click()
    visitor.sees("Draft saved.")
    visitor.visit("/articles/new")
    expect(button(visitor, "Bring it back")).to_be_hidden()


def test_a_text_sent_after_signing_out_elsewhere_is_saved_after_all(new_visitor, axe, screenshots):
    for scripts in (True, False):
        visitor = new_visitor(scripts=scripts)
        visitor.sign_in("eva")
        title = f"Typed {'with' if scripts else 'without'} scripts"
        start_article(visitor, title)
        visitor.main.locator("#body").fill("Do not lose this")
        elsewhere = visitor.page.context.new_page()
        elsewhere.goto("/help")
        elsewhere.get_by_label("Your menu").click()
        elsewhere.get_by_role("button", name="Sign out").click()
        visitor.expects_error(400)
        button(visitor, "Save draft").click()
        visitor.sees_heading("You are signed out")
        expect(field(visitor, "Your text")).to_have_value("Do not lose this")
        axe(visitor)
        if scripts:
            screenshots(visitor, "signed-out-while-writing")
        with visitor.page.context.expect_page() as opened:
            visitor.main.get_by_role("link", name="Sign in on a new page").click()
        sign_in = type(visitor)(opened.value, visitor.expects_error)
        sign_in.sign_in("eva")
        expect(opened.value).not_to_have_url("/sign-in")
        button(visitor, "Send again").click()
        visitor.sees("This page was open for too long and nothing is saved yet.")
        expect(field(visitor, "Title")).to_have_value(title)
        button(visitor, "Save draft").click()
        visitor.sees("Draft saved.")
        expect(visitor.main.locator("#body")).to_have_value("Do not lose this")


def test_text_typed_by_one_person_is_never_offered_to_the_next(visitor):
    visitor.sign_in("eva")
    start_article(visitor, "Typed by Eva")
    visitor.main.locator("#body").fill("Only Eva may read this")
    visitor.visit("/")
    visitor.sign_out()
    visitor.sees("You are signed out.")
    visitor.sign_in("gus")
    visitor.sees_heading("What do you need?")
    visitor.visit("/articles/new")
    expect(visitor.main.locator("[data-preview] [data-part=preview]")).not_to_be_empty()  # scripts ran
    expect(button(visitor, "Bring it back")).to_be_hidden()
    kept = visitor.page.evaluate("Object.values(sessionStorage).join()")
    assert "Only Eva" not in kept


def test_two_authors_save_and_both_texts_are_kept(new_visitor, axe, screenshots):
    eva, ada = new_visitor(), new_visitor()
    eva.sign_in("eva")
    start_article(eva, "A page of two authors")
    eva.main.locator("#body").fill("The first line\n\nThe second line")
    button(eva, "Save draft").click()
    eva.sees("Draft saved.")
    ada.sign_in("ada")
    ada.visit("/articles/a-page-of-two-authors/edit")
    ada.main.locator("#body").fill("The first line\n\nA line by Ada")
    eva.main.locator("#body").fill("A line by Eva\n\nThe second line")
    button(ada, "Save draft").click()
    ada.sees("Draft saved.")
    eva.expects_error(409)
    button(eva, "Save draft").click()
    eva.sees_heading("Somebody else saved first")
    expect(eva.main.locator("#body")).to_have_value("A line by Eva\n\nThe second line")
    axe(eva)
    screenshots(eva, "somebody-else-saved-first")
    eva.main.locator("#body").fill("A line by Eva\n\nA line by Ada")
    button(eva, "Save mine on top").click()
    eva.sees("Draft saved.")
    expect(eva.main.locator("#body")).to_have_value("A line by Eva\n\nA line by Ada")
