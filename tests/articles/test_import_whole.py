"""An import that is cut off: nothing of it is seen, and the next one goes on where it stopped."""

import contextlib
import os
import pty
import signal
import subprocess
import sys

import pytest
import sqlalchemy as sa

from portal.articles import drafts, queries, services
from portal.articles.models import Article, Attachment, ImportedFile, Revision, State, Topic
from portal.articles.transfer import folder, importing, planning
from portal.db import db, unit_of_work
from tests.support import processes
from tests.support.code import ROOT
from tests.support.folders import PNG, fill, own

FLASK = (sys.executable, "-m", "flask")
MANY = 80


def pages(count, words="First.", **more):
    return {
        f"t{n % 7}/page-{n}.md": own(
            f"Page {n}", f"{words} [next](../t{(n + 1) % 7}/page-{n + 1}.md)\n", **more
        )
        for n in range(count)
    }


class Cut(Exception):
    pass


def cut_after(transactions):
    """A unit of work that is cut off in the transaction after so many."""
    left = [transactions]

    @contextlib.contextmanager
    def _work():
        with unit_of_work() as session:
            yield session
            left[0] -= 1
            if left[0] < 0:
                raise Cut

    return _work


@pytest.fixture
def run(session, world, settings):
    """Imports a folder in this process; `work` may be a unit of work that is cut off."""

    def _run(root, work=unit_of_work):
        session.rollback()
        plan = planning.plan(session, folder.scan(root), planning.Options(source="wiki"))
        importing.carry_out(plan, work=work, attachments_dir=settings.attachments_dir)
        session.expire_all()
        return plan.report

    return _run


def seen_by(session, person):
    return {one.slug: one.live.body for one in session.scalars(queries.visible_to(person))}


def revisions(session):
    return session.scalar(sa.select(sa.func.count()).select_from(Revision))


@pytest.mark.parametrize("transactions", [0, 1, 2, 3, 4])
def test_cut_off_at_any_step_shows_nothing_and_goes_on(run, session, people, tmp_path, transactions):
    root = fill(tmp_path / "wiki", pages(2 * importing.BATCH + 5))
    with pytest.raises(Cut):
        run(root, cut_after(transactions))
    session.expire_all()
    assert seen_by(session, people.ada) == {}
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == min(
        max(0, transactions - 1) * importing.BATCH, 2 * importing.BATCH + 5
    )
    report = run(root)
    assert len(report.new) == 2 * importing.BATCH + 5
    assert len(seen_by(session, people.ada)) == revisions(session) == 2 * importing.BATCH + 5
    assert run(root).unchanged == 2 * importing.BATCH + 5


@pytest.mark.parametrize("transactions", [1, 2, 4])
def test_changed_texts_places_and_pictures_show_together(
    run, session, people, tmp_path, settings, transactions
):
    count = 2 * importing.BATCH + 5
    root = fill(tmp_path / "wiki", pages(count) | {"p.md": own("P", "![p](p.png)\n"), "p.png": PNG})
    run(root)
    before = seen_by(session, people.otto)
    changed = pages(count, "Second.", audience="{countries: [GB]}")
    fill(root, changed | {"p.png": PNG + b"new", "q.md": own("Q"), "p.md": own("P", "![p](p.png) more\n")})
    with pytest.raises(Cut):
        run(root, cut_after(transactions))
    session.expire_all()
    assert seen_by(session, people.otto) == before
    assert session.scalars(sa.select(Attachment.size)).one() == len(PNG)
    report = run(root)
    assert (len(report.changed), report.new) == (count + 1, ["q.md"])
    assert sorted(seen_by(session, people.otto)) == ["p", "q"]
    assert all(
        body.startswith("Second.") for slug, body in seen_by(session, people.ana).items() if "page" in slug
    )
    assert session.scalars(sa.select(Attachment.size)).one() == len(PNG) + 3
    assert revisions(session) == 2 * (count + 1) + 1


def test_article_edited_between_saving_and_publishing_is_left_alone(run, session, people, tmp_path):
    root = fill(tmp_path / "wiki", {"a.md": own("A"), "b.md": own("B")})
    with pytest.raises(Cut):
        run(root, cut_after(2))
    session.expire_all()
    article = session.scalars(sa.select(Article).where(Article.slug == "a")).one()
    mine = drafts.Draft(title="Mine", body="x", topic_id=article.topic_id, team_id=article.team_id)
    services.save(session, article, mine, version=article.version, by=people.eva)
    session.commit()
    report = run(root)
    assert (report.edited, report.new) == (["a.md"], ["b.md"])
    assert sorted(seen_by(session, people.ada)) == ["b"]


def test_article_edited_while_the_import_runs_is_left_alone(run, session, people, tmp_path, settings):
    root = fill(tmp_path / "wiki", {"a.md": own("A"), "b.md": own("B")})
    run(root)
    fill(root, {"a.md": own("A", "New.\n"), "b.md": own("B", "New.\n")})
    plan = planning.plan(session, folder.scan(root), planning.Options(source="wiki"))
    entered = [2, 1, 0]

    @contextlib.contextmanager
    def _work():
        with unit_of_work() as inner:
            name = "?ba"[entered.pop()]
            if name != "?":  # before the only batch, and again between it and the end
                article = inner.scalars(sa.select(Article).where(Article.slug == name)).one()
                services.confirm(inner, article, by=None)
                inner.flush()
                article.version += 1
            yield inner

    importing.carry_out(plan, work=_work, attachments_dir=settings.attachments_dir)
    session.expire_all()
    assert (sorted(plan.report.edited), plan.report.changed) == (["a.md", "b.md"], [])
    assert seen_by(session, people.ada) == {"a": "Do this.\n", "b": "Do this.\n"}


