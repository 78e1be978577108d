"""How quick the search is, beside others: part of `make bench`.

Generates articles (`corpus.py`), gives the same ones to our engine, to Whoosh's own searcher, SQLite's
FTS5, Tantivy and bm25s, and asks all of them the same questions, one after the other in one thread.
Every engine works in processes of its own. docs/operations.md says how to read the tables.
"""

import argparse
import json
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import chain, compress
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from corpus import Corpus, Text  # noqa: E402
from search_engines import ENGINES, Missing, Ours, Record  # noqa: E402

SIZES = (1_000, 10_000, 50_000)
QUESTIONS = 600
STEP = 83
"""Questions are about every 83rd article, beginning anew at the end."""

FEW = 100
"""Questions for an engine that takes long for each."""

ROUNDS = 3
COMMITS = 10
FUZZ_SIZE = 5_000
FUZZ = ROOT.parent / "shared" / "payloads" / "own" / "search_query_fuzz.json"

Figures = dict[str, Any]


def main() -> int:
    """0; 1 when a hostile question was an error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of articles")
    parser.add_argument("--engines", nargs="+", choices=list(ENGINES), default=list(ENGINES))
    parser.add_argument("--quick", action="store_true", help="1,000 articles, one round")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="processes that ask, for each engine")
    parser.add_argument("--questions", type=int, default=QUESTIONS)
    parser.add_argument("--fuzz-size", type=int, default=FUZZ_SIZE, help="articles for the hostile questions")
    parser.add_argument("--fuzz", type=Path, default=FUZZ, help="a JSON file of hostile questions")
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step, engine, folder = options.step
        print(json.dumps(STEPS[step](engine, Path(folder))))
        return 0
    sizes, rounds = ([SIZES[0]], 1) if options.quick else (options.sizes, options.rounds)
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        began = time.perf_counter()
        _generate(folder, options, sizes)
        print(f"{max(sizes)} articles generated in {time.perf_counter() - began:.0f} s")
        for size in sizes:
            found = _measure(options.engines, folder / str(size), rounds)
            _print_table(size, found)
            if "ours" in found:
                _print_ratios(found)
                _print_commits(_run("commits", "ours", folder / str(size)))
        return _fuzz(folder / "fuzz", options.fuzz_size)


class Question(NamedTuple):
    """A question, the article it was made from, and what it would be without a slip of the fingers."""

    text: str
    wanted: str = ""
    meant: str = ""


# --- what is asked -------------------------------------------------------------------------------


def _generate(folder: Path, options: argparse.Namespace, sizes: Sequence[int]) -> None:
    """Write articles and questions where the other processes read them: a folder for each size."""
    corpus = Corpus()
    fuzz_size = options.fuzz_size if options.fuzz.exists() else 0
    texts = list(corpus.articles(max(*sizes, fuzz_size)))
    for size in sizes:
        asked = [texts[number % size] for number in range(0, options.questions * STEP, STEP)]
        questions = [
            Question(corpus.question(text, turn), str(text.number), corpus.question(text, turn, slips=0))
            for turn, text in enumerate(asked)
        ]
        _write(folder / str(size), texts[:size], questions)
    if fuzz_size:
        cases = json.loads(options.fuzz.read_text(encoding="utf-8"))
        hostile = [
            case["q"] if "q" in case else case["prefix"] + case["unit"] * case["n"] + case["suffix"]
            for case in cases
        ]
        _write(folder / "fuzz", texts[:fuzz_size], [Question(text) for text in hostile])


def _write(folder: Path, texts: Sequence[Text], questions: Sequence[Question]) -> None:
    folder.mkdir()
    (folder / "questions.json").write_text(json.dumps(questions), encoding="utf-8")
    with (folder / "articles").open("wb") as file:
        for text in texts:
            pickle.dump(Record.of(text), file)


def _articles(folder: Path) -> Iterator[Record]:
    with (folder / "articles").open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)  # noqa: S301  # written by the process that started this one


def _questions(folder: Path) -> list[Question]:
    return [Question(*one) for one in json.loads((folder / "questions.json").read_text(encoding="utf-8"))]


# --- the steps, each in a process of its own -----------------------------------------------------


def _run(step: str, engine: str, folder: Path) -> Figures:
    """What a step prints; {"problem": …} when it cannot be done."""
    done = subprocess.run(
        [sys.executable, __file__, "--step", step, engine, str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"problem": (done.stderr.strip().splitlines() or ["no reason given"])[-1][:100]}
    found: Figures = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(engines: Sequence[str], folder: Path, rounds: int) -> dict[str, Figures]:
    """Let all engines index, two at a time, then ask them one after the other, alone."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        indexed = dict(
            zip(engines, pool.map(lambda engine: _run("index", engine, folder), engines), strict=True)
        )
    return {
        engine: figures if "problem" in figures else figures | _asked(engine, folder, rounds)
        for engine, figures in indexed.items()
    }


