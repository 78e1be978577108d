"""Watched questions: adding, the nightly run, the alert when one drops out of the top three."""

import logging
import shutil

import pytest
import sqlalchemy as sa

from portal.articles.models import Article, State
from portal.errors import Invalid, NotAllowed, NotFound
from portal.indexing.engine import EngineError
from portal.jobs import registry
from portal.jobs.models import Job
from portal.jobs.worker import Worker
from portal.search import golden_questions, tuning
from portal.search.models import GoldenQuestion, RuleKind, TuningRule
from portal.search.tuning_checks import Content


@pytest.fixture
def engine(app):
    return app.extensions["engine"]


@pytest.fixture
def lamps(write_article, flask_command, people):
    found = [write_article(f"Order a lamp {n}", body="A lamp.", answer="") for n in range(5)]
    flask_command("index", "sync")
    return found


@pytest.fixture
def add(session, engine, people):
    def _add(text, article, **more):
        golden = golden_questions.add(
            session, text=text, article_id=article and article.id, engine=engine,
            **({"by": people.ada} | more),
        )  # fmt: skip
        session.commit()
        return golden

    return _add


def recommend(session, people, articles):
    """Push others above: these stand first for "lamp"."""
    session.add_all(
        # one by one the page would refuse them: a question has one best bet
        TuningRule(kind=RuleKind.BET, words=["lamp"], means=[], article_id=article.id)
        for article in articles
    )
    tuning.add(session, Content(RuleKind.LESS, ("kindly",)), by=people.ada)  # processes learn of it
    session.commit()


# --- adding ----------------------------------------------------------------------------------


def test_a_question_is_asked_as_soon_as_it_is_added(add, lamps, people):
    golden = add("  order a\nlamp 3 ", lamps[3])
    assert (golden.text, golden.rank, golden.rank_before) == ("order a lamp 3", 1, None)
    assert golden.checked_at is not None
    assert golden.added_by_id == people.ada.id
    assert add("giraffe", lamps[3]).rank is None


