"""Nothing that was acknowledged is lost, whoever saves at once and whatever is killed meanwhile."""

import subprocess
import sys
from pathlib import Path

import sqlalchemy as sa

from portal.accounts.models import Person
from portal.articles.models import Revision
from portal.db import db
from tests.support.code import ROOT
from tests.support.processes import environment
from tools import crash_test

SAVES, WRITERS = 160, 4


def test_four_processes_save_160_times_at_once(app, settings, session, world, tmp_path):
    session.add(Person(email=crash_test.EMAIL, name="Writer", admin=True))
    session.commit()
    (tmp_path / "stop").touch()  # no more than asked for
    command = [sys.executable, "tools/crash_test.py", "--folder", str(tmp_path)]
    writers = [
        subprocess.Popen(
            [*command, "--saves", str(SAVES // WRITERS), "--writer", str(2 * number)],
            cwd=ROOT,
            env=environment(settings),
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(WRITERS)
    ]
    said = [writer.communicate(timeout=300)[1] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * WRITERS, said
    assert said == [""] * WRITERS  # nobody had to try again
    acknowledged = sum(len(path.read_text().splitlines()) for path in Path(tmp_path).glob("saved-*"))
    assert acknowledged == SAVES

    db.session.rollback()
    result = crash_test.Result()
    crash_test.check(tmp_path, result)
    assert result.lost == []
    assert session.scalar(sa.select(sa.func.count(Revision.id))) == SAVES
    indexer = app.extensions["indexer"]
    indexer.run()
    assert crash_test.settled(indexer)
    assert len(indexer.engine.versions()) == SAVES // 2  # every second save changed an article


def test_nothing_is_lost_when_processes_are_killed_during_saves(app, settings):
    """Six kills; `make crash` does sixty."""
    done = subprocess.run(
        [sys.executable, "tools/crash_test.py", "--kills=6", "--saves=24", "--pause=0.5"],
        cwd=ROOT,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    table = dict(line.rsplit(None, 1) for line in done.stdout.splitlines() if line)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(table["kills in all"]) == 6
    assert int(table["acknowledged saves"]) >= 24
    assert table["lost"] == table["processes left after the stop"] == "0"
    assert float(table["seconds until index equals database"]) <= 60
