"""What a question is taken to mean."""

import json
from pathlib import Path

import pytest

from portal.indexing.engine import Document, Vocabulary
from portal.indexing.memory_engine import MemoryEngine
from portal.indexing.weights import WEIGHTS
from portal.search.understanding import understand
from tests.support.payloads import spelled_out

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
