"""What a question is taken to mean."""

import json
from pathlib import Path

import pytest

from portal.indexing.engine import Document, Vocabulary
from portal.indexing.memory_engine import MemoryEngine
from portal.indexing.weights import WEIGHTS
from portal.search.rules import Rules, Synonym
from portal.search.understanding import subject, understand
from tests.support.payloads import spelled_out

ALL = frozenset({"everyone"})
TEXT = """sign in to wifi and wi-fi with your password; IT and us can not log in,
email e-mail order online the office sign"""


@pytest.fixture
def vocabulary() -> Vocabulary:
    engine = MemoryEngine()
    documents = [Document(str(n), str(n), 1, frozenset({"everyone"}), {"body": TEXT}) for n in range(2)]
    engine.put(documents)
    return engine.vocabulary(audiences=frozenset({"everyone"}))


def weights(text: str, vocabulary: Vocabulary) -> dict[str, float]:
    return {slot.alternatives[0][0]: slot.weight for slot in understand(text, vocabulary).query.slots}


def test_question_words_count_less_and_are_kept(vocabulary: Vocabulary) -> None:
    assert weights("what is the office", vocabulary) == {
        "what": WEIGHTS.function, "is": WEIGHTS.function, "the": WEIGHTS.function, "offic": 1.0,
    }  # fmt: skip


def test_shouted_it_is_no_question_word(vocabulary: Vocabulary) -> None:
    assert weights("call IT", vocabulary)["it"] == 1.0
    assert weights("it is off", vocabulary)["it"] == WEIGHTS.function
    assert weights("CALL IT", vocabulary)["it"] == WEIGHTS.function


def test_not_and_us_are_kept_whole(vocabulary: Vocabulary) -> None:
    found = weights("can't reach us", vocabulary)
    assert found["not"] == found["us"] == 1.0


def test_a_known_compound_is_searched_as_one_and_its_parts_a_little(vocabulary: Vocabulary) -> None:
    assert weights("wi-fi", vocabulary) == {"wifi": 1.0, "wi": WEIGHTS.part, "fi": WEIGHTS.part}
    assert weights("log-office", vocabulary) == {"log": 1.0, "offic": 1.0}


def test_a_compound_is_no_neighbour_of_its_own_parts(vocabulary: Vocabulary) -> None:
    found = understand("my wi-fi password", vocabulary).query
    assert [(left.alternatives[0][0], right.alternatives[0][0]) for left, right in found.neighbours] == [
        ("my", "wifi"), ("wi", "fi"), ("fi", "password"),
    ]  # fmt: skip


def test_a_slip_is_searched_together_with_what_it_may_have_been(vocabulary: Vocabulary) -> None:
    found = understand("my passwrod", vocabulary)
    assert found.corrections == (("passwrod", "password"),)
    assert [term for term, _ in found.query.slots[1].alternatives] == ["passwrod", "password"]


def test_a_forgotten_space(vocabulary: Vocabulary) -> None:
    found = understand("signoffice", vocabulary)
    assert found.corrections == (("signoffice", "sign office"),)
    assert [slot.alternatives[0][0] for slot in found.query.slots] == ["sign", "offic"]


def test_loose_takes_the_closest_word_also_from_another_script(vocabulary: Vocabulary) -> None:
    assert understand("ऑर्डर", vocabulary).corrections == ()
    assert understand("ऑर्डर", vocabulary, loose=True).corrections == (("ऑर्डर", "order"),)


def test_phrases_and_words_to_leave_out(vocabulary: Vocabulary) -> None:
    found = understand('“sign in” office -email - "x" e-mail', vocabulary)
    assert found.query.phrases == ((("sign", "in"),),)
    assert found.query.without == ("email",)
    alone = understand("-email", vocabulary)
    assert alone.query.without == ()
    assert alone.words == ("email",)


def test_hostile_questions_are_words(vocabulary: Vocabulary, shared_dir: Path) -> None:
    for case in json.loads((shared_dir / "payloads/own/search_query_fuzz.json").read_text()):
        found = understand(spelled_out(case, "q"), vocabulary)
        assert len(found.query.slots) <= 80


TEXTS = [
    "multi factor authentication for your account",
    "2fa codes",
    "time off and vacation",
    "wi-fi and wireless network",
    "sign in",
    "the desk is open",
    "mfa on holiday",
]
SYNONYMS = Rules(
    synonyms=(
        Synonym(("mfa", "2fa", "multi-factor authentication"), ("mfa", "2fa", "multi-factor authentication")),
        Synonym(("holiday", "time off"), ("vacation",)),
        Synonym(("wi-fi", "wireless network"), ("wi-fi", "wireless network")),
        Synonym(("log in", "sign in"), ("log in", "sign in")),
    )
)


