"""Front matter: read with line numbers, written back with everything else untouched."""

from datetime import date

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.articles.models import State
from portal.articles.transfer import fields, frontmatter
from portal.articles.transfer.frontmatter import FileProblem


def read(text):
    head, body = frontmatter.split(text)
    return fields.read(head), body


def problem(text):
    with pytest.raises(FileProblem) as caught:
        read(text)
    return caught.value


# --- reading -----------------------------------------------------------------------------------


def test_own_form_is_read_whole():
    found, body = read(
        "---\ntitle: Reset it\nanswer: Go there.\ntopic: it/accounts\nteam: desk\nowner: Eva@Portal.test\n"
        "keywords: [a, B, a]\nquestions:\n  - How?\nreview_days: 90\nchecked: 2026-09-14\n"
        "audience:\n  countries: [NO, GB]\nslug: reset\nstate: draft\nfoo: {x: 2024-01-01}\n---\n\nBody\n"
    )
    assert body == "\nBody\n"
    assert found == fields.Fields(
        own=True,
        title="Reset it",
        answer="Go there.",
        topic="it/accounts",
        team="desk",
        owner="eva@portal.test",
        keywords=("a", "B"),
        questions=("How?",),
        review_days=90,
        checked=date(2026, 9, 14),
        audience={"countries": ["NO", "GB"]},
        slug="reset",
        state=State.DRAFT,
        extra={"foo": {"x": "2024-01-01"}},
    )


@pytest.mark.parametrize(
    ("line", "language"),
    [
        ("language: de", "de"),
        ("language: no", "no"),
        ("language: PT_br", "pt-BR"),
        ("language: zh-hant", "zh-Hant"),
        ("lang: de", "de"),
        ("lang: ruby", ""),
        ("language:", ""),
    ],
)
def test_language_is_a_tag(line, language):
    found, _ = read(f"---\ntopic: it\nteam: desk\n{line}\n---\n")
    assert found.language == language


@pytest.mark.parametrize("value", ["German", "Deutsch", "xx", "deu", "de-Latn-DE-1996", "[de, fr]", "'<b>'"])
def test_unknown_language_is_told_with_its_line(value):
    error = problem(f"---\ntopic: it\nteam: desk\nlanguage: {value}\n---\n")
    assert error.line == 4
    assert "language must be" in error.reason


def test_other_programs_may_have_their_own_names_for_languages():
    found, _ = read("---\ntitle: T\nlang: de-AT\n---\n")
    assert (found.language, found.strange) == ("de-AT", [])
    found, _ = read("---\ntitle: T\nlanguage: ruby\n---\n")
    assert (found.language, found.strange) == ("", [(3, "language: ruby")])
    found, _ = read("---\ntitle: T\nlanguage: [de, fr]\n---\n")
    assert found.language == ""


def test_values_are_the_text_that_was_written():
    found, _ = read("---\ntitle: 1.10\nkeywords: [yes, 0x10, 2024-01-01]\n---\n")
    assert found.title == "1.10"
    assert found.keywords == ("yes", "0x10", "2024-01-01")


def test_comma_text_is_a_list_of_keywords():
    found, _ = read("---\ntitle: T\nkeywords: leave, parental leave ,, paternity\n---\n")
    assert found.keywords == ("leave", "parental leave", "paternity")


def test_names_of_contacts_are_not_taken_for_questions():
    found, _ = read("---\ntitle: T\nquestions:\n  - people-ops\n  - How do I ask?\n---\n")
    assert found.questions == ("How do I ask?",)
    assert found.extra == {"questions": ["people-ops", "How do I ask?"]}
    assert found.strange == [(3, "questions: names, not questions")]
    found, _ = read("---\ntitle: T\nquestions:\n  - text: GSA\n    url: https://gsa.gov\n---\n")
    assert found.questions == ()
    assert found.extra == {"questions": [{"text": "GSA", "url": "https://gsa.gov"}]}


def test_addresses_of_the_page_come_from_several_keys():
    found, _ = read("---\nredirect_from: [/a/, /b/c/]\npermalink: /d/\naliases: e\nredirect_to: /f/#g\n---\n")
    assert found.addresses == ("e", "/a/", "/b/c/", "/d/")
    assert found.moved_to == "/f/#g"
    assert set(found.extra) == {"redirect_from", "permalink", "aliases", "redirect_to"}


def test_values_of_other_programs_do_not_stop_a_foreign_page():
    found, _ = read("---\ntitle: T\nstate: CA\nreview_days: 17\n---\n")
    assert (found.state, found.review_days) == (State.PUBLISHED, None)
    assert found.strange == [(4, "review_days: 17"), (3, "state: CA")]


@pytest.mark.parametrize("text", ["", "No front matter\n", "----\nx: 1\n----\n", "\n---\ntitle: x\n---\n"])
def test_text_without_front_matter_is_all_body(text):
    assert frontmatter.split(text) == (frontmatter.NO_HEAD, text)


