"""The frame of every page, and the macros that pages are made of."""

import pytest
from flask import render_template_string
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    FileField,
    HiddenField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from portal.web.pages import Page
from tests.support.html import parse, select, text_of

PAGE = (
    '<!doctype html><html lang="en"><title>x</title><body>'
    '{% import "_components/forms.html" as forms %}{% import "_components/ui.html" as ui %}'
)


class EveryField(FlaskForm):
    """One field of each kind."""

    name = StringField("Name", [DataRequired("Enter your name."), Length(max=5)])
    story = TextAreaField("Story", [Optional()], description="In your own words")
    secret = PasswordField("Password")
    colour = SelectField("Colour", choices=[SelectChoice("red", "Red"), SelectChoice("blue", "Blue")])
    sites = SelectMultipleField(
        "Sites", choices=[SelectChoice("leeds", "Leeds"), SelectChoice("porto", "Porto")]
    )
    size = RadioField("Size", choices=[SelectChoice("s", "Small"), SelectChoice("l", "Large")])
    sure = BooleanField("I am sure")
    day = DateField("Day")
    file = FileField("File")
    version = HiddenField()


@pytest.fixture
def render(app):
    """Renders a template in a request; gives the parsed page, which must have no error."""

    def _render(text, url="/", **context):
        with app.test_request_context(url):
            page = parse(render_template_string(PAGE + text, **context))
        assert page.errors == []
        return page.root

    return _render


@pytest.fixture
def form(app):
    with app.test_request_context("/", method="POST", data={"sites": ["porto"], "size": "l"}):
        yield EveryField()


def only(root, selector):
    found = select(root, selector)
    assert len(found) == 1, selector
    return found[0]


EVERY_FIELD = """
{{ forms.error_summary(form) }}{{ forms.hidden(form) }}
{{ forms.text(form.name, hint="As on your badge", autocomplete="name", width="input--20") }}
{{ forms.textarea(form.story, rows=9) }}{{ forms.password(form.secret) }}{{ forms.select(form.colour) }}
{{ forms.checkboxes(form.sites, hint="Where you work") }}{{ forms.radios(form.size) }}
{{ forms.checkbox(form.sure, hint="It cannot be undone") }}{{ forms.date(form.day) }}
{{ forms.file(form.file) }}
{{ forms.submit("Save", kind="danger", name="step", value="save", icon="check") }}
"""


def test_a_field_is_tied_to_its_label_hint_and_message(render, form):
    form.name.errors = ["Enter your name."]
    root = render(EVERY_FIELD, form=form)
    field = only(root, "#name")
    assert field.get("aria-describedby") == "name-hint name-error"
    assert field.get("aria-invalid") == "true"
    assert field.get("autocomplete") == "name"
    assert field.get("class") == "input input--20"
    assert text_of(only(root, "label[for=name]")) == "Name"
    assert text_of(only(root, "#name-hint")) == "As on your badge"
    assert text_of(only(root, "#name-error")) == "Error: Enter your name."


def test_a_field_without_hint_and_message_is_described_by_nothing(render, form):
    field = only(render(EVERY_FIELD, form=form), "#colour")
    assert field.get("aria-describedby") is None
    assert field.get("aria-invalid") is None


def test_optional_fields_say_so_and_a_description_is_a_hint(render, form):
    root = render(EVERY_FIELD, form=form)
    assert text_of(only(root, "label[for=story]")) == "Story (optional)"
    assert text_of(only(root, "#story-hint")) == "In your own words"
    assert only(root, "#story").get("rows") == "9"


def test_the_browser_cuts_and_refuses_nothing(render, form):
    for field in select(render(EVERY_FIELD, form=form), "input, textarea, select"):
        assert field.get("required") is None
        assert field.get("maxlength") is None


def test_the_summary_links_to_every_field_with_a_message(render, form):
    form.form_errors = ["The portal could not save this."]
    for name in ("name", "sites", "size", "sure"):
        form[name].errors = [f"Check {name}."]
    root = render(EVERY_FIELD, form=form)
    summary = only(root, ".error-summary")
    assert summary.get("role") == "alert"
    assert summary.get("tabindex") == "-1"
    assert "The portal could not save this." in text_of(summary)
    for link in select(summary, "a"):
        target = only(root, link.get("href"))
        assert target.tag in ("input", "textarea", "select")
    assert [link.get("href") for link in select(summary, "a")] == ["#name", "#sites", "#size", "#sure"]


