"""Synonyms as a file: loading, loading again, writing, the sample organisation's own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.errors import Invalid
from portal.search import synonym_files, tuning
from portal.search.models import RuleKind, TuningRule
from portal.search.tuning_checks import Content, both_sides, checked
from tests.support.code import ROOT

FILE = "\ufeff# comment\n\nwifi, wlan\npayroll => salary, wages\n   # another\n"


def said(session):
    return [str(one) for one in tuning.in_force(session).values()]


def test_a_file_is_loaded_once(session, world):
    loaded = synonym_files.load(session, FILE)
    assert (loaded.added, loaded.known, loaded.problems) == (2, 0, [])
    assert said(session) == ["wifi, wlan", "payroll => salary, wages"]
    again = synonym_files.load(session, "WLAN, wifi\r\npayroll => wage, salary\n")  # the same in other words
    assert (again.added, again.known, again.problems) == (0, 2, [])


def test_what_was_edited_stays_as_it_is(session, people):
    synonym_files.load(session, FILE)
    first, second = session.query(TuningRule).order_by(TuningRule.id)
    edited = Content(RuleKind.SYNONYM, ("wifi", "hotspot"))
    tuning.change(session, first, edited, version=1, by=people.ada)
    tuning.remove(session, second, version=1, by=people.ada)
    assert synonym_files.load(session, FILE).added == 0
    assert said(session) == ["wifi, hotspot"]


def test_lines_that_cannot_be_used_are_reported_and_left_out(session, world):
    loaded = synonym_files.load(session, "wifi\nwlan, wireless\nwireless, radio\n")
    assert loaded.added == 1
    assert [problem.partition(":")[0] for problem in loaded.problems] == ["line 1", "line 3"]
    assert said(session) == ["wlan, wireless"]


def test_writing_and_loading_give_the_same(session, people):
    for content in (
        Content(RuleKind.SYNONYM, ("wifi", "wlan")),
        Content(RuleKind.SYNONYM, ("#general", "general channel")),
        Content(RuleKind.SYNONYM, ("payroll",), ("salary", "wages")),
        Content(RuleKind.LESS, ("urgent",)),
    ):
        tuning.add(session, content, by=people.ada)
    text = synonym_files.export(session)
    assert text == "wifi, wlan\ngeneral, general channel\npayroll => salary, wages\n"
    for rule in tuning.listed(session, list(RuleKind)):
        tuning.remove(session, rule, version=rule.version, by=people.ada)
    assert synonym_files.load(session, text).problems == []
    assert synonym_files.export(session) == text


phrase = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(st.lists(phrase, min_size=1, max_size=4), st.lists(phrase, max_size=3))
def test_what_can_be_saved_can_be_written_and_read_back(words, means):
    typed = ", ".join(words) + (" => " + ", ".join(means) if means else "")
    try:
        content = checked(Content(RuleKind.SYNONYM, *both_sides(typed)), [])
    except Invalid:
        return
    assert Content(RuleKind.SYNONYM, *both_sides(str(content))) == content
    assert checked(content, []) == content


def test_the_commands(session, world, flask_command, tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text(FILE, encoding="utf-8")
    assert "2 sets of synonyms added" in flask_command("search", "load-synonyms", str(file)).output
    assert "0 sets of synonyms added, 2 known" in flask_command("search", "load-synonyms", str(file)).output
    assert flask_command("search", "export-synonyms").output == "wifi, wlan\npayroll => salary, wages\n"
    out = tmp_path / "out.txt"
    flask_command("search", "export-synonyms", str(out))
    assert out.read_text(encoding="utf-8") == "wifi, wlan\npayroll => salary, wages\n"
    file.write_text("wifi\n", encoding="utf-8")
    told = flask_command("search", "load-synonyms", str(file), exit_code=1)
    assert "! mine.txt, line 1: One word alone" in told.stderr
    file.write_bytes(b"\xff\xfe\x00")
    assert "UTF-8" in flask_command("search", "load-synonyms", str(file), exit_code=1).output
    flask_command("search", "export-synonyms", str(tmp_path / "no" / "out.txt"), exit_code=1)


def test_the_synonyms_of_the_sample_organisation_can_all_be_used(session, world):
    text = (ROOT / "content" / "synonyms.txt").read_text(encoding="utf-8")
    loaded = synonym_files.load(session, text)
    assert loaded.problems == []
    assert loaded.added >= 40
    assert any(one.means for one in tuning.in_force(session).values())


@pytest.mark.parametrize("times", [1, 2])
def test_the_sample_organisation_comes_with_its_synonyms(session, flask_command, tmp_path, times):
    content = tmp_path / "content"
    (content / "articles" / "it").mkdir(parents=True)
    for name in ("organisation.yaml", "teams.yaml", "people.yaml", "topics.yaml"):
        (content / name).write_bytes((ROOT / "content" / name).read_bytes())
    (content / "articles" / "it" / "one.md").write_text(
        "---\ntitle: One\ntopic: it\nteam: it-service-desk\n---\n\nText.\n", encoding="utf-8"
    )
    (content / "synonyms.txt").write_text("wifi, wlan\n", encoding="utf-8")
    told = [flask_command("content", "load-sample", "--content", str(content)).output for _ in range(times)]
    assert "1 set of synonyms added" in told[0]
    assert all("synonyms" not in one for one in told[1:])
    assert said(session) == ["wifi, wlan"]
