"""No text can hang the portal: the helper process, its limits and what happens when it dies."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from portal import markdown
from portal.errors import Invalid
from portal.markdown import engine

CASES = json.loads(
    (Path(__file__).parent / "payloads/markdown_pathological.json").read_text(encoding="utf-8")
)
CLEAN = {"PYTHONPATH": str(Path(markdown.__file__).parents[2])}
"""The environment of processes that a test starts; a helper may not write files, also none of coverage."""
SLOW = "[a](<b" * 16_000
"""Keeps Python-Markdown busy for minutes."""


@pytest.fixture
def helper():
    """A helper of its own for the test, and the end of it."""
    helper = markdown._Helper()
    yield helper
    helper.stop()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_pathological_text_is_shown_or_refused_in_time(case):
    whole = "".join(unit * times for unit, times in case["parts"])
    text = whole.encode()[:100_000].decode(errors="ignore")
    markdown.render("The helper is running.")
    start = time.monotonic()
    with contextlib.suppress(Invalid):
        markdown.render(text)
    # The limit is 0.7 s of CPU time; the rest is for machines that do other things at the same time.
    assert time.monotonic() - start < engine.WALL_SECONDS + 0.5


def test_limits_keep_within_a_second():
    assert engine.CPU_SECONDS < 1
    assert engine.WALL_SECONDS < markdown.WALL_SECONDS


def test_cases_are_those_handed_in(shared_dir):
    given = json.loads((shared_dir / "payloads/own/markdown_pathological.json").read_text(encoding="utf-8"))
    wanted = {one["name"]: one["prefix"] + one["unit"] * one["n"] + one["suffix"] for one in given}
    assert wanted == {case["name"]: "".join(u * n for u, n in case["parts"]) for case in CASES}


def test_slow_text_is_refused_and_the_next_one_is_shown(helper):
    with pytest.raises(Invalid) as refused:
        helper.ask(SLOW)
    assert refused.value.fields == {"body": markdown.TOO_COMPLEX}
    process = helper._process
    assert helper.ask("**b**")["html"] == "<p><strong>b</strong></p>"
    assert helper._process is process, "the helper itself outlives a text that is too slow"


def test_other_threads_wait_and_get_their_own_reply(helper):
    replies = {}

    def ask(number):
        replies[number] = helper.ask(f"text {number}")["html"]

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replies == {number: f"<p>text {number}</p>" for number in range(20)}


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_helper_that_died_is_replaced(helper, end):
    helper.ask("a")
    helper._process.send_signal(end)
    helper._process.wait()
    assert helper.ask("b")["html"] == "<p>b</p>"


def test_helper_that_dies_over_a_text_refuses_it(helper, caplog):
    helper.ask("a")
    killer = threading.Timer(0.2, helper._process.kill)
    killer.start()
    with pytest.raises(Invalid):
        helper.ask(SLOW)
    killer.join()
    assert "the Markdown helper ended with status -9" in caplog.text
    assert helper.ask("b")["html"] == "<p>b</p>"


def test_helper_that_does_not_answer_is_killed(helper, monkeypatch):
    helper.ask("a")
    helper._process.send_signal(signal.SIGSTOP)
    with monkeypatch.context() as patch, pytest.raises(Invalid):
        patch.setattr(markdown, "WALL_SECONDS", 0.3)
        helper.ask("b")
    assert helper.ask("c")["html"] == "<p>c</p>"


def test_helper_that_does_not_start_is_an_error(helper, monkeypatch, capfd):
    monkeypatch.setattr(markdown, "_ROOT", Path("/nowhere"))
    with pytest.raises(RuntimeError):
        helper.ask("a")
    assert "No module named" in capfd.readouterr().err
    monkeypatch.undo()
    assert helper.ask("b")["html"] == "<p>b</p>"


def test_busy_helper_is_not_waited_for_without_end(helper, monkeypatch):
    monkeypatch.setattr(markdown, "WALL_SECONDS", 0.05)
    helper._lock.acquire()
    with pytest.raises(Invalid) as refused:
        helper.ask("a")
    helper._lock.release()
    assert refused.value.fields == {"body": markdown.BUSY}


def test_fault_of_a_library_is_told_and_logged(helper, monkeypatch, caplog):
    monkeypatch.setattr(helper, "_exchange", lambda _request: {"failed": "IndexError('x')"})
    with pytest.raises(Invalid) as refused:
        helper.ask("a")
    assert refused.value.fields == {"body": markdown.UNKNOWN}
    assert "IndexError('x')" in caplog.text


FORKING = """
import os
from portal import markdown
assert markdown.render("a").html == "<p>a</p>"
before = markdown._helper._process.pid
child = os.fork()
if child == 0:
    right = markdown.render("from the child").html == "<p>from the child</p>"
    os._exit(0 if right and markdown._helper._process.pid != before else 1)
