"""Floors under the answers: the sample questions, and public sets where they are at hand.

The floors lie a few points below what is measured today (docs/adr/0010-ranking.md), so that an
honest change may move a question or two, and a broken one is seen.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.support.code import ROOT

Command = Callable[..., Result]


def test_the_sample_questions_are_answered(flask_command: Command) -> None:
    flask_command("content", "load-sample")
    flask_command("index", "sync")
    for mark in ("tune", "check"):
        arguments = ("search", "questions", str(ROOT / "content/questions"), "--mark", mark, "--json")
        figures = json.loads(flask_command(*arguments).stdout)["questions"]
        assert figures["success_at_1"] >= 0.84, figures
        assert figures["success_at_3"] >= 0.94, figures
        assert figures["auroc"] >= 0.85, figures
        assert figures["empty"] <= 0.01, figures


@pytest.mark.parametrize(
    ("name", "floor"), [("stackfaq", 0.80), ("clinc150", 0.85), ("hint3_curekart", 0.76)], ids=str
)
def test_public_sets_are_answered(flask_command: Command, shared_dir: Path, name: str, floor: float) -> None:
    found = flask_command("search", "evaluate", str(shared_dir / "eval" / name), "--json").stdout
    figures = json.loads(found)[name]
    assert figures["success_at_1"] >= floor, figures
    assert figures["empty"] <= 0.01, figures


def test_slips_of_the_fingers_cost_little(flask_command: Command, shared_dir: Path) -> None:
    folder = str(shared_dir / "eval" / "stackfaq")
    found = flask_command("search", "evaluate", folder, "--typos", "--seed", "1", "--json").stdout
    figures = next(iter(json.loads(found).values()))
    assert figures["success_at_1"] >= 0.77, figures