def test_mark_at_the_start_and_windows_lines_are_read():
    found, body = read("\ufeff---\r\ntitle: T\r\n---\r\nA\r\nB\r\n")
    assert (found.title, body) == ("T", "A\nB\n")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("---\ntitle: [1\n---\n", 3, "not YAML"),
        ("---\nok: 1\n\tbad: 2\n---\n", 3, "not YAML"),
        ("---\na: &x 1\nb: *x\n---\n", 3, "alias"),
        ("---\ntitle: a\nb: c\ntitle: d\n---\n", 4, "title stands here twice"),
        ("---\n- a\n---\n", 2, "`name: value`"),
        ("---\n{title: a}\n---\n", 2, "`name: value`"),
        ("---\n? [a]\n: b\n---\n", 2, "`name: value`"),
        ("---\ntitle: a\n", 1, "no end"),
        ("---\nb: !!python/object:os.system x\n---\n", 2, "not YAML"),
        ("---\nb: 2024-13-45\n---\n", 2, "not YAML"),
        ("---\nx: 1\nb: !!bool maybe\n---\n", 3, "does not fit its tag"),
        ('---\nb: !!int ""\n---\n', 2, "does not fit its tag"),
        ('---\nb: !!float ""\n---\n', 2, "does not fit its tag"),
        ("---\nb: !!timestamp soon\n---\n", 2, "does not fit its tag"),
        (f"---\nb: {'[' * 40}{']' * 40}\n---\n", 2, "not YAML"),
        (f"---\nb: {'x' * 70_000}\n---\n", 1, "64 kB"),
        ("---\nx: 1\ntitle: [a, b]\n---\n", 3, "title must be one text"),
        ("---\nkeywords: [[a]]\n---\n", 2, "keywords must be one text"),
        ("---\naudience: everyone\n---\n", 2, "audience must be names with lists"),
        ("---\nx: 1\naudience:\n  countries:\n---\n", 3, "at least one of countries"),
        ("---\naudience: {teams: [], countries: [GB]}\n---\n", 2, "at least one of teams"),
        ("---\naudience: {teams: [a], teams: [b]}\n---\n", 2, "teams stands twice"),
        ("---\nx: 1\nchecked: soon\n---\n", 3, "must be a day"),
        ("---\nx: 1\nchecked: 2999-01-01\n---\n", 3, "a day to come"),
        ("---\ntopic: it\nteam: a\nreview_days: 17\n---\n", 4, "30, 90, 180, 365"),
        (f"---\ntopic: it\nteam: a\nreview_days: '{'9' * 5000}'\n---\n", 4, "30, 90, 180, 365"),
        ("---\ntopic: it\nteam: a\nstate: lost\n---\n", 4, "draft, published, archived"),
        ("---\ntopic: it\nteam: a\nquestions: [{a: b}]\n---\n", 4, "questions must be one text"),
        ("---\ntopic: it//x\nteam: a\n---\n", 2, "topic must be a path"),
    ],
)
def test_problem_names_line_and_reason(text, line, reason):
    found = problem(text)
    assert found.line == line
    assert reason in found.reason


def test_many_lines_of_anchors_cost_nothing():
    bomb = "---\na: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
    )
    assert "alias" in problem(f"{bomb}---\n").reason


# --- writing -----------------------------------------------------------------------------------

HEAD = (
    "# about\ntitle: 'Old'  # why\nextra:\n  - 1\n  - {a: b}\n\n# on keywords\nkeywords: [a,\n  b]\nlast: x\n"
)


def test_changed_keys_leave_order_comments_and_the_unknown_alone():
    head, _ = frontmatter.split(f"---\n{HEAD}---\n")
    assert frontmatter.replaced(head, {}) == HEAD
    new = frontmatter.replaced(
        head, {"keywords": ["no", "c: d"], "title": None, "checked": date(2026, 1, 2), "questions": ["Why?"]}
    )
    assert new == (
        "# about\nextra:\n  - 1\n  - {a: b}\n\n# on keywords\nkeywords: ['no', 'c: d']\nlast: x\n"
        "checked: 2026-01-02\nquestions:\n  - Why?\n"
    )


LINE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=40).map(
    lambda text: " ".join(text.split())
)
WORDS = st.lists(LINE.filter(bool), max_size=4, unique_by=str.casefold)


@settings(deadline=None)
@given(title=LINE, answer=LINE, keywords=WORDS, questions=WORDS, countries=WORDS.filter(bool))
def test_what_is_written_is_read_back(title, answer, keywords, questions, countries):
    values = {"title": title, "topic": "a", "team": "b", "answer": answer, "keywords": keywords}
    values |= {"questions": questions, "audience": {"countries": countries}}
    head = "".join(frontmatter.lines_of(key, value) for key, value in values.items())
    found, body = read(frontmatter.joined(head, "\n# Body\n"))
    assert (found.title, found.answer, body) == (title, answer, "\n# Body\n")
    assert (list(found.keywords), list(found.questions)) == (keywords, questions)
    assert found.audience == {"countries": countries}


def one_line(value):
    return yaml.safe_dump(value, default_flow_style=True, width=9999).removesuffix("...\n").strip()


@settings(deadline=None)
@given(
    data=st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
        st.recursive(
            st.none() | st.booleans() | st.integers() | LINE | st.dates(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LINE, inner, max_size=3),
            max_leaves=6,
        ),
        min_size=1,
        max_size=5,
    ),
    flow=st.booleans(),
)
def test_unknown_keys_survive_a_change_byte_for_byte(data, flow):
    text = "".join(
        f"{key}: {one_line(value)}\n" if flow else yaml.safe_dump({key: value}, allow_unicode=True)
        for key, value in data.items()
    )
    head, _ = frontmatter.split(f"---\n{text}---\n")
    changed = frontmatter.replaced(head, {"title_": "new"})
    assert changed.startswith(text)
    again, _ = frontmatter.split(f"---\n{changed}---\n")
    assert {key: again.plain(key) for key in data} == {key: head.plain(key) for key in data}
    assert frontmatter.replaced(again, {"title_": None}) == text