assert markdown.render("b").html == "<p>b</p>"
assert markdown._helper._process.pid == before
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert markdown.render("c").html == "<p>c</p>"
"""


def test_forked_process_starts_a_helper_of_its_own():
    """Two processes on one helper would read each other's replies."""
    subprocess.run([sys.executable, "-c", FORKING], check=True, timeout=60, env=CLEAN)


def test_helper_ends_with_its_parent():
    """Also when the parent is killed: its end of the pipe closes."""
    code = (
        "import time; from portal import markdown; markdown.render('a');"
        "print(markdown._helper._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=CLEAN)
    helper = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{helper}").exists() and time.monotonic() < deadline:
        if Path(f"/proc/{helper}/stat").read_text().split(")")[1].split()[0] == "Z":
            break
        os.sched_yield()
    else:
        assert not Path(f"/proc/{helper}").exists()


def test_helper_knows_no_secret(helper, monkeypatch):
    monkeypatch.setenv("PORTAL_SECRET_KEY", "very secret")
    helper.ask("a")
    environment = Path(f"/proc/{helper._process.pid}/environ").read_bytes()
    assert b"very secret" not in environment


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # Python 3.12: other threads exist
def test_loop_answers_each_line():
    requests = b"".join(json.dumps(text).encode() + b"\n" for text in ("a", SLOW, "*b*"))
    replies = io.BytesIO()
    engine.serve(io.BytesIO(requests), replies)
    first, second, third = (json.loads(line) for line in replies.getvalue().splitlines())
    assert first["html"] == "<p>a</p>"
    assert second == {"refused": "limit"}
    assert third["html"] == "<p><em>b</em></p>"


GREEDY = """
from portal.markdown import engine
engine.convert = lambda text: {"size": len(bytearray(10**9 if text == "big" else 1))}
engine.main()
"""


def test_memory_is_limited():
    texts = b'"a"\n"big"\n"b"\n'
    done = subprocess.run(
        [sys.executable, "-c", GREEDY], input=texts, capture_output=True, check=True, env=CLEAN
    )
    replies = [json.loads(line) for line in done.stdout.splitlines()]
    assert replies == [{}, {"size": 1}, {"refused": "MemoryError"}, {"size": 1}]


@pytest.mark.parametrize("error", [RecursionError(), MemoryError()])
def test_deep_text_is_refused(monkeypatch, error):
    def fail(_text):
        raise error

    monkeypatch.setattr(engine, "convert", fail)
    assert json.loads(engine.answer(b'"a"\n')) == {"refused": type(error).__name__}


def test_other_errors_are_told(monkeypatch):
    def fail(_text):
        raise IndexError("x")

    monkeypatch.setattr(engine, "convert", fail)
    assert json.loads(engine.answer(b'"a"\n')) == {"failed": "IndexError('x')"}


def test_converter_recovers_from_an_error(monkeypatch):
    monkeypatch.setattr(engine, "normalise", lambda _text: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        engine.convert("a")
    monkeypatch.undo()
    assert engine.convert("a")["html"] == "<p>a</p>"
