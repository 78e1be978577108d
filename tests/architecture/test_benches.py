"""The measuring tools run, and what they measure with is always the same."""

import json
import os
import subprocess
import sys
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from tests.support.code import ROOT


@pytest.fixture(scope="module")
def corpus():
    """The module tools/corpus.py."""
    spec = spec_from_file_location("corpus", ROOT / "tools" / "corpus.py")
    module = module_from_spec(spec)
    sys.modules["corpus"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["corpus"]


def test_generated_articles_and_questions_are_always_the_same(corpus):
    first, second = corpus.Corpus(), corpus.Corpus()
    few, many = list(first.articles(3)), list(second.articles(5))
    assert many[:3] == few
    assert [first.question(text, 4) for text in few] == [second.question(text, 4) for text in many[:3]]
    assert list(corpus.Corpus(seed=8).articles(3)) != few


def test_generated_articles_are_like_natural_ones(corpus):
    made = corpus.Corpus()
    texts = list(made.articles(200))
    counts = Counter(word.strip(".:#") for text in texts for word in text.body.lower().split())
    lengths = [len(text.body.split()) for text in texts]
    assert 300 < sum(lengths) / len(texts) < 420
    assert counts.most_common(1)[0][0] == "the"
    assert sum(counts[word] for word in corpus.FUNCTION) > 0.25 * counts.total()
    assert sum(count == 1 for count in counts.values()) > 0.3 * len(counts)
    questions = [
        (made.question(text, n), made.question(text, n, slips=0)) for text in texts for n in range(5)
    ]
    assert 0.05 < sum(asked != meant for asked, meant in questions) / len(questions) < 0.15


def bench(folder, *options):
    return subprocess.run(
        [sys.executable, "tools/bench_search.py", *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_search_is_measured_beside_others(tmp_path):
    (tmp_path / "bm25s.py").write_text("raise ImportError('taken away')")
    fuzz = tmp_path / "fuzz.json"
    fuzz.write_text(json.dumps([{"q": '"('}, {"prefix": "a", "unit": "(", "n": 400, "suffix": "*"}]))
    small = ("--sizes", "30", "--questions", "60", "--rounds", "1", "--fuzz-size", "30")
    done = bench(tmp_path, *small, "--fuzz", str(fuzz))
    assert done.returncode == 0, done.stderr
    lines = {line.split()[0]: line for line in done.stdout.splitlines() if line and " / ours" not in line}
    assert "bm25s is not installed (taken away)" in lines["bm25s"]
    for engine in ("whoosh", "fts5", "tantivy"):
        assert f"{engine} / ours" in done.stdout
    for engine in ("ours", "whoosh", "fts5", "tantivy"):
        found = lines[engine].split()[-2]
        assert int(found.rstrip("%")) > 90, lines[engine]
    assert "2 hostile questions" in done.stdout
    assert "0 errors" in done.stdout


def test_without_hostile_questions_it_says_so(tmp_path):
    done = bench(tmp_path, "--sizes", "20", "--engines", "fts5", "--fuzz", str(tmp_path / "none"))
    assert done.returncode == 0, done.stderr
    assert "left out, the file is not there" in done.stdout