def _asked(engine: str, folder: Path, rounds: int) -> Figures:
    """Ask in `rounds` fresh processes and put their times together."""
    asked = [_run("ask", engine, folder) for _ in range(rounds if ENGINES[engine].quick else 1)]
    problems = [one for one in asked if "problem" in one]
    if problems:
        return problems[0]
    merged: Figures = {}
    for name in asked[0]:
        values = [one[name] for one in asked]
        merged[name] = list(chain(*values)) if isinstance(values[0], list) else statistics.median(values)
    return merged


def _index(name: str, folder: Path) -> Figures:
    """Seconds to index all articles, by the clock and of the processor, and megabytes on disk."""
    place = folder / name
    place.mkdir()
    try:
        engine = ENGINES[name](place)
    except Missing as error:
        return {"problem": str(error)}
    began, used = time.perf_counter(), time.process_time()
    engine.build(_articles(folder))
    seconds, used = time.perf_counter() - began, time.process_time() - used
    files = {path.resolve() for path in place.rglob("*") if path.is_file()}
    return {"index": seconds, "cpu": used, "disk": sum(path.stat().st_size for path in files) / 1e6}


def _ask(name: str, folder: Path) -> Figures:
    """Milliseconds of every question, cold and asked again, and until the first answer; megabytes of
    memory; the share of questions that led to the article they were made from."""
    engine = ENGINES[name](folder / name)
    questions = _questions(folder)[: None if engine.quick else FEW]
    opened = _milliseconds(engine.open) + _milliseconds(lambda: engine.ask("the"))
    figures: Figures = {"open": opened, "questions": len(questions), "found": 0}
    for heat in ("cold", "warm"):
        times = figures[heat] = []
        for question in questions:
            began = time.perf_counter()
            hits = engine.ask(question.text)
            times.append((time.perf_counter() - began) * 1000)
            figures["found"] += (question.wanted in hits) / len(questions) / 2
        if isinstance(engine, Ours):
            figures[f"{heat} alone"] = engine.searching[-len(questions) :]
            slipped = [question.text != question.meant for question in questions]
            figures[f"{heat} slipped"] = list(compress(times, slipped))
    figures["memory"] = _memory()
    return figures


def _commits(_: str, folder: Path) -> Figures:
    """Milliseconds to put one article into our engine, of the first two questions that another reader
    asks after it, and of the first question of people who may see less."""
    reader, writer = Ours(folder / "ours"), Ours(folder / "ours")
    reader.ask("the")
    questions = (question.text for question in _questions(folder))
    figures: Figures = {"put": [], "first": [], "next": []}
    figures["other"] = [_milliseconds(lambda: reader.ask_as(next(questions), Ours.OTHER))]
    for version, record in zip(range(2, COMMITS + 2), _articles(folder), strict=False):
        figures["put"].append(_milliseconds(partial(writer.put, record, version)))
        for name in ("first", "next"):
            figures[name].append(_milliseconds(lambda: reader.ask(next(questions))))
    return figures


def _hostile(_: str, folder: Path) -> Figures:
    """Milliseconds of every hostile question, and those that ended in an error."""
    engine = Ours(folder / "ours")
    engine.build(_articles(folder))
    engine.ask("the")
    times, errors = [], []
    for question in _questions(folder):
        began = time.perf_counter()
        try:
            engine.ask(question.text)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is counted
            errors.append(f"{question.text[:40]!r}: {error!r}"[:160])
        times.append((time.perf_counter() - began) * 1000)
    return {"times": times, "errors": errors}


