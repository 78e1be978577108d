"""The words that an article opened from a result is marked with."""

from types import SimpleNamespace

from portal.search.marking import words_to_mark


def hit(**details):
    plain = {"title": "", "section_heading": "", "answer": "", "snippet": (), "matched": ()}
    return SimpleNamespace(**{**plain, **details})


def answer(*hits):
    return SimpleNamespace(hits=hits)


def test_the_words_are_those_of_the_texts_not_those_typed():
    found = answer(
        hit(title="Reset it", snippet=(("All ", False), ("Passwords", True)), matched=("password", "reset")),
        hit(title="Lamps", answer="A password.", matched=("password",)),
    )
    assert words_to_mark(found) == ("passwords", "reset", "password")


def test_words_of_questions_count_when_there_are_no_others():
    assert words_to_mark(answer(hit(title="How to get there", matched=("how", "to", "get")))) == (
        "how",
        "to",
        "get",
    )
    assert words_to_mark(answer(hit(title="How to pay", matched=("how", "to", "pay")))) == ("pay",)


def test_there_are_not_too_many():
    words = [f"word{number}" for number in range(99)]
    assert len(words_to_mark(answer(hit(title=" ".join(words), matched=words)))) == 40
    assert words_to_mark(answer()) == ()
