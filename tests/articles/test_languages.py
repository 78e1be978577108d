"""Articles in other languages: what is chosen, kept, shown and told apart."""

import pytest

from portal.articles import documents, drafts, languages, services
from portal.articles.drafts import Draft
from portal.articles.models import Revision
from portal.errors import Invalid
from portal.indexing.languages import STEMMED

GERMAN = {
    "title": "Passwort ändern",
    "answer": "Öffne die Anmeldeseite.",
    "body": "Vorab.\n\n## So geht es\n\nWähle **Kennwort vergessen**.\n\n## Hilfe\n\nFrag uns.",
}


@pytest.fixture
def eva(client_for, people):
    return client_for(people.eva)


@pytest.fixture
def german(write_article):
    return write_article(**GERMAN, slug="passwort", language="de")


@pytest.mark.parametrize(
    ("typed", "tag"),
    [("DE", "de"), (" pt_br ", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419"), ("gsw", "gsw")],
)
def test_tags_are_written_by_custom(typed, tag):
    assert languages.tidied(typed) == tag
    assert languages.is_known(tag)


@pytest.mark.parametrize("tag", ["", "e", "xx", "German", "deu", "de-", "-de", "de-DE-1996", "<b>"])
def test_what_is_no_language_is_refused(session, world, tag):
    place = {"topic_id": world.topic("it").id, "team_id": world.team("payroll").id}
    with pytest.raises(Invalid) as caught:
        drafts.checked(session, Draft("T", language=tag, **place))
    assert caught.value.fields == {"language": "Choose a language from the list."}


def test_choices_begin_with_what_search_knows_best_and_hold_the_present_one():
    tags = [tag for tag, _, _ in languages.choices("en")]
    assert tags[: len(STEMMED)] == list(STEMMED)
    assert all(languages.is_known(tag) for tag in tags)
    assert languages.choices("pt-BR")[-1] == ("pt-BR", "pt-BR", {"lang": "pt-BR"})


def test_direction():
    assert [languages.right_to_left(tag) for tag in ("ar", "he", "fa-IR", "ks-Arab", "de", "az-Latn")] == [
        True, True, True, True, False, False,
    ]  # fmt: skip


def test_the_language_is_chosen_in_the_editor_and_kept_with_each_revision(eva, session, german):
    editor = eva.get("/articles/passwort/edit")
    assert editor.one("select[name=language] option[selected]").get("value") == "de"
    assert editor.one("select[name=language] option[value=fr]").text == "Français"
    assert editor.one("textarea[name=body]").get("lang") == "de"
    eva.submit(editor, "Save draft", {"title": "Changer", "language": "fr"}, status=302)
    session.refresh(german)
    assert [revision.language for revision in german.revisions] == ["de", "fr"]
    changed = eva.get("/articles/passwort/diff")
    assert changed.texts("section[aria-label=Language] del") == ["Removed: Deutsch"]
    assert changed.texts("section[aria-label=Language] ins") == ["Added: Français"]
    history = eva.get("/articles/passwort/history")
    assert history.texts("ol.list span[lang]") == ["Français", "Deutsch"]
    assert "Language Français" in eva.get("/articles/passwort/revisions/2").words


def test_an_unknown_choice_is_refused_at_its_field(eva, german):
    editor = eva.get("/articles/passwort/edit")
    page = eva.submit(editor, "Save draft", {"language": "xx"}, status=422)
    assert page.texts(".error-summary a[href='#language']") == ["Choose a language from the list."]


def test_a_form_from_before_there_was_a_choice_keeps_the_language(eva, session, german):
    draft = drafts.of_article(german)
    fields = {"title": "Neu", "topic": str(draft.topic_id), "team": str(draft.team_id), "review_days": "180"}
    eva.post(
        "/articles/passwort/edit", {**fields, "version": str(german.version), "form_id": "x"}, status=302
    )
    session.refresh(german)
    assert (german.latest.title, german.latest.language) == ("Neu", "de")


def test_restoring_brings_the_language_back(session, german):
    draft = drafts.of_article(german)
    english = Draft("T", topic_id=draft.topic_id, team_id=draft.team_id)
    services.save(session, german, english, version=german.version, by=None)
    assert german.latest.language == "en"
    services.restore(session, german, 1, version=german.version, by=None)
    assert german.latest.language == "de"


def test_readers_programs_are_told_the_language(eva, german, write_article):
    page = eva.get("/articles/passwort")
    for place in ("h1", "p.article__answer", "div.prose", "nav.toc div"):
        assert page.one(place).get("lang") == "de", place
    assert '<html lang="en"' in page.text
    topic = eva.get("/topics/it/accounts")
    assert topic.one("h3.list__title").get("lang") == "de"
    home = eva.get("/")
    assert {title.get("lang") for title in home.select("ul.list li")} == {"de"}
    write_article("English", topic="it/accounts")
    related = eva.get("/articles/english")
    assert related.one("section[aria-labelledby=related] li").get("lang") == "de"
    assert related.one("h1").get("lang") is None


def test_text_from_the_right(eva, write_article):
    write_article("إجازة", slug="leave", language="ar")
    page = eva.get("/articles/leave")
    assert (page.one("h1").get("lang"), page.one("h1").get("dir")) == ("ar", "rtl")


def test_the_preview_has_the_language_of_the_form(eva, german):
    editor = eva.get("/articles/passwort/edit")
    shown = eva.submit(editor, "Preview", {"language": "es"})
    assert shown.one("section.preview div.prose").get("lang") == "es"


def test_documents_carry_the_language_of_the_live_text(session, german, write_article):
    brazilian = write_article("Senha", language="pt-BR")
    found = documents.load(session, [german.id, brazilian.id])
    assert {one.language for one in found[german.id]} == {"de"}
    assert {one.language for one in found[brazilian.id]} == {"pt"}


def test_texts_from_before_are_english():
    assert Revision.__table__.c.language.server_default.arg == "en"
