"""What admins teach the search: what is refused, what is kept, what is undone, what other processes see."""

import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from portal.articles.models import Article, State
from portal.db import db, unit_of_work
from portal.errors import Conflict, Invalid, NotAllowed, NotFound
from portal.search import tuning
from portal.search.models import ChangeAction, RuleChange, RuleKind, RuleState, TuningRule
from portal.search.rules import NO_RULES, Bet, Synonym
from portal.search.tuning_checks import Content, both_sides, checked, phrases
from tests.support.code import ROOT


def synonyms(*words, means=()):
    return Content(RuleKind.SYNONYM, words, tuple(means))


def less(*words):
    return Content(RuleKind.LESS, words)


def full(*words):
    return Content(RuleKind.FULL, words)


WIFI = synonyms("wifi", "wlan", "wireless network")
PAYROLL = synonyms("payroll", means=["salary", "wages"])


@pytest.fixture
def ada(people: SimpleNamespace):
    return people.ada


# --- what was typed --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("wifi, wlan,wireless  network", ("wifi", "wlan", "wireless network")),
        ("wifi\nwlan\r\n\n, ;", ("wifi", "wlan")),
        ("ordenador，电脑、計算機", ("ordenador", "电脑", "計算機")),
        ("\u202eevil\x00, wi\u200bfi", ("evil", "wi fi")),
        (" , \n", ()),
    ],
    ids=["commas", "lines", "wide commas", "never shown", "nothing"],
)
def test_phrases_stand_between_commas_and_line_ends(typed, found):
    assert phrases(typed) == found


