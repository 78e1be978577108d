"""What a change would do: exactly what it does, on the questions that matter, within its time."""

import json
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.search import events, golden_questions, preview, probing, recent, services, tuning
from portal.search.models import RuleKind
from portal.search.preview import Probe
from portal.search.rules import NO_RULES
from portal.search.tuning_checks import Content

TEXTS = {
    "Connect to the wireless network": "Choose Larkspur, then type your password.",
    "Order a laptop": "In the shop, with the wireless mouse.",
    "Order a lamp": "From the shop. The lamp is urgent.",
    "Reset your password": "On the phone or at the desk.",
    "When salaries are paid": "On the last day of the month: the payroll team sends payslips.",
    "Book a desk": "In the app. A desk near the lamp is rare.",
}
VOCABULARY = """
    wifi wlan wireless network laptop lamp password payroll salary wages desk urgent order shop how do
    the reset pasword help month
""".split()  # noqa: SIM905 - a list of quoted words is harder to read


@pytest.fixture
def library(write_article, flask_command, people):
    articles = {
        title: write_article(title, body=body, answer="", slug=title.lower().replace(" ", "-"))
        for title, body in TEXTS.items()
    }
    articles["Secret"] = write_article(
        "Secret wlan", body="wlan lamp", audience={"teams": ["payroll"]}, team="payroll"
    )
    flask_command("index", "sync")
    return SimpleNamespace(
        wifi=articles["Connect to the wireless network"],
        laptop=articles["Order a laptop"],
        lamp=articles["Order a lamp"],
        secret=articles["Secret"],
    )


@pytest.fixture
def engine(app):
    return app.extensions["engine"]


def synonyms(*words, means=()):
    return Content(RuleKind.SYNONYM, words, tuple(means))


def ask(session, person, *questions):
    for question in questions:
        events.log_search(
            session, query=question, top=[], count=0, confidence=0, ms=1, need="x", person_id=person.id
        )
    session.commit()


@pytest.fixture
def of_change(session, engine, people, tmp_path):
    return lambda change, **more: preview.of_change(
        session, engine, change, folder=more.pop("folder", tmp_path / "none"), by=people.ada, **more
    )


def firsts(moved):
    return [(one.probe.text, one.first_before and one.first_before[1], one.first_after and one.first_after[1])
            for one in moved]  # fmt: skip


# --- what is asked ---------------------------------------------------------------------------


def test_recent_questions_are_asked_before_and_after(session, people, library, of_change):
    ask(session, people.ana, "qwlanq", "lamp", "laptop", "qwlanq?", "lamp")
    found = of_change({0: synonyms("qwlanq", "laptop")})
    assert (found.asked, found.changed, found.same) == (3, 1, 2)
    assert firsts(found.firsts) == [("qwlanq?", None, "Order a laptop")]
    assert found.firsts[0].probe.times == 2


def test_redacted_parts_are_shown_but_not_asked(session, people, library, engine, of_change):
    ask(session, people.ana, "lamp for sam@larkspur.example", "+44 113 496 0440")
    found = of_change({0: synonyms("mail", "lamp")})
    assert (found.asked, found.left_out) == (1, 0)
    assert [text for text, _ in recent.texts(session, limit=9)] == ["lamp for [e-mail]"]
    assert recent.askable("lamp for [e-mail] and [number]") == "lamp for and"


def test_golden_questions_get_better_or_worse(session, people, library, engine, of_change):
    for text, article in (
        ("qwlanq lamp", library.wifi),
        ("qwlanq", library.lamp),
        ("laptop", library.laptop),
    ):
        golden_questions.add(session, text=text, article_id=article.id, engine=engine, by=people.ada)
    found = of_change({0: synonyms("qwlanq", "wireless network")})
    assert [one.probe.text for one in found.better] == ["qwlanq lamp"]
    assert found.better[0].new == 1 or found.better[0].new < (found.better[0].old or 99)
    assert found.better[0].wanted == (library.wifi.slug, "Connect to the wireless network")
    assert [one.probe.text for one in found.firsts] == ["qwlanq"]  # not found before, not found after
    assert found.same == 1
    bet = Content(RuleKind.BET, ("laptop",), article_id=library.lamp.id)
    found = of_change({0: bet})
    assert [(one.probe.text, one.old, one.new) for one in found.worse] == [("laptop", 1, 2)]


def test_golden_questions_are_asked_as_who_they_are_for(session, people, library, engine, of_change):
    people.gus.memberships[0].team = library.secret.team
    session.commit()
    golden_questions.add(
        session,
        text="lamp",
        article_id=library.lamp.id,
        asked_as="GUS@portal.test",
        engine=engine,
        by=people.ada,
    )
    golden_questions.add(session, text="lamp", article_id=library.lamp.id, engine=engine, by=people.ada)
    bet = Content(RuleKind.BET, ("lamp",), article_id=library.secret.id)
    found = of_change({0: bet})
    assert [(one.new, one.first_after[1]) for one in found.worse] == [(2, "Secret wlan")]
    assert found.same == 1  # a plain employee sees nothing of it