def test_two_imports_at_once_leave_one_of_each(run, session, people, tmp_path, settings):
    root = fill(tmp_path / "wiki", pages(5))
    first = planning.plan(session, folder.scan(root), planning.Options(source="wiki"))
    second = planning.plan(session, folder.scan(root), planning.Options(source="wiki"))
    for plan in (first, second):
        importing.carry_out(plan, work=unit_of_work, attachments_dir=settings.attachments_dir)
    session.expire_all()
    assert len(seen_by(session, people.ada)) == revisions(session) == 5
    assert run(root).unchanged == 5


def test_address_taken_meanwhile_refuses_the_page_and_no_other(
    run, session, people, tmp_path, settings, write_article
):
    root = fill(tmp_path / "wiki", pages(3))
    plan = planning.plan(session, folder.scan(root), planning.Options(source="wiki"))
    write_article("Page 1")
    importing.carry_out(plan, work=unit_of_work, attachments_dir=settings.attachments_dir)
    assert [(note.path, note.text) for note in plan.report.problems] == [
        ("t1/page-1.md", "Another page has or had this address. Choose a different one.")
    ]
    assert sorted(plan.report.new) == ["t0/page-0.md", "t2/page-2.md"]


def test_file_that_goes_away_meanwhile_refuses_its_page(run, session, people, tmp_path, settings):
    root = fill(tmp_path / "wiki", {"a.md": own("A", "![p](p.png)\n"), "p.png": PNG, "b.md": own("B")})
    plan = planning.plan(session, folder.scan(root), planning.Options(source="wiki"))
    (root / "p.png").unlink()
    importing.carry_out(plan, work=unit_of_work, attachments_dir=settings.attachments_dir)
    session.expire_all()
    assert [note.path for note in plan.report.problems] == ["a.md"]
    assert sorted(seen_by(session, people.ada)) == ["b"]


# --- processes -----------------------------------------------------------------------------------


@pytest.fixture
def start(settings, session, world):
    """Starts `flask …` as a process of its own on the test's database."""
    session.commit()
    started = []

    def _start(*words, **options):
        process = subprocess.Popen(
            [*FLASK, *words], cwd=ROOT, env=processes.environment(settings), stdout=subprocess.PIPE, **options
        )
        started.append(process)
        return process

    yield _start
    for process in started:
        process.kill()
        process.communicate()


def counted(what):
    """A count as the database has it now."""
    db.session.rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(what))


def test_killed_in_the_middle_nothing_is_seen_and_the_next_run_goes_on(
    start, session, people, tmp_path, flask_command
):
    files = {path: text.replace("it/accounts", "new/one") for path, text in pages(MANY).items()}
    root = fill(tmp_path / "wiki", files)
    process = start("content", "import", str(root))
    processes.until(lambda: counted(ImportedFile) >= importing.BATCH)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    session.expire_all()
    saved = counted(ImportedFile)
    assert importing.BATCH <= saved < MANY
    assert seen_by(session, people.ada) == {}
    assert counted(Topic) > 4  # topics are there, but a topic without a page to see is not shown
    assert queries.topic_tree(session, by=people.ada) == []
    told = flask_command("content", "import", str(root)).output
    assert f"wiki: {MANY} new" in told
    session.expire_all()
    assert len(seen_by(session, people.ada)) == counted(Revision) == MANY

    fill(root, pages(MANY, "Second."))
    process = start("content", "import", str(root))
    processes.until(lambda: counted(Revision) >= MANY + importing.BATCH)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    session.expire_all()
    assert MANY < counted(Revision) < 2 * MANY
    assert all(body.startswith("First.") for body in seen_by(session, people.ada).values())
    assert f"{MANY} changed" in flask_command("content", "import", str(root)).output
    session.expire_all()
    assert counted(Revision) == 2 * MANY
    assert all(body.startswith("Second.") for body in seen_by(session, people.ada).values())
    assert {one.state for one in session.scalars(sa.select(Article))} == {State.PUBLISHED}


def test_progress_is_shown_on_a_terminal_and_nowhere_else(start, tmp_path):
    root = fill(tmp_path / "wiki", pages(3))
    ours, theirs = pty.openpty()
    process = start("content", "import", str(root), stderr=theirs)
    out, _ = process.communicate(timeout=60)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # how a terminal says that nobody writes any more
        while chunk := os.read(ours, 4096):
            shown += chunk
    os.close(ours)
    assert b"Reading" in shown
    assert b"Saving" in shown
    assert b"100%" in shown
    assert b"wiki: 3 new, 0 changed" in out
    assert b"Reading" not in out
    quiet = start("content", "import", str(root), stderr=subprocess.PIPE)
    assert quiet.communicate(timeout=60)[1] == b""