def test_an_arrow_divides_both_sides():
    assert both_sides("a, b => c, d") == (("a", "b"), ("c", "d"))
    assert both_sides("a → c") == (("a",), ("c",))
    assert both_sides("a, b") == (("a", "b"), ())


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "field", "says"),
    [
        (synonyms(), "words", "Type the words"),
        (synonyms("wifi"), "words", "One word alone"),
        (synonyms("wifi", "WIFI"), "words", "One word alone"),
        (synonyms("password", "passwords"), "words", "the same to the search already"),
        (synonyms("payroll", means=["pay", "pays"]), "means", "the same to the search already"),
        (synonyms("payroll", means=["Payroll"]), "means", "synonym of itself"),
        (synonyms("wifi", "!!!"), "words", "no letters or digits"),
        (synonyms("!!!", "???"), "words", "no letters or digits"),
        (synonyms("wifi", "one two three four five six seven"), "words", "has 7 words. Use at most 6"),
        (synonyms("wifi", means=["a b c d e f g"]), "means", "has 7 words"),
        (synonyms("wifi", "x" * 81), "words", "81 characters"),
        (synonyms("wifi", means=["a => b"]), "means", "two arrows"),
        (synonyms(*(f"word{n}" for n in range(21))), "words", "21 phrases"),
        (synonyms("IT", "information technology"), "words", "stands in many questions"),
        (synonyms("how do", "manual"), "words", "stands in many questions"),
        (less(), "words", "Type a word"),
        (less("very urgent"), "words", "more than one word"),
        (less("the"), "words", "counts for little already"),
        (full("password"), "words", "counts in full already"),
        (Content(RuleKind.BET, ()), "words", "at least one question"),
        (Content(RuleKind.BET, ("a b c d e f g h i j k l m",)), "words", "has 13 words"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_with_what_to_do(content, field, says):
    with pytest.raises(Invalid) as refused:
        checked(content, [])
    assert says in refused.value.fields[field]


@pytest.mark.parametrize(
    ("content", "other", "says"),
    [
        (synonyms("WLAN", "network"), WIFI, "is in the set “wifi, wlan, wireless network” already"),
        (synonyms("payrolls", means=["wage"]), PAYROLL, "says so for “wage” already"),
        (synonyms("wifi", means=["wlan"]), WIFI, "says so for “wlan” already"),
        (synonyms("payroll", "salary"), PAYROLL, "says so for “salary” already"),
        (less("wifi"), WIFI, "is a synonym in “wifi, wlan, wireless network”"),
        (less("wage"), PAYROLL, "is a synonym in"),
        (synonyms("urgent", "fast"), less("urgent"), "is a stop word"),
        (synonyms("fast", means=["urgent"]), less("Urgent"), "is a stop word"),
        (less("urgent"), less("urgent"), "on this list already"),
        (full("help"), full("Help"), "on this list already"),
        (less("help"), full("help"), "on the other list"),
        (
            Content(RuleKind.BET, ("laptop new",)),
            Content(RuleKind.BET, ("New laptops",), article_id=1),
            "has a best bet already",
        ),
    ],
    ids=str,
)
def test_what_contradicts_another_rule_is_refused(content, other, says):
    with pytest.raises(Invalid, match=says):
        checked(content, [other])


@pytest.mark.parametrize(
    ("content", "others"),
    [
        (WIFI, [PAYROLL, less("urgent")]),
        (synonyms("payroll", means=["payslip"]), [PAYROLL]),
        (synonyms("wifi", means=["hotspot"]), [WIFI]),
        (synonyms("wage", "income"), [PAYROLL]),
        (synonyms("IT desk", "information technology"), []),
        (synonyms("help", "assistance"), [full("help")]),
        (Content(RuleKind.BET, ("new laptop", "replace my laptop")), [WIFI, less("new")]),
    ],
    ids=str,
)
def test_what_can_stand_beside_each_other_may(content, others):
    assert checked(content, others) == content


def test_repeated_phrases_are_kept_once():
    assert checked(synonyms("wifi", "WLAN", "Wifi", "wlan"), []).words == ("wifi", "WLAN")


def test_only_published_articles_are_recommended(session, ada, write_article):
    draft = write_article("A draft", state="draft")
    with pytest.raises(Invalid) as refused:
        tuning.add(session, Content(RuleKind.BET, ("new laptop",), article_id=draft.id), by=ada)
    assert "not published" in refused.value.fields["article"]
    with pytest.raises(Invalid, match="Choose the article"):
        tuning.add(session, Content(RuleKind.BET, ("new laptop",)), by=ada)


@pytest.mark.parametrize("name", ["ana", "eva", "gus", "otto"])
def test_only_admins_change_rules(session, people, name):
    rule = tuning.add(session, WIFI, by=people.ada)
    session.commit()
    person = getattr(people, name)
    entry = tuning.changes(session, limit=1)[0][0]
    for step in (
        lambda: tuning.add(session, PAYROLL, by=person),
        lambda: tuning.change(session, rule, PAYROLL, version=1, by=person),
        lambda: tuning.remove(session, rule, version=1, by=person),
        lambda: tuning.undo(session, entry.change, by=person),
    ):
        with pytest.raises(NotAllowed, match="administrator"):
            step()
        session.rollback()
    assert list(tuning.in_force(session).values()) == [WIFI]


# --- what asking gets ------------------------------------------------------------------------


def test_without_rules_there_are_none(session, world):
    assert tuning.rules(session) == NO_RULES


def test_rules_come_in_the_form_in_which_questions_are_understood(session, ada, write_article):
    article = write_article("Order a laptop")
    for content in (
        WIFI,
        PAYROLL,
        less("Urgent", "kindly"),
        full("Help"),
        Content(RuleKind.BET, ("new laptop", "replace laptop"), article_id=article.id),
    ):
        tuning.add(session, content, by=ada)
    found = tuning.rules(session)
    assert found.synonyms == (Synonym(WIFI.words, WIFI.words), Synonym(PAYROLL.words, PAYROLL.means))
    assert found.bets == (Bet("new laptop", article.id), Bet("replace laptop", article.id))
    assert found.less == {"urgent", "kindly"}
    assert found.full == {"help"}


def test_reading_the_rules_again_costs_one_statement(session, ada, statements):
    tuning.add(session, WIFI, by=ada)
    session.commit()
    first = tuning.rules(session)
    with statements() as found:
        assert tuning.rules(session) is first
    assert len([one for one in found if one.startswith("SELECT")]) == 1


def test_a_change_in_another_session_is_seen(app: Flask, session: Session, ada):
    assert tuning.rules(session) == NO_RULES
    session.commit()
    with Session(db.engine) as other:
        other.connection(execution_options={"portal_writes": True})
        tuning.add(other, WIFI, by=other.merge(ada, load=True))
        assert len(tuning.rules(other).synonyms) == 1
        other.commit()
    assert len(tuning.rules(session).synonyms) == 1


def test_a_change_that_was_rolled_back_is_never_taken_for_another(session, ada):
    """The first change is read and thrown away, the second gets the same number."""
    tuning.add(session, WIFI, by=ada)
    assert tuning.rules(session).synonyms[0].words == WIFI.words
    session.rollback()
    assert tuning.rules(session) == NO_RULES
    tuning.add(session, PAYROLL, by=ada)
    session.commit()
    assert tuning.rules(session).synonyms[0].words == PAYROLL.words


def test_a_change_in_another_process_is_seen(session, settings, ada, tmp_path):
    assert tuning.rules(session) == NO_RULES
    session.commit()
    code = """
import sys
import sqlalchemy as sa
from sqlalchemy.orm import Session
from portal.accounts.models import Person
from portal.db import prepare_engine
from portal.search import tuning
from portal.search.models import RuleKind
from portal.search.tuning_checks import Content
engine = sa.create_engine(sys.argv[1])
prepare_engine(engine)
with Session(engine) as session:
    admin = session.scalars(sa.select(Person).where(Person.admin)).first()
    tuning.add(session, Content(RuleKind.SYNONYM, ("wifi", "wlan")), by=admin)
    session.commit()
"""
    subprocess.run([sys.executable, "-c", code, settings.database_url], check=True, cwd=ROOT, timeout=120)
    assert tuning.rules(session).synonyms == (Synonym(("wifi", "wlan"), ("wifi", "wlan")),)


def test_two_databases_do_not_share_their_rules(session, ada, tmp_path):
    tuning.add(session, WIFI, by=ada)
    session.commit()
    tuning.rules(session)
    engine = sa.create_engine(f"sqlite:///{tmp_path}/other.sqlite3")
    TuningRule.metadata.create_all(engine)
    with Session(engine) as other:
        assert tuning.rules(other) == NO_RULES
    engine.dispose()


# --- changing --------------------------------------------------------------------------------


def test_every_change_is_noted_with_who_and_what(session, ada):
    rule = tuning.add(session, WIFI, by=ada)
    tuning.change(session, rule, PAYROLL, version=1, by=ada)
    tuning.change(session, rule, PAYROLL, version=2, by=ada)  # nothing new
    tuning.remove(session, rule, version=2, by=ada)
    entries, total = tuning.changes(session, limit=10)
    assert total == 3
    assert [(one.change.action, one.before, one.after) for one in entries] == [
        (ChangeAction.REMOVED, PAYROLL, None),
        (ChangeAction.CHANGED, WIFI, PAYROLL),
        (ChangeAction.ADDED, None, WIFI),
    ]
    assert {one.change.person for one in entries} == {ada}
    assert [one.undoable for one in entries] == [True, False, False]
    assert tuning.rules(session) == NO_RULES


def test_a_removed_rule_is_not_found(session, ada):
    rule = tuning.add(session, WIFI, by=ada)
    tuning.remove(session, rule, version=1, by=ada)
    with pytest.raises(NotFound):
        tuning.find(session, rule.id)
    assert tuning.find(session, rule.id, removed=True) is rule
    with pytest.raises(NotFound):
        tuning.find(session, 4711, removed=True)
    with pytest.raises(NotFound):
        tuning.find_change(session, 4711)


def test_a_set_may_be_changed_beside_itself(session, ada):
    rule = tuning.add(session, WIFI, by=ada)
    tuning.change(session, rule, synonyms("wifi", "wlan"), version=1, by=ada)
    assert tuning.rules(session).synonyms[0].words == ("wifi", "wlan")


def test_who_saves_second_is_told(session, ada):
    rule = tuning.add(session, WIFI, by=ada)
    tuning.change(session, rule, PAYROLL, version=1, by=ada)
    with pytest.raises(Conflict, match="changed"):
        tuning.change(session, rule, WIFI, version=1, by=ada)
    with pytest.raises(Conflict, match="changed"):
        tuning.remove(session, rule, version=1, by=ada)
    tuning.remove(session, rule, version=2, by=ada)
    with pytest.raises(Conflict, match="removed"):
        tuning.change(session, rule, WIFI, version=2, by=ada)


def test_two_admins_at_once_cannot_save_what_contradicts(app: Flask, session: Session, ada):
    """Both look, find nothing against it, and save: the second must see the first."""
    session.commit()
    number, start, told = ada.id, threading.Barrier(2), []
    session.rollback()

    def _save(words):
        with app.app_context():
            start.wait(timeout=30)
            try:
                with unit_of_work() as mine:
                    tuning.add(mine, synonyms("wifi", words), by=mine.get(type(ada), number))
                told.append("saved")
            except Invalid:
                told.append("refused")
            finally:
                db.session.remove()

    threads = [threading.Thread(target=_save, args=(words,)) for words in ("wlan", "wireless")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(told) == ["refused", "saved"]
    assert len(tuning.in_force(session)) == 1


# --- undoing ---------------------------------------------------------------------------------


def last(session):
    return tuning.changes(session, limit=1)[0][0].change


def test_each_step_can_be_undone_and_that_be_undone(session, ada):
    rule = tuning.add(session, WIFI, by=ada)
    added = last(session)
    tuning.undo(session, added, by=ada)
    assert tuning.in_force(session) == {}
    tuning.undo(session, last(session), by=ada)  # undo of undo
    assert tuning.in_force(session) == {rule.id: WIFI}
    tuning.change(session, rule, PAYROLL, version=rule.version, by=ada)
    tuning.undo(session, last(session), by=ada)
    assert tuning.in_force(session) == {rule.id: WIFI}
    tuning.undo(session, last(session), by=ada)
    assert tuning.in_force(session) == {rule.id: PAYROLL}
    tuning.remove(session, rule, version=rule.version, by=ada)
    tuning.undo(session, last(session), by=ada)
    assert tuning.in_force(session) == {rule.id: PAYROLL}
    undone = session.scalars(sa.select(RuleChange.undoes_id).where(RuleChange.undoes_id.is_not(None))).all()
    assert len(undone) == 5
    assert undone[0] == added.id


def test_what_was_changed_since_cannot_be_undone(session, ada):
    rule = tuning.add(session, WIFI, by=ada)
    added = last(session)
    tuning.change(session, rule, PAYROLL, version=1, by=ada)
    with pytest.raises(Conflict, match="changed again since"):
        tuning.undo(session, added, by=ada)
    tuning.undo(session, last(session), by=ada)  # now it says again what it said
    tuning.undo(session, added, by=ada)
    with pytest.raises(Conflict):
        tuning.undo(session, added, by=ada)  # twice
    assert rule.state is RuleState.REMOVED


def test_what_would_contradict_now_cannot_be_brought_back(session, ada):
    rule = tuning.add(session, WIFI, by=ada)
    tuning.remove(session, rule, version=1, by=ada)
    removed = last(session)
    tuning.add(session, synonyms("wifi", "hotspot"), by=ada)
    with pytest.raises(Invalid, match="is in the set"):
        tuning.undo(session, removed, by=ada)


def test_a_best_bet_does_not_come_back_when_its_article_is_gone(session, ada, write_article):
    article = write_article("Order a laptop")
    rule = tuning.add(session, Content(RuleKind.BET, ("new laptop",), article_id=article.id), by=ada)
    tuning.remove(session, rule, version=1, by=ada)
    session.execute(sa.update(Article).values(state=State.ARCHIVED))
    with pytest.raises(Invalid, match="not published"):
        tuning.undo(session, last(session), by=ada)
