"""Measuring: the figures themselves, and the commands that print them."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import Result

from portal.articles.models import Article
from portal.errors import Invalid
from portal.search import golden
from portal.search.evaluation import Asked, Figures, auroc, mean, measure, misspelled, read_set

Command = Callable[..., Result]

DOCS = [
    {"id": "lamp", "title": "Order a lamp", "text": "choose a lamp\nit comes by post"},
    {"id": "pay", "title": "When is payday", "text": "wages come on the 25th"},
    {"id": "vpn", "title": "Connect to VPN", "text": "open the client and sign in"},
]
QUERIES = [
    {"id": "q1", "text": "when do my wages come"},
    {"id": "q2", "text": "order lamp"},
    {"id": "q3", "text": "purple giraffe"},
    {"id": "q4", "text": "sign in to vpn"},
]


def write(folder: Path, qrels: str = "q1\tpay\t1\nq2\tlamp\t2\nq2\tpay\t0\nq4\tlamp\t1\n") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "docs.jsonl").write_text("\n".join(json.dumps(one) for one in DOCS) + "\n\n")
    (folder / "queries.jsonl").write_text("\n".join(json.dumps(one) for one in QUERIES))
    (folder / "qrels.tsv").write_text(qrels)
    return folder


def test_a_set_is_asked_through_the_portal_and_measured(flask_command: Command, tmp_path: Path) -> None:
    found = json.loads(flask_command("search", "evaluate", str(write(tmp_path / "small")), "--json").stdout)
    figures = found["small"]
    assert (figures["questions"], figures["answerable"]) == (4, 3)
    assert figures["success_at_1"] == pytest.approx(2 / 3)  # q4 is graded against the wrong document
    assert figures["auroc"] > 0.6
    assert 0 <= figures["empty"] <= 0.25
    assert figures["p95_ms"] >= figures["p50_ms"] > 0
    text = flask_command("search", "evaluate", str(tmp_path / "small")).stdout
    assert "success_at_1         0.667" in text


def test_a_set_without_unanswerable_questions_has_no_auroc(flask_command: Command, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "all", "query\tdocument\tgrade\n" + "".join(f"q{n}\tvpn\t1\n" for n in range(1, 5))
    )
    found = json.loads(flask_command("search", "evaluate", str(folder), "--json").stdout)
    assert found["all"]["auroc"] is None
    assert "auroc                -" in flask_command("search", "evaluate", str(folder)).stdout


def test_a_set_is_asked_with_typos(flask_command: Command, tmp_path: Path) -> None:
    folder = str(write(tmp_path / "slips"))

    def figures(*options: str) -> dict[str, float]:
        found = json.loads(flask_command("search", "evaluate", folder, "--typos", *options, "--json").stdout)
        return dict(found["slips"])

    several = figures("--seed", "4", "--seed", "5")
    alone = [figures("--seed", seed) for seed in ("4", "5")]
    assert several["questions"] == 4
    for name in ("success_at_1", "mrr_at_10", "auroc"):
        assert several[name] == pytest.approx(sum(one[name] for one in alone) / 2)
    unnamed = figures()
    assert unnamed["mrr_at_10"] == pytest.approx(
        sum(figures("--seed", seed)["mrr_at_10"] for seed in "123") / 3
    )


def test_typos_depend_on_the_seed_and_the_question_alone() -> None:
    first, second = misspelled(QUERIES, 1), misspelled(QUERIES, 2)
    assert [one["id"] for one in first] == [one["id"] for one in QUERIES]
    assert all(one["text"] != asked["text"] for one, asked in zip(first, QUERIES, strict=True))
    assert first != second
    assert misspelled(QUERIES[::-1], 1) == first[::-1]


def test_a_seed_without_typos_is_refused(flask_command: Command, tmp_path: Path) -> None:
    folder = str(write(tmp_path / "small"))
    assert "add --typos" in flask_command("search", "evaluate", folder, "--seed", "1", exit_code=2).output


def test_the_mean_of_figures() -> None:
    one = measure([Asked(("a",), 0.9, 1.0, {"a": 1}), Asked(("x",), 0.3, 2.0, {"y": 1})])
    other = measure([Asked(("a",), 0.9, 3.0, {"a": 1}), Asked(("x",), 0.3, 2.0, {"x": 1})])
    both = mean([one, other])
    assert (both.questions, both.answerable, both.auroc) == (2, 2, None)
    assert both.success_at_1 == pytest.approx(0.75)
    assert both.p50_ms == pytest.approx((1.5 + 2.5) / 2)
    assert isinstance(both, Figures)
    assert mean([one]) == one


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("qrels.tsv", "q1 pay 1", "line 1: write query, document, grade with tabs"),
        ("qrels.tsv", "q1\tpay\t1\nq2\tpay\tgood", "line 2: the grade is no number"),
        ("docs.jsonl", "{", "line 1: not JSON"),
        ("queries.jsonl", '\n{"id": "q"}', "line 2: id and text must be there"),
        ("docs.jsonl", "[]", "line 1: id and text must be there"),
    ],
)
def test_a_bad_set_is_told_with_its_line(
    flask_command: Command, tmp_path: Path, file: str, text: str, message: str
) -> None:
    folder = write(tmp_path / "bad")
    (folder / file).write_text(text)
    assert message in flask_command("search", "evaluate", str(folder), exit_code=1).output


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"qrels\.tsv cannot be read"):
        read_set(tmp_path)


def test_the_figures_are_the_textbook_ones() -> None:
    asked = [
        Asked(("a", "b", "c"), 0.9, 1.0, {"a": 1}),
        Asked(("x", "b", "c"), 0.6, 3.0, {"b": 1, "z": 1}),
        Asked((), 0.0, 2.0, {"a": 1}),
        Asked(("x",), 0.3, 2.0, {}),
    ]
    figures = measure(asked)
    assert figures.success_at_1 == pytest.approx(1 / 3)
    assert figures.success_at_3 == pytest.approx(2 / 3)
    assert figures.mrr_at_10 == pytest.approx((1 + 0.5) / 3)
    gained, ideal = 1 / 1.584962500721156, 1 + 1 / 1.584962500721156
    assert figures.ndcg_at_10 == pytest.approx((1 + gained / ideal) / 3)
    assert figures.recall_at_10 == pytest.approx((1 + 0.5) / 3)
    assert figures.empty == 0.25
    assert figures.auroc == pytest.approx(2 / 3)
    assert figures.rejected_at_90_kept == 0.0


def test_auroc_counts_ties_half() -> None:
    assert auroc([0.9, 0.5], [0.5, 0.1]) == pytest.approx(3.5 / 4)


def test_nothing_asked_gives_no_figures() -> None:
    assert measure([]).success_at_1 is None


# --- flask search ask and questions ---------------------------------------------------------------


@pytest.fixture
def library(people: SimpleNamespace, write_article: Callable[..., Article], flask_command: Command) -> None:
    write_article("Reset your password", body="Intro.\n\n## On the phone\n\nOpen the lantern app.")
    write_article("Run the payroll", body="lantern", audience={"teams": ["payroll"]}, team="payroll")
    flask_command("index", "sync")


def test_asking_on_the_command_line(library: None, flask_command: Command) -> None:
    found = json.loads(
        flask_command("search", "ask", "open lantern app", "--as", "ana@portal.test", "--json").stdout
    )
    assert [hit["article"] for hit in found["hits"]] == ["reset-your-password"]
    assert set(found["hits"][0]) == {"rank", "article", "anchor", "title", "score", "matched"}
    assert found["hits"][0]["anchor"] == "s-on-the-phone"
    assert 0 < found["confidence"] <= 1
    text = flask_command("search", "ask", "lantren", "--limit", "5").stdout  # as an admin
    assert "reset-your-password#s-on-the-phone" in text
    assert "run-the-payroll" in text
    assert "searched also for 'lantern', typed 'lantren'" in text


def test_asking_as_nobody(library: None, flask_command: Command) -> None:
    output = flask_command("search", "ask", "x", "--as", "nobody@portal.test", exit_code=1).output
    assert "There is no active person 'nobody@portal.test'" in output


def test_asking_without_an_admin(flask_command: Command) -> None:
    assert (
        "make one with `flask accounts create-admin"
        in flask_command("search", "ask", "x", exit_code=1).output
    )


def test_questions_are_asked_as_their_people(library: None, flask_command: Command, tmp_path: Path) -> None:
    questions = [
        {"id": "1", "text": "password", "article": "reset-your-password", "mark": "check"},
        {"id": "2", "text": "lantern app phone", "article": "reset-your-password",
         "section": "s-on-the-phone", "mark": "check"},
        {"id": "3", "text": "run the payroll", "article": "run-the-payroll", "mark": "check"},
        {"id": "4", "text": "run the payroll", "article": "run-the-payroll", "mark": "check",
         "as": "ada@portal.test"},
        {"id": "5", "text": "purple giraffe", "article": None, "mark": "tune"},
    ]  # fmt: skip
    (tmp_path / "q.jsonl").write_text("\n".join(json.dumps(one) for one in questions))
    text = flask_command("search", "questions", str(tmp_path), "--mark", "check", "--missed").stdout
    assert "run the payroll  | wanted run-the-payroll | got" in text
    assert "success_at_1         0.750" in text
    assert "right_section        1 of 1" in text
    found = json.loads(flask_command("search", "questions", str(tmp_path), "--json").stdout)
    assert next(iter(found.values()))["questions"] == 5


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "Every question has"),
        ('{"id": 1, "text": "a", "article": null, "mark": "x"}', "write tune or check"),
    ],
)
def test_a_bad_question_is_told(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "q.jsonl").write_text(line)
    with pytest.raises(Invalid, match=message):
        golden.read(tmp_path)


def test_no_questions_and_unknown_askers_are_told(
    library: None, flask_command: Command, tmp_path: Path
) -> None:
    assert "There are no questions" in flask_command("search", "questions", str(tmp_path), exit_code=1).output
    (tmp_path / "q.jsonl").write_text(
        '{"id": 1, "text": "a", "article": null, "mark": "tune", "as": "x@y.example"}'
    )
    assert "asked as x@y.example" in flask_command("search", "questions", str(tmp_path), exit_code=1).output