@pytest.mark.parametrize(
    ("text", "slug", "asked_as", "field", "says"),
    [
        ("", "order-a-lamp-1", "", "text", "Type the question"),
        ("?!", "order-a-lamp-1", "", "text", "Type the question"),
        ("x" * 201, "order-a-lamp-1", "", "text", "201 characters"),
        ("lamp", None, "", "article", "Choose the article"),
        ("lamp", "order-a-lamp-1", "gone@portal.test", "asked_as", "Nobody active"),
        ("lamp", "secret", "", "article", "A plain employee may not see this article"),
        ("lamp", "secret", "otto@portal.test", "article", "Otto Test may not see this article"),
        ("lamp", "draft", "ada@portal.test", "article", "Ada Test may not see this article"),
        ("LAMP", "order-a-lamp-0", "", "text", "on the list already"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_watched_is_refused(
    session, add, lamps, people, write_article, text, slug, asked_as, field, says
):
    write_article("Secret", audience={"teams": ["payroll"]}, team="payroll")
    write_article("Draft", state="draft")
    add("lamp", lamps[0])
    article = session.scalar(sa.select(Article).where(Article.slug == slug)) if slug else None
    with pytest.raises(Invalid) as refused:
        add(text, article, asked_as=asked_as)
    assert says in refused.value.fields[field]


def test_there_is_an_end_to_what_can_be_watched(session, add, lamps, people, monkeypatch):
    monkeypatch.setattr(golden_questions, "MOST", 1)
    add("lamp", lamps[0])
    with pytest.raises(Invalid, match="as many as can be watched"):
        add("other lamp", lamps[0])


def test_without_a_plain_employee_somebody_has_to_be_named(session, add, lamps, people):
    for person in (people.ana, people.ben, people.otto):
        person.active = False
    with pytest.raises(Invalid, match="no plain employee yet"):
        add("lamp", lamps[0])
    assert add("lamp", lamps[0], asked_as=" Gus@portal.test ").asked_as_id == people.gus.id


def test_only_admins_watch_questions(session, add, lamps, people):
    golden = add("lamp", lamps[0])
    for step in (
        lambda: add("other", lamps[0], by=people.eva),
        lambda: golden_questions.remove(session, golden, by=people.eva),
        lambda: golden_questions.take_note(golden, by=people.eva),
    ):
        with pytest.raises(NotAllowed):
            step()


def test_a_removed_question_is_gone(session, add, lamps, people):
    golden = add("lamp", lamps[0])
    golden_questions.remove(session, golden, by=people.ada)
    session.commit()
    with pytest.raises(NotFound):
        golden_questions.find(session, golden.id)


# --- the drop --------------------------------------------------------------------------------


def test_a_drop_out_of_the_top_three_raises_an_alert_once(session, engine, add, lamps, people, caplog):
    golden, other = add("lamp", lamps[0]), add("giraffe", lamps[0])
    assert golden.rank <= 3
    with caplog.at_level(logging.WARNING):
        assert golden_questions.ask_all(session, engine) == []
        assert golden_questions.alerts(session) == []
        recommend(session, people, lamps[1:4])
        assert golden_questions.ask_all(session, engine) == [golden]
        assert golden_questions.ask_all(session, engine) == []  # told already
    assert (golden.rank, golden.rank_before) == (4, 4)
    assert [record.getMessage() for record in caplog.records if "golden" in record.getMessage()] == [
        f"golden question {golden.id} dropped out of the top three: article order-a-lamp-0 is now at rank 4"
    ]
    assert golden_questions.alerts(session) == [golden]
    assert other.dropped_at is None  # it never was there
    assert golden_questions.listed(session)[0] == golden
    golden_questions.take_note(golden, by=people.ada)
    session.commit()
    assert golden_questions.alerts(session) == []
    assert golden.seen_by == people.ada
    seen = golden.seen_at
    golden_questions.take_note(golden, by=people.ada)
    assert golden.seen_at == seen


def test_back_in_the_top_three_the_alert_is_over_and_a_new_drop_is_a_new_alert(
    session, engine, add, lamps, people
):
    golden = add("lamp", lamps[0])
    recommend(session, people, lamps[1:4])
    golden_questions.ask_all(session, engine)
    golden_questions.take_note(golden, by=people.ada)
    for rule in tuning.listed(session, list(RuleKind)):
        tuning.remove(session, rule, version=rule.version, by=people.ada)
    golden_questions.ask_all(session, engine)
    assert (golden.dropped_at, golden.seen_at) == (None, None)
    recommend(session, people, lamps[1:4])
    assert golden_questions.ask_all(session, engine) == [golden]
    assert golden_questions.alerts(session) == [golden]


def test_an_article_that_is_archived_drops(session, engine, add, lamps, people, flask_command, caplog):
    golden = add("lamp", lamps[0])
    session.execute(sa.update(Article).where(Article.id == lamps[0].id).values(state=State.ARCHIVED))
    session.commit()
    flask_command("index", "rebuild")
    with caplog.at_level(logging.WARNING):
        assert golden_questions.ask_all(session, engine) == [golden]
    assert "not among the first 10" in caplog.text
    assert golden.rank is None


def test_without_an_index_nothing_drops(session, engine, app, add, lamps, people, settings):
    golden = add("lamp", lamps[0])
    checked = golden.checked_at
    empty = app.extensions["make-engine"](settings.data_dir / "other")
    with pytest.raises(EngineError):
        golden_questions.ask_all(session, empty)
    session.rollback()
    assert (golden.dropped_at, golden.checked_at) == (None, checked)


def test_many_questions_cost_few_statements(session, engine, add, lamps, people, statements):
    for number in range(20):
        add(f"lamp {number}", lamps[0])
    session.expire_all()
    with statements() as found:
        golden_questions.ask_all(session, engine)
    assert len([one for one in found if one.startswith("SELECT")]) <= 12


# --- every night -----------------------------------------------------------------------------


def test_the_worker_asks_once_a_day(app, session, add, lamps, people, travel):
    golden = add("lamp", lamps[0])
    session.execute(sa.update(GoldenQuestion).values(checked_at=None))
    session.commit()
    worker = Worker(registry.current())
    worker._prepare()
    for _ in range(5):
        worker.round()
    session.expire_all()
    first = golden.checked_at
    assert first is not None
    assert session.scalar(sa.select(Job.id).where(Job.key == "golden-questions")) is not None
    travel(hours=20)
    for _ in range(5):
        worker.round()
    session.expire_all()
    assert golden.checked_at == first
    travel(hours=5)
    for _ in range(5):
        worker.round()
    session.expire_all()
    assert golden.checked_at > first


def test_the_command_says_how_they_stand(session, add, lamps, people, flask_command):
    golden = add("lamp", lamps[0])
    told = flask_command("search", "golden").output
    assert "order-a-lamp-0  lamp" in told
    assert "1 golden questions, 0 dropped" in told
    recommend(session, people, lamps[1:4])
    told = flask_command("search", "golden", exit_code=1).output
    assert "  4  (before: " in told
    assert "lamp  dropped" in told
    flask_command("search", "golden", exit_code=1)
    session.expire_all()
    golden_questions.take_note(golden, by=people.ada)
    flask_command("search", "golden")


def test_the_command_says_when_the_index_is_away(session, add, lamps, flask_command, settings, app):
    add("lamp", lamps[0])
    shutil.rmtree(settings.index_dir)
    app.extensions["engine"] = app.extensions["make-engine"](settings.index_dir)
    told = flask_command("search", "golden", exit_code=1).output
    assert "The index does not answer" in told
