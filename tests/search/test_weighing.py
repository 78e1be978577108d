"""What other weights would do: the sweep and `flask search tune`."""

import json
from dataclasses import replace

import numpy as np
import pytest

from portal.errors import Invalid, NotFound
from portal.indexing.memory_engine import MemoryEngine
from portal.indexing.weights import WEIGHTS
from portal.search import services, weighing
from portal.search.weighing import FACTORS, NAMES, Gain

# Each article has its word often in its text; the decoy of each has it once, in its title. With a low weight
# of titles the article wins, with a high one the decoy does.
TOPICS = ("lamp", "oil", "wick", "glass", "brass", "pump")


def planted(folder, right="article"):
    folder.mkdir(exist_ok=True)
    docs, queries, qrels = [], [], []
    for word in TOPICS:
        docs.append(
            {"id": f"{word}-article", "title": "Help", "text": f"{word} {word} {word} {word}\n{word} {word}"}
        )
        docs.append(
            {"id": f"{word}-decoy", "title": f"About the {word}", "text": "nothing of the kind at all"}
        )
        queries.append({"id": word, "text": word})
        qrels.append(f"{word}\t{word}-{right}\t1")
    queries.append({"id": "none", "text": "giraffe"})
    (folder / "docs.jsonl").write_text("\n".join(map(json.dumps, docs)))
    (folder / "queries.jsonl").write_text("\n".join(map(json.dumps, queries)))
    (folder / "qrels.tsv").write_text("\n".join(qrels))
    return folder


def questions(folder, *records):
    folder.mkdir(exist_ok=True)
    lines = [
        json.dumps({"id": f"q{at}", "article": article, "mark": mark, "text": text, **more})
        for at, (text, article, mark, more) in enumerate(records)
    ]
    (folder / "own.jsonl").write_text("\n".join(lines))
    return folder


def sweep(sets, *names, weights=WEIGHTS):
    return {
        (row.name, row.factor): row
        for rows in weighing.weigh(sets, names, weights=weights, told=lambda _: None)
        for row in rows
    }


def memory(_folder):
    return MemoryEngine()


# --- the sweep -------------------------------------------------------------------------------


def test_a_better_weight_is_found(app, tmp_path):
    """A title weight that is twice too high for the set is seen to be so, and not the other way round."""
    with weighing.loaded([planted(tmp_path / "planted")], memory) as sets:
        wrong = replace(WEIGHTS, title=60.0)
        rows = sweep(sets, "title", weights=wrong)
        values = {factor: row.success["planted"] for (_, factor), row in rows.items()}
        assert values[1.0] == 0.0
        right = replace(WEIGHTS, title=1.0)
        lower = sweep(sets, "title", weights=right)
        assert lower["title", 1.0].success["planted"] == 1.0
        between = next(
            value
            for value in (4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0, 48.0)
            if weighing.measure(sets[0], replace(WEIGHTS, title=value)).success.mean() == 0.0
        )
        rows = sweep(sets, "title", weights=replace(WEIGHTS, title=between))
        assert rows["title", 0.5].success["planted"] == 1.0
        assert rows["title", 0.5].real
        assert rows["title", 0.5].gains["success"].gain == 1.0
        assert not rows["title", 2.0].real


def test_what_is_no_better_is_not_marked(app, tmp_path):
    with weighing.loaded([planted(tmp_path / "planted")], memory) as sets:
        rows = sweep(sets, *NAMES)
    assert len(rows) == len(NAMES) * len(FACTORS)
    for (name, factor), row in rows.items():
        assert row.value == weighing.other_value(name, factor)
        if factor == 1:
            assert all(gain == Gain(0.0, 0.0) for gain in row.gains.values())
            assert not row.real
    for name in ("questions", "keywords", "heading", "answer", "synonym"):  # not in this set at all
        assert {rows[name, factor].success["planted"] for factor in FACTORS} == {
            rows[name, 1.0].success["planted"]
        }


def test_every_set_counts_the_same(app, tmp_path):
    folders = [planted(tmp_path / "one"), planted(tmp_path / "other", right="decoy")]
    with weighing.loaded(folders, memory) as sets:
        small = replace(sets[1], cases=sets[1].cases[:2])
        row = sweep([sets[0], small], "title", weights=replace(WEIGHTS, title=60.0))["title", 0.5]
        before = [weighing.measure(one, replace(WEIGHTS, title=60.0)) for one in (sets[0], small)]
        after = [weighing.measure(one, replace(WEIGHTS, title=30.0)) for one in (sets[0], small)]
    gained = [(b.success - a.success).mean() for a, b in zip(before, after, strict=True)]
    assert row.gains["success"].gain == pytest.approx(sum(gained) / 2)


def test_skipping_what_cannot_matter_changes_nothing(app, tmp_path):
    with weighing.loaded([planted(tmp_path / "planted")], memory) as (one,):
        for name in NAMES:
            if not weighing._matters(name, one):
                other = replace(WEIGHTS, **{name: weighing.other_value(name, 2.0)})
                assert (
                    weighing.measure(one, other).reciprocal == weighing.measure(one, WEIGHTS).reciprocal
                ).all()


def test_shares_of_length_stay_shares():
    assert weighing.other_value("b_long", 2.0) == 1.0
    assert weighing.other_value("k1", 2.0) == 2 * WEIGHTS.k1


def test_the_error_is_that_of_the_difference():
    before, after = np.zeros(100), np.zeros(100)
    after[:10] = 1.0
    gain = weighing._gain([(before, after)])
    assert gain.gain == pytest.approx(0.1)
    assert gain.error == pytest.approx(0.03 * (100 / 99) ** 0.5)
    assert gain.real
    after[10:] = 0.0
    before[90:] = 1.0
    assert not weighing._gain([(before, after)]).real