STEPS: dict[str, Callable[[str, Path], Figures]] = {
    "index": _index,
    "ask": _ask,
    "commits": _commits,
    "hostile": _hostile,
}


def _milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _memory() -> float:
    """Megabytes of this process in memory."""
    rss = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(os.getpid())], capture_output=True, text=True, check=True
    )
    return int(rss.stdout) / 1024


# --- what is printed -----------------------------------------------------------------------------

PERCENTS = (50, 95, 99)
LABEL, LEFT = 10, 50
"""Widths of the first column, and of all columns before the times."""

PARTS = {" alone": "  ranking alone", " slipped": "  questions with a slip"}


def _percentiles(times: Sequence[float]) -> list[float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return [cuts[percent - 1] for percent in PERCENTS]


COLUMNS = {
    "index": ("index s", 1),
    "cpu": ("CPU s", 1),
    "disk": ("disk MB", 1),
    "memory": ("RSS MB", 0),
    "open": ("open ms", 1),
}


def _print_table(size: int, found: dict[str, Figures]) -> None:
    names = "".join(f"{name:>8}" for name, _ in COLUMNS.values())
    percents = "".join(f"{f'p{percent}':>8}" for percent in PERCENTS)
    title = f"{size:,} articles"
    print(f"\n{title:<{LEFT}}{'cold, ms':>24}{'asked again, ms':>25}")
    print(f"{'':<{LABEL}}{names}{percents} {percents}{'found':>7}{'asked':>6}")
    for engine, figures in found.items():
        if "problem" in figures:
            print(f"{engine:<{LABEL}}{figures['problem']}")
            continue
        values = "".join(f"{figures[key]:>8.{digits}f}" for key, (_, digits) in COLUMNS.items())
        ends = f"{figures['found']:>7.0%}{figures['questions']:>6.0f}"
        print(f"{engine:<{LABEL}}{values}{_times(figures, '')}{ends}")
        for kind, label in PARTS.items():
            if f"cold{kind}" in figures:
                print(f"{label:<{LEFT}}{_times(figures, kind)}")


def _times(figures: Figures, kind: str) -> str:
    cold, warm = (_percentiles(figures[heat + kind]) for heat in ("cold", "warm"))
    return "".join(f"{ms:>8.2f}" for ms in cold) + " " + "".join(f"{ms:>8.2f}" for ms in warm)


def _print_ratios(found: dict[str, Figures]) -> None:
    """How many times as long the others take as we do, by the same figures."""
    if "problem" in found["ours"]:
        return
    for engine, figures in found.items():
        if engine == "ours" or "problem" in figures:
            continue
        ratios = [
            other / own
            for heat in ("cold", "warm")
            for other, own in zip(_percentiles(figures[heat]), _percentiles(found["ours"][heat]), strict=True)
        ]
        shown = (
            "".join(f"{ratio:>7.2f}x" for ratio in ratios[:3])
            + " "
            + "".join(f"{r:>7.2f}x" for r in ratios[3:])
        )
        print(f"{f'{engine} / ours':<{LEFT}}{shown}")


COMMIT_TIMES = {
    "put": f"putting one article, {COMMITS} times",
    "first": "first question after it",
    "next": "the question after that",
    "other": "first question of people who may see less",
}


def _print_commits(figures: Figures) -> None:
    if "problem" in figures:
        print(f"after a commit: {figures['problem']}")
        return
    for name, what in COMMIT_TIMES.items():
        times = figures[name]
        print(f"ours, {what}: p50 {statistics.median(times):.1f} ms, max {max(times):.1f} ms")


def _fuzz(folder: Path, articles: int) -> int:
    """Ask the hostile questions; 1 when one was an error."""
    if not folder.exists():
        print("\nhostile questions: left out, the file is not there (--fuzz FILE)")
        return 0
    found = _run("hostile", "ours", folder)
    if "problem" in found:
        print(f"\nhostile questions: {found['problem']}")
        return 1
    times = found["times"]
    print(
        f"\n{len(times)} hostile questions at {articles:,} articles: p50 {statistics.median(times):.1f} ms,"
        f" max {max(times):.1f} ms, {len(found['errors'])} errors"
    )
    for error in found["errors"]:
        print(f"  {error}")
    return 1 if found["errors"] else 0


if __name__ == "__main__":
    sys.exit(main())