def test_the_organisations_own_questions_are_asked(session, people, library, of_change, tmp_path):
    lines = [
        {"id": "1", "text": "qwlanq", "article": library.wifi.slug, "mark": "tune"},
        {"id": "2", "text": "qwlanq", "article": library.wifi.slug, "mark": "check"},
        {"id": "3", "text": "qwlanq", "article": None, "mark": "tune"},
        {"id": "4", "text": "qwlanq", "article": "gone", "mark": "tune"},
        {"id": "5", "text": "qwlanq", "article": library.wifi.slug, "mark": "tune", "as": "gus@portal.test"},
        {"id": "6", "text": "qwlanq", "article": library.wifi.slug, "mark": "tune", "as": "gone@portal.test"},
    ]
    (tmp_path / "it.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = of_change({0: synonyms("qwlanq", "wireless network")}, folder=tmp_path)
    assert (found.asked, len(found.better)) == (2, 2)
    (tmp_path / "broken.jsonl").write_text("{", encoding="utf-8")
    assert of_change({0: synonyms("qwlanq", "wireless network")}, folder=tmp_path).asked == 0


def test_removing_and_changing_are_shown_as_well(session, people, library, of_change):
    ask(session, people.ana, "qwlanq")
    rule = tuning.add(session, synonyms("qwlanq", "laptop"), by=people.ada)
    session.commit()
    assert firsts(of_change({rule.id: None}).firsts) == [("qwlanq", "Order a laptop", None)]
    changed = of_change({rule.id: synonyms("qwlanq", "reset")})
    assert firsts(changed.firsts) == [("qwlanq", "Order a laptop", "Reset your password")]
    assert of_change({rule.id: synonyms("qwlanq", "laptop")}).changed == 0


def test_when_time_is_up_the_rest_is_left_out_and_counted(session, people, library, of_change):
    ask(session, people.ana, "lamp", "laptop", "desk")
    found = of_change({0: synonyms("qwlanq", "lamp")}, seconds=-1)
    assert (found.asked, found.left_out) == (0, 3)


def test_questions_that_hold_the_word_come_first(session, people, library, engine):
    by = probing.asker(session, people.ana)
    asked = []

    class Noting:
        """The engine, and what is asked of it."""

        def __getattr__(self, name):
            return getattr(engine, name)

        def search(self, query, **more):
            asked.append(query.slots[0].alternatives[0][0])
            return engine.search(query, **more)

    probes = [Probe(text, text, by) for text in ("lamp", "desk", "qwlanq", "laptop")]
    rules = tuning.build([synonyms("qwlanq", "lamp")])
    preview.compare(session, Noting(), probes, before=NO_RULES, after=rules, by=people.ada)
    assert asked[:3:2] == ["lamp", "qwlanq"]
    assert asked.count("desk") == asked.count("laptop") == 1  # nothing can change there


def test_without_a_plain_employee_everybodys_articles_are_asked(session, people, library, of_change):
    for person in (people.ana, people.ben, people.otto):
        person.active = False
    ask(session, people.ada, "qwlanq")
    found = of_change({0: synonyms("qwlanq", "laptop")})
    assert firsts(found.firsts) == [("qwlanq", None, "Order a laptop")]
    hidden = Content(RuleKind.BET, ("qwlanq",), article_id=library.secret.id)
    assert of_change({0: hidden}).changed == 0


# --- what it says is so ----------------------------------------------------------------------

words = st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=3).map(" ".join)
contents = st.one_of(
    st.builds(
        lambda some, more: Content(RuleKind.SYNONYM, tuple(some), tuple(more)),
        st.lists(words, min_size=1, max_size=3, unique=True),
        st.lists(words, max_size=2, unique=True),
    ),
    st.builds(lambda word: Content(RuleKind.LESS, (word,)), st.sampled_from(VOCABULARY)),
    st.builds(lambda word: Content(RuleKind.FULL, (word,)), st.sampled_from(["how", "do", "the", "help"])),
    st.builds(
        lambda some, number: Content(RuleKind.BET, tuple(some), article_id=number),
        st.lists(words, min_size=1, max_size=2),
        st.integers(1, 7),
    ),
)


def test_a_question_changes_if_and_only_if_its_list_does(session, engine, people, library):
    """Whatever changes from any rules to any others: what the preview calls the same is the same for
    who asks, and what it calls changed is not."""
    people.ana.memberships.clear()
    session.commit()

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(contents, max_size=3),
        st.lists(contents, max_size=3),
        st.lists(words, min_size=1, max_size=6),
    )
    def _check(old, new, questions):
        before, after = tuning.build(old), tuning.build(new)
        by = probing.asker(session, people.ana, before, after)
        for question in questions:
            lists = [
                [hit.slug for hit in services.ask(session, engine, question, by=people.ana, rules=rules).hits]
                for rules in (before, after)
            ]
            found = preview.compare(
                session, engine, [Probe(question, question, by)], before=before, after=after, by=people.ada,
                seconds=600,
            )  # fmt: skip
            assert (found.changed == 1) == (lists[0] != lists[1])
            assert found.same == 1 - found.changed

    _check()


def test_the_list_is_that_which_people_see(session, engine, people, library):
    rules = tuning.build([Content(RuleKind.BET, ("lamp",), article_id=library.laptop.id)])
    by = probing.asker(session, people.ana, rules)
    _, ids = probing.rank(engine, "lamp", by=by, rules=rules)
    shown = services.ask(session, engine, "lamp", by=people.ana, rules=rules, limit=probing.DEPTH)
    titles = probing.titles(session, set(ids), by=people.ada)
    assert [titles[number][0] for number in ids] == [hit.slug for hit in shown.hits]
    assert ids[0] == library.laptop.id
    assert probing.rank(engine, "lamp", by=by, rules=NO_RULES)[1][0] == library.lamp.id