@pytest.fixture
def words_of_texts() -> Vocabulary:
    engine = MemoryEngine()
    engine.put([Document(str(n), str(n), 1, ALL, {"body": text}) for n, text in enumerate(TEXTS)])
    return engine.vocabulary(audiences=ALL)


def alternatives(text: str, vocabulary: Vocabulary, rules: Rules = SYNONYMS) -> dict[str, list[str]]:
    """For the first term of each slot the others."""
    found = understand(text, vocabulary, rules).query.slots
    return {slot.alternatives[0][0]: [term for term, _ in slot.alternatives[1:]] for slot in found}


def test_a_word_stands_for_its_synonyms_and_phrases_among_them(words_of_texts: Vocabulary) -> None:
    assert alternatives("2fa codes", words_of_texts) == {
        "2fa": ["mfa", "multi factor authent"], "code": [],
    }  # fmt: skip
    found = understand("2fa", words_of_texts, SYNONYMS)
    assert found.synonyms == (("2fa", "mfa"), ("2fa", "multi-factor authentication"))
    assert dict(found.query.slots[0].alternatives)["mfa"] == WEIGHTS.synonym


def test_every_word_of_a_phrase_stands_for_the_phrases_synonyms(words_of_texts: Vocabulary) -> None:
    found = alternatives("how does multi factor authentication work", words_of_texts)
    assert found["multi"] == found["factor"] == found["authent"] == ["mfa", "2fa"]
    assert found["work"] == []
    assert alternatives("factor of two", words_of_texts)["factor"] == []


def test_compounds_are_one_word_for_synonyms_however_they_are_written(words_of_texts: Vocabulary) -> None:
    for written in ("wi-fi", "wifi", "Wi-Fi"):
        assert alternatives(written, words_of_texts)["wifi"] == ["wireless network"]


def test_a_one_way_synonym_works_one_way(words_of_texts: Vocabulary) -> None:
    assert alternatives("holiday", words_of_texts) == {"holiday": ["vacat"]}
    assert alternatives("vacation", words_of_texts) == {"vacat": []}


def test_a_synonym_that_stands_nowhere_to_be_seen_is_not_named(words_of_texts: Vocabulary) -> None:
    rules = Rules(synonyms=(Synonym(("desk",), ("zorblax", "open desk", "time off")),))
    found = understand("desk", words_of_texts, rules)
    assert found.synonyms == (("desk", "time off"),)
    assert [term for term, _ in found.query.slots[0].alternatives] == ["desk", "time off"]


def test_a_slip_has_the_synonyms_of_what_was_meant(words_of_texts: Vocabulary) -> None:
    rules = Rules(synonyms=(Synonym(("vacation",), ("holiday",)),))
    assert alternatives("vacatoin", words_of_texts, rules) == {"vacatoin": ["vacat", "holiday"]}


def test_words_can_be_made_to_count_less_and_in_full(words_of_texts: Vocabulary) -> None:
    rules = Rules(less=frozenset({"desk"}), full=frozenset({"open", "is"}))
    slots = understand("is the desk open", words_of_texts, rules).query.slots
    assert {slot.alternatives[0][0]: slot.weight for slot in slots} == {
        "is": 1.0, "the": WEIGHTS.function, "desk": WEIGHTS.function, "open": 1.0,
    }  # fmt: skip


def test_the_very_words_have_neither_synonyms_nor_corrections(words_of_texts: Vocabulary) -> None:
    found = understand("2fa vacatoin", words_of_texts, SYNONYMS, exact=True)
    assert [slot.alternatives for slot in found.query.slots] == [(("2fa", 1.0),), (("vacatoin", 1.0),)]
    assert (found.corrections, found.synonyms) == ((), ())


def test_two_questions_are_one_when_their_subjects_are(words_of_texts: Vocabulary) -> None:
    asked = understand("How do I get some time off?", words_of_texts)
    assert asked.subject == subject("times off") == {"time", "off"}
    assert understand("vacatoin", words_of_texts).subject == subject("vacations")
    assert subject("how do I") == frozenset()


def test_words_are_looked_for_under_the_stems_of_the_languages_there_are() -> None:
    engine = MemoryEngine()
    engine.put([Document("1", "1", 1, ALL, {"body": "Passwörter zurücksetzen"}, language="de")])
    vocabulary = engine.vocabulary(audiences=ALL)
    found = understand("wie kann ich mein Passwort zurücksetzen", vocabulary)
    assert found.language == "de"
    assert found.words == ("Passwort", "zurücksetzen")
    assert all(vocabulary.knows(s.alternatives[0][0]) for s in found.query.slots if s.weight >= 1)
    assert found.corrections == ()
    alone = understand('"Passwörter zurücksetzen"', vocabulary)
    assert ("passwort", "zurucksetz") in alone.query.phrases[0]
