"""Corners of import and export: what changes under their feet, and what hardly ever happens."""

import os
import subprocess
import sys

import pytest
import sqlalchemy as sa

from portal.accounts.models import Site
from portal.articles import drafts, services
from portal.articles.models import Article, Attachment, ImportedFile, Revision, State, Topic
from portal.articles.transfer import folder, importing, links, planning
from portal.articles.transfer.frontmatter import FileProblem
from portal.articles.transfer.links import Unlink
from portal.db import unit_of_work
from portal.markdown import MAX_CHARS
from tests.support import processes
from tests.support.code import ROOT
from tests.support.folders import PNG, contents, fill, own


@pytest.fixture
def bring(flask_command, tmp_path, session, world):
    root = tmp_path / "wiki"

    def _bring(files, *options, exit_code=0):
        fill(root, files)
        told = flask_command("content", "import", str(root), *options, exit_code=exit_code).output
        session.expire_all()
        return told

    _bring.root = root
    return _bring


@pytest.fixture
def article(session):
    return lambda slug: session.scalars(sa.select(Article).where(Article.slug == slug)).one()


def test_link_to_a_place_on_a_page_that_is_refused_is_told(bring, article):
    told = bring({"a.md": "# A\n\n[b](b.md#x)\n", "b.md": "# B\n\n" + "## x\n" * MAX_CHARS}, exit_code=1)
    assert "b.md:1: b.md is larger than a page may be" in told
    assert article("a").live.body == "b\n"
    heading = "## " + "x" * MAX_CHARS + "\n"
    told = bring({"b.md": f"# B\n\n{heading}", "a.md": "# A\n\n[b](b.md#y) [home](/)\n"}, exit_code=1)
    assert "a.md:3: b.md#y: there is no #y on that page" in told
    assert "a.md:3: /: there is no such page or file" in told
    assert "b.md:1: Shorten the text" in told


def test_link_to_a_place_in_an_article_that_readers_do_not_see(bring, article, write_article):
    write_article("Secret plan", state="draft")
    told = bring({"a.md": "# A\n\n[s](/articles/secret-plan#x)\n"})
    assert "there is no #x on that page" in told
    assert article("a").live.body == "[s](/articles/secret-plan)\n"


def test_links_within_what_goes_go_with_it():
    text = '[x] [y][x]\n\n[x]: gone.md "[x]"\nafter\n'
    assert links.rewrite(text, lambda _link: Unlink()) == "x y\n\nafter\n"


def test_topic_that_cannot_be_is_refused(bring):
    told = bring({"a.md": "---\ntitle: A\ntopic: a//b\n---\nx\n", "-/b.md": "# B\n\nx\n"}, exit_code=1)
    assert "a.md:3: 'a//b' cannot be the path of a topic, such as it/accounts." in told
    assert "1 new" in told


def test_topic_made_by_somebody_else_meanwhile_is_used(session, world, settings, tmp_path):
    root = fill(tmp_path / "wiki", {"new/a.md": own("A").replace("it/accounts", "new")})
    plan = planning.plan(session, folder.scan(root), planning.Options(source="wiki"))
    session.add(Topic(path="new", name="Theirs"))
    session.commit()
    importing.carry_out(plan, work=unit_of_work, attachments_dir=settings.attachments_dir)
    assert session.scalars(sa.select(Article)).one().topic.name == "Theirs"


def test_file_that_becomes_a_pipe_is_not_waited_for(tmp_path):
    found = folder.scan(fill(tmp_path / "wiki", {"a.md": "x", "b.png": PNG}))
    for name in ("a.md", "b.png"):
        (found.root / name).unlink()
        os.mkfifo(found.root / name)
    with pytest.raises(FileProblem, match="it is not a file"):
        found.read("a.md")
    with pytest.raises(FileProblem, match="it is not a file"):
        found.bytes_of("b.png")


def test_folder_of_too_many_files_is_cut_off_and_told(bring, monkeypatch):
    monkeypatch.setattr(folder, "MAX_FILES", 2)
    told = bring({f"{n}.md": own(f"P{n}") for n in range(4)})
    assert "2.md: There are more than 2 files: import parts of the folder." in told
    assert "2 new" in told


def test_picture_of_two_pages_is_written_once(bring, flask_command, tmp_path, session):
    files = {"a.md": own("A", "![p](p.png)\n"), "b.md": own("B", "![p](p.png)\n"), "p.png": PNG}
    bring(files)
    assert session.scalar(sa.select(sa.func.count()).select_from(Attachment)) == 2
    flask_command("content", "export", str(tmp_path / "out"))
    assert contents(tmp_path / "out") == {
        path: content if isinstance(content, bytes) else content.encode() for path, content in files.items()
    }


def test_audience_whose_group_is_gone_is_written_as_it_is(bring, article, session, flask_command, tmp_path):
    bring({"a.md": own("A", audience="{sites: [portland]}")})
    session.scalars(sa.select(Site).where(Site.slug == "portland")).one().slug = "salem"
    found = article("a")
    draft = drafts.of_article(found)
    mine = drafts.Draft(title="Mine", body="x", topic_id=draft.topic_id, team_id=draft.team_id)
    services.save(session, found, mine, version=found.version, by=None)
    services.publish(session, found, by=None)
    session.commit()
    flask_command("content", "export", str(tmp_path / "out"))
    assert b"audience" not in contents(tmp_path / "out")["a.md"]


def test_file_in_the_way_of_a_folder_is_told(bring, flask_command, tmp_path):
    bring({"a.md": own("A"), "x/b.md": own("B")})
    target = fill(tmp_path / "out", {"x": "a file"})
    (target / "a.md").mkdir()
    told = flask_command("content", "export", str(target), "--force", exit_code=1).output
    assert "! a.md: It cannot be written: Is a directory." in told
    assert "! x/b.md: It cannot be written: File exists." in told
    assert contents(target) == {"x": b"a file"}


def test_two_imports_at_the_same_moment_make_one_of_each(settings, session, world, tmp_path, flask_command):
    root = fill(tmp_path / "wiki", {f"{n}.md": own(f"Page {n}", f"[n]({n + 1}.md)\n") for n in range(30)})
    session.commit()
    words = [sys.executable, "-m", "flask", "content", "import", str(root)]
    both = [
        subprocess.Popen(
            words,
            cwd=ROOT,
            env=processes.environment(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=120)[0].decode() for process in both]
    assert {process.returncode for process in both} <= {0, 1}, told
    assert all("Traceback" not in one for one in told), told
    flask_command("content", "import", str(root))
    assert "0 new, 0 changed, 30 unchanged" in flask_command("content", "import", str(root)).output
    session.expire_all()
    assert {one.state for one in session.scalars(sa.select(Article))} == {State.PUBLISHED}
    for model in (Article, Revision, ImportedFile):
        assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 30