@pytest.mark.parametrize("questions", [1, 2, 7, 150])
def test_one_question_more_is_no_gain_to_speak_of(questions):
    before, after = np.zeros(questions), np.zeros(questions)
    after[0] = 1.0
    assert not weighing._gain([(before, after)]).real
    assert not weighing._gain([(before, after), (np.zeros(9), np.zeros(9))]).real


def test_confidence_is_measured_over_all_questions(app, tmp_path):
    with weighing.loaded([planted(tmp_path / "planted", right="decoy")], memory) as sets:
        rows = weighing.doubt(sets, ["rivals", "middle"], told=lambda _: None)
    found = {(row.name, row.factor): row for row in rows}
    assert [found["rivals", factor].value for factor in FACTORS] == [2, 4, 5, 7, 10]
    assert found["middle", 1.0].auroc["planted"] == 1.0  # a giraffe is less sure than any word there is
    assert found["middle", 2.0].auroc["planted"] == 1.0
    assert found["middle", 2.0].brier["planted"] != found["middle", 1.0].brier["planted"]
    assert weighing.doubt([], [], told=lambda _: None) == []


# --- the organisation's own questions --------------------------------------------------------


@pytest.fixture
def library(write_article, people, flask_command):
    write_article(
        "Order a lamp",
        slug="lamp",
        body="First this.\n\n## By post\n\nIt comes by parcel.",
        keywords=["lantern"],
    )
    write_article("Order oil", slug="oil", body="The lamp needs oil.")
    write_article("Oil of the board", slug="board", audience={"sites": ["hamburg"]})
    flask_command("index", "sync")


def test_no_question_marked_check_is_asked(app, session, library, people, tmp_path, monkeypatch):
    folder = questions(
        tmp_path / "questions",
        ("order a lamp", "lamp", "tune", {"section": "s-by-post"}),
        ("oil for the lamp", "oil", "check", {}),
        ("secret of the check", None, "check", {}),
        ("purple giraffe", None, "tune", {}),
        ("gone", "not-there-any-more", "tune", {}),
        ("board oil", "board", "tune", {"as": people.gus.email}),
    )
    own = weighing.own(session, app.extensions["engine"], folder)
    assert [case.text for case in own.cases] == ["order a lamp", "purple giraffe", "board oil"]
    asked = set()
    rank = services.rank
    monkeypatch.setattr(
        services, "rank", lambda engine, text, **more: asked.add(text) or rank(engine, text, **more)
    )
    sweep([own], *NAMES)
    weighing.doubt([own], ["width"], told=lambda _: None)
    assert asked == {"order a lamp", "purple giraffe", "board oil"}


def test_questions_are_asked_as_whom_they_name(app, session, library, people, tmp_path):
    folder = questions(
        tmp_path / "q",
        ("board oil", "board", "tune", {"as": people.gus.email}),
        ("board oil", "board", "tune", {}),
    )
    measured = weighing.measure(weighing.own(session, app.extensions["engine"], folder), WEIGHTS)
    assert list(measured.success) == [1.0, 0.0]


def test_sections_are_measured_by_their_own_weights(app, session, library, tmp_path):
    folder = questions(tmp_path / "q", ("lamp by post", "lamp", "tune", {"section": "s-by-post"}))
    own = weighing.own(session, app.extensions["engine"], folder)
    rows = sweep([own], "section_heading", "title")
    assert set(rows["section_heading", 0.5].gains) == {"section"}
    assert rows["section_heading", 1.0].section == {"q": weighing.measure(own, WEIGHTS).section.mean()}
    assert set(rows["title", 0.5].gains) == {"success", "reciprocal"}


def test_what_cannot_be_used_is_named(app, session, library, people, tmp_path):
    engine = app.extensions["engine"]
    with pytest.raises(Invalid, match="No article"):
        weighing.own(session, engine, questions(tmp_path / "a", ("x", "nowhere", "tune", {})))
    with pytest.raises(NotFound, match=r"nobody@portal\.test"):
        folder = questions(tmp_path / "b", ("x", "lamp", "tune", {"as": "nobody@portal.test"}))
        weighing.own(session, engine, folder)


# --- the command -----------------------------------------------------------------------------


def test_the_command_prints_tables_and_changes_nothing(flask_command, library, tmp_path):
    own = questions(tmp_path / "q", ("order a lamp", "lamp", "tune", {"section": "s-by-post"}))
    folder = planted(tmp_path / "planted")
    asked = ("search", "tune", str(folder), "--questions", str(own), "--only", "title, section_body,width")
    result = flask_command(*asked)
    assert "\ntitle\n" in result.stdout
    assert "\nsection_body\n" in result.stdout
    assert "confidence: width" in result.stdout
    assert "\nk1\n" not in result.stdout
    assert "Nothing was changed." in result.stdout
    assert "… title" in result.stderr
    found = json.loads(flask_command(*asked, "--json").stdout)
    assert [row["value"] for row in found["weights"] if row["name"] == "title"] == [
        pytest.approx(WEIGHTS.title * factor) for factor in FACTORS
    ]
    assert {row["name"] for row in found["confidence"]} == {"width"}


def test_the_command_says_what_it_cannot_do(flask_command, library, tmp_path):
    assert "no weight colour" in flask_command("search", "tune", "--only", "colour", exit_code=2).output
    assert "nothing to ask" in flask_command("search", "tune", "--no-questions", exit_code=2).output
    refused = flask_command("search", "tune", "--questions", str(tmp_path), exit_code=1)
    assert "There are no questions" in refused.output