def test_without_a_message_there_is_no_summary(render, form):
    assert select(render(EVERY_FIELD, form=form), ".error-summary") == []


def test_choices_are_a_group_with_a_name_and_keep_what_was_chosen(render, form):
    root = render(EVERY_FIELD, form=form)
    assert [text_of(legend) for legend in select(root, "legend")] == ["Sites", "Size"]
    boxes = select(root, "input[type=checkbox][name=sites]")
    assert [(box.get("id"), box.get("checked") is not None) for box in boxes] == [
        ("sites", False),
        ("sites-1", True),
    ]
    chosen = [
        radio.get("value") for radio in select(root, "input[type=radio]") if radio.get("checked") is not None
    ]
    assert chosen == ["l"]
    assert select(root, "fieldset")[0].get("aria-describedby") == "sites-hint"
    assert select(root, "fieldset")[1].get("aria-describedby") is None


def test_hidden_fields_have_no_ids_so_that_a_page_may_hold_several_forms(render, form):
    hidden = select(render(EVERY_FIELD, form=form), "input[type=hidden]")
    assert {field.get("name") for field in hidden} == {"csrf_token", "version"}
    assert {field.get("id") for field in hidden} == {None}


def test_a_button_carries_its_name_value_and_kind(render, form):
    button = only(render(EVERY_FIELD, form=form), "button[type=submit]")
    assert (button.get("name"), button.get("value")) == ("step", "save")
    assert button.get("class") == "button button--danger"
    assert only(button, "svg").get("aria-hidden") == "true"


def test_passwords_can_be_shown_once_there_is_javascript(render, form):
    button = only(render(EVERY_FIELD, form=form), "[data-password] button")
    assert button.get("hidden") is not None
    assert button.get("aria-controls") == "secret"


def test_icons_are_decoration_unless_they_have_a_name(render):
    root = render('{{ ui.icon("search") }}{{ ui.icon("search", "Search") }}')
    plain, named = select(root, "svg")
    assert plain.get("aria-hidden") == "true"
    assert (named.get("role"), named.get("aria-label")) == ("img", "Search")


def test_notices_and_empty_lists_take_more_text_or_none(render):
    root = render(
        '{{ ui.notice("odd", "Plain") }}{% call ui.notice("good", "Saved") %}<p>More</p>{% endcall %}'
        '{{ ui.empty("Nothing", "Yet") }}'
        '{% call ui.empty("None", "At all", icon_name="inbox") %}<p>Go</p>{% endcall %}'
    )
    assert [text_of(notice) for notice in select(root, ".notice")] == ["Plain", "Saved More"]
    assert [text_of(empty) for empty in select(root, ".empty")] == ["Nothing Yet", "None At all Go"]


def test_the_pager_links_both_ways_and_keeps_filters(render):
    text = "{{ ui.pager(page) }}"
    middle = render(text, url="/write?q=a&page=2", page=Page(2, 10, 25))
    assert [link.get("href") for link in select(middle, "a")] == ["/write?q=a&page=1", "/write?q=a&page=3"]
    assert "Page 2 of 3" in text_of(middle)
    first = render(text, url="/write", page=Page(1, 10, 25))
    assert [link.get("rel") for link in select(first, "a")] == ["next"]
    last = render(text, url="/write?page=3", page=Page(3, 10, 25))
    assert [link.get("rel") for link in select(last, "a")] == ["prev"]
    assert select(render(text, page=Page(1, 10, 10)), "nav") == []


def test_small_parts(render):
    root = render(
        '{{ ui.badge("New", "good") }}'
        '{{ ui.avatar("Ana de la Cruz") }}{{ ui.avatar("Zed") }}{{ ui.avatar("") }}'
        '{{ ui.breadcrumbs([("Topics", "/topics"), ("Pay", "")]) }}'
        '{{ ui.meta_list([("Team", "IT"), ("Owner", "")]) }}'
        '{{ ui.tabs([("All", "/a", true), ("Mine", "/b", false)]) }}{{ ui.copy_button("/articles/a") }}'
        '{% call ui.table("People") %}<tr><td>Ana</td></tr>{% endcall %}'
        '{{ ui.progress(3, 0, "Files") }}{{ ui.articles(1) }}{{ ui.articles(2) }}'
        '<ul>{{ ui.card("Pay", "/topics/hr/pay", "Payslips", "3 articles", "coins") }}</ul>'
        '{{ ui.button_link("/new", "New", icon_name="plus") }}'
    )
    assert [text_of(node) for node in select(root, ".avatar")] == ["AC", "Z", ""]
    assert text_of(only(root, ".breadcrumbs [aria-current=page]")) == "Pay"
    assert text_of(only(root, "dl")) == "Team IT"
    assert text_of(only(root, ".tabs [aria-current=page]")) == "All"
    assert only(root, "[data-copy]").get("hidden") is not None
    assert only(root, "[role=region]").get("tabindex") == "0"
    assert text_of(only(root, "caption")) == "People"
    assert "1 article2 articles" in text_of(root)
    assert [text_of(part) for part in only(root, ".card__body")] == ["Pay", "Payslips", "3 articles"]


def test_a_button_that_changes_something_is_a_form_with_a_token(render, form):
    root = render(
        '{{ ui.button_form("/a", "One") }}'
        '{{ ui.button_form("/b", "Two", form, kind="danger", icon_name="x") }}',
        form=form,
    )
    for found, action in zip(select(root, "form"), ("/a", "/b"), strict=True):
        assert (found.get("method"), found.get("action")) == ("post", action)
        assert only(found, "input[name=csrf_token]").get("value")


# -- the frame -----------------------------------------------------------------------------------------


def test_the_order_is_the_same_everywhere(people, client_for):
    page = client_for(people.ana).get("/help")
    body = only(page.tree, "body")
    assert [child.tag for child in body] == ["a", "header", "main", "footer", "div"]
    assert page.one("a.skip-link").get("href") == "#main"
    assert page.texts("footer nav a") == ["Help", "Privacy"]
    assert page.texts("footer button") == ["Light", "Dark", "Auto"]


def test_there_is_one_search_box_on_every_page(people, client_for):
    client = client_for(people.ana)
    for url, status in (("/", 200), ("/help", 200), ("/search?q=vpn", 200), ("/nowhere", 404)):
        page = client.get(url, status=status)
        box = page.one("form[role=search] input[data-search]")
        assert (box.get("name"), box.get("type")) == ("q", "search")
        assert page.one("form[role=search]").get("action") == "/search"


def test_the_question_stays_in_the_box(people, client_for):
    page = client_for(people.ana).get("/search", query_string={"q": 'a "b" <c>'})
    assert page.one("input[data-search]").get("value") == 'a "b" <c>'


@pytest.mark.parametrize(("who", "writes"), [("ana", False), ("gus", False), ("eva", True), ("ada", True)])
def test_writing_is_offered_to_those_who_may(people, client_for, who, writes):
    client = client_for(getattr(people, who))
    assert ("Write" in client.get("/help").texts("nav a")) is writes


@pytest.mark.parametrize(("url", "label"), [("/", "Home"), ("/topics", "Topics"), ("/teams", "Teams")])
def test_the_navigation_says_where_one_is(people, client_for, url, label):
    page = client_for(people.ana).get(url)
    assert page.texts("nav.nav [aria-current]") == [label]


def test_the_menu_names_the_person_and_signs_out_by_a_form(people, client_for):
    page = client_for(people.ana).get("/help")
    menu = page.one("details[data-menu]")
    assert "Ana Test" in text_of(menu)
    assert [form.get("action") for form in select(menu, "form")] == ["/sign-out"]


def test_before_sign_in_there_is_no_search_and_no_navigation(client):
    page = client.get("/sign-in")
    assert page.select("nav") == []
    assert page.select("form[role=search]") == []
    assert page.texts("footer button") == ["Light", "Dark", "Auto"]


def test_a_message_of_the_last_step_is_announced(people, client_for):
    client = client_for(people.ana)
    with client.http.session_transaction() as cookie:
        cookie["_flashes"] = [("warning", "Nearly."), ("odd", "Saved.")]
    page = client.get("/help")
    assert page.texts("main [role=status] .notice") == ["Nearly.", "Saved."]
    assert client.get("/help").select(".flashes") == []


def test_a_page_stays_small(people, client_for):
    client = client_for(people.ana)
    page = client.get("/")
    parts = [page.one("link[rel=stylesheet]").get("href"), page.one("script[type=module]").get("src")]
    total = len(page.text.encode()) + sum(len(client.get(part).response.data) for part in parts)
    assert total < 150 * 1024
