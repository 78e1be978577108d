"""Why a question is answered as it is: the service and `flask search explain`."""

import json
import math
import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from portal import clock
from portal.articles import documents
from portal.articles.models import Rendering
from portal.indexing.engine import FIELDS, Document
from portal.indexing.passages import passages
from portal.search import explanation, probing, services
from portal.search.confidence import confidence
from portal.search.explained import BestLine
from portal.search.rules import NO_RULES, Bet, Rules, Synonym
from tests.support.code import ROOT

LONG = " ".join(f"word{number}" for number in range(100)) + " lighthouse keeper"
QUESTIONS = (
    "reset my password",
    "how do I reset a pasword",
    "wlan on a new laptop",
    "wi-fi",
    "i the how",
    'laptop "new battery"',
    "laptop -battery",
    "lighthouse keeper",
    "signin problems",
    "xyzzy plugh",
    "Passwort zurücksetzen",
    "battery battery laptop laptop",
)
RULES = Rules(synonyms=(Synonym(("wlan", "wifi"), ("wlan", "wifi")),))


@pytest.fixture
def engine(app):
    return app.extensions["engine"]


@pytest.fixture
def library(session, write_article, flask_command):
    articles = SimpleNamespace(
        password=write_article(
            "Reset your password",
            slug="password",
            answer="Choose Reset on the sign in page.",
            body="Open the page.\n\n## On a phone\n\nUse the app to reset it.",
            keywords=["forgot password"],
            questions=["How do I reset my password?"],
        ),
        wifi=write_article("Connect to Wi-Fi", slug="wifi", body="Choose the network on your laptop."),
        laptop=write_article(
            "Get a new laptop", slug="laptop", body=f"A new battery helps.\n\nOr a new laptop.\n\n{LONG}"
        ),
        battery=write_article("Charge a battery", slug="battery", body="Not the laptop: the battery is new."),
        secret=write_article(
            "Laptop of the board", slug="secret", body="Reset it.", audience={"departments": ["finance"]}
        ),
    )
    articles.battery.review_due = clock.today() - timedelta(days=1)
    session.commit()
    flask_command("index", "sync")
    return articles


# --- the parts make the score ----------------------------------------------------------------


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("rules", [NO_RULES, RULES], ids=["no rules", "synonyms"])
def test_the_parts_add_up_to_the_score_of_every_hit(session, engine, library, people, question, rules):
    for person in (people.ana, people.otto, people.ada):
        answer = services.ask(session, engine, question, by=person, rules=rules, limit=10)
        found = explanation.explain(session, engine, question, by=person, rules=rules)
        assert [(hit.slug, hit.rank) for hit in found.hits] == [(hit.slug, hit.rank) for hit in answer.hits]
        assert found.count == answer.count
        for hit, explained in zip(answer.hits, found.hits, strict=True):
            assert explained.score == pytest.approx(hit.score, abs=1e-12)
            assert explained.prior * explained.before_prior == pytest.approx(hit.score, abs=1e-12)
            assert math.fsum(one.value for one in explained.segments) == pytest.approx(hit.score, abs=1e-12)
            for row in explained.rows:
                assert row.adds == pytest.approx(row.share * row.saturated)
        if found.sure is not None:
            assert found.sure.confidence == answer.confidence
            expected = confidence([hit.score for hit in answer.hits], found.sure.mass) * found.sure.kept
            assert found.sure.confidence == pytest.approx(expected)


def test_the_parts_add_up_over_the_sample(session, engine, flask_command):
    """Every question of the sample organisation, asked by whom it names."""
    flask_command("content", "load-sample")
    flask_command("index", "sync")
    lines = [
        json.loads(line)
        for path in sorted((ROOT / "content" / "questions").glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    plain = probing.plain_employee(session)
    tried = 0
    for record in lines[::6]:
        found = explanation.explain(session, engine, record["text"], by=plain)
        for hit in found.hits:
            assert hit.prior * hit.before_prior == pytest.approx(hit.score, abs=1e-12), record
            tried += 1
        if found.why is not None and found.why.line is not None:
            assert found.why.line.text, record
    assert tried > 300


def test_the_line_is_read_from_the_database_and_marked(session, engine, library, people):
    found = explanation.explain(session, engine, "lighthouse keeper", by=people.ana)
    line = found.why.line
    assert (line.field, line.label) == ("body", "text")
    marked = [text for text, mark in line.text if mark]
    assert marked == ["lighthouse", "keeper"]
    assert "word99" in "".join(text for text, _ in line.text)


def test_every_line_has_the_text_of_its_words(session, engine, library, people):
    """Lines are counted as the index counts them, also where a long one is cut into several."""
    for article in vars(library).values():
        for document in documents.load(session, [article.id])[article.id]:
            for passage in passages(document):
                field = FIELDS[passage.field]
                line = BestLine((), field, "", passage.line, passage.length, 0.0)
                text = explanation._line_text(document, line)
                (again,) = [
                    found.tokens for found in passages(Document("x", "x", 1, frozenset(), {"body": text}))
                ]
                assert [token.term for token in again] == [token.term for token in passage.tokens]


def test_a_line_that_is_gone_has_no_text(session, engine, library, people):
    library.laptop.live.body = "Nothing of the kind."
    library.laptop.live.title = "Get one"
    session.execute(sa.delete(Rendering))
    session.commit()
    found = explanation.explain(session, engine, "lighthouse keeper", by=people.ana, slug="laptop")
    assert found.why.line.text == ()
    assert found.why.line.adds > 0


# --- how a question is understood ------------------------------------------------------------


def test_it_says_how_the_question_was_understood(session, engine, library, people):
    rules = Rules(
        synonyms=(Synonym(("notebook",), ("laptop",)),), bets=(Bet("pasword notebook", library.wifi.id),)
    )
    asked = "how is my pasword for a Notebook"
    found = explanation.explain(session, engine, asked, by=people.ana, rules=rules)
    question = found.question
    assert question.language == "en"
    assert ("pasword", "password") in question.corrections
    assert ("Notebook", "laptop") in question.synonyms
    words = {word.typed: word for word in question.words}
    assert list(words) == ["how", "is", "my", "pasword", "for", "a", "Notebook"]
    assert words["pasword"].counts == "in full"
    assert words["pasword"].also == (("password", 1.0),)
    assert words["Notebook"].also == (("laptop", 0.8),)
    assert words["how"].counts == "0.5, a word of questions"


def test_a_best_bet_stands_first_and_says_so(session, engine, library, people):
    rules = Rules(bets=(Bet("new laptop", library.wifi.id), Bet("laptop new", library.secret.id)))
    found = explanation.explain(session, engine, "a laptop, new", by=people.otto, rules=rules)
    assert [(bet.question, bet.slug) for bet in found.question.bets] == [("new laptop", "wifi")]
    assert (found.why.slug, found.why.rank, found.why.recommended) == ("wifi", 1, True)
    assert found.sure.recommended
    assert found.sure.confidence >= found.sure.at_least
    seen = explanation.explain(session, engine, "a laptop, new", by=people.ana, rules=rules)
    assert {bet.slug for bet in seen.question.bets} == {"wifi", "secret"}


def test_an_overdue_check_lowers_the_prior(session, engine, library, people):
    found = explanation.explain(session, engine, "charge battery", by=people.ana)
    assert (found.why.slug, found.why.prior) == ("battery", documents.OVERDUE_PRIOR)
    assert found.why.reasons == (("Its check is overdue", documents.OVERDUE_PRIOR),)
    library.battery.review_due = None
    session.commit()
    stale = explanation.explain(session, engine, "charge battery", by=people.ana)
    assert stale.why.reasons == (("As it was when it was last indexed", documents.OVERDUE_PRIOR),)


# --- why not ---------------------------------------------------------------------------------


def why_not(session, engine, question, slug, person):
    found = explanation.explain(session, engine, question, by=person, slug=slug)
    return found.why.missing if found.why is not None else found.unseen


def test_it_says_why_an_article_is_not_found(session, engine, library, people):
    ana = people.ana
    assert "None of the words" in why_not(session, engine, "lighthouse", "wifi", ana)
    assert "“battery”" in why_not(session, engine, "laptop -battery", "battery", ana)
    assert "“new battery”" in why_not(session, engine, 'laptop "new battery"', "wifi", ana)
    assert "Only words of questions" in why_not(session, engine, "how the lighthouse", "battery", ana)
    assert why_not(session, engine, "laptop", "laptop", ana) == ""


def test_an_article_that_is_not_indexed_yet_says_so(session, engine, library, people, write_article):
    write_article("Brand new laptop", slug="brand-new")
    session.commit()
    assert "does not hold it" in why_not(session, engine, "laptop", "brand-new", people.ana)


def test_what_may_not_be_seen_looks_as_if_it_did_not_exist(session, engine, library, people):
    seen = explanation.explain(session, engine, "laptop of the board", by=people.ana, slug="secret")
    assert seen.why.title == "Laptop of the board"
    for slug in ("secret", "nothing"):
        found = explanation.explain(session, engine, "laptop of the board", by=people.otto, slug=slug)
        assert found.why is None
        assert found.unseen.replace(slug, "X") == (
            f"{people.otto.name} sees no article at “X”: there is none, it is not published, "
            "or it is for others."
        )
        assert "board" not in json.dumps(
            [found.question.corrections, [(hit.slug, hit.title) for hit in found.hits]]
        )


@pytest.mark.parametrize("slug", ["\0", "../x", "a b", "x" * 300, "'"])
def test_strange_addresses_are_no_article(session, engine, library, people, slug):
    assert explanation.explain(session, engine, "laptop", by=people.ana, slug=slug).unseen


def test_an_article_further_down_has_its_rank(session, engine, people, write_article, flask_command):
    for number in range(15):
        write_article(f"Lamp {number}", slug=f"lamp-{number}", body="lamp " + "oil " * number)
    flask_command("index", "sync")
    order = [
        hit.slug
        for hit in services.ask(session, engine, "lamp", by=people.ana, limit=20, rules=NO_RULES).hits
    ]
    assert len(order) == 15
    for slug in (order[3], order[12]):
        found = explanation.explain(session, engine, "lamp", by=people.ana, slug=slug)
        assert found.why.rank == order.index(slug) + 1
        assert found.why.missing == ""


@pytest.mark.parametrize(
    ("pasted", "slug"),
    [
        ("wifi", "wifi"),
        (" /articles/wifi ", "wifi"),
        ("https://help.example/articles/wifi?x=1#s-phone", "wifi"),
        ("/articles/wifi/", "wifi"),
        ("", ""),
    ],
)
def test_an_address_may_be_pasted(pasted, slug):
    assert explanation.slug_of(pasted) == slug


# --- the command -----------------------------------------------------------------------------


def test_the_command_prints_columns(library, flask_command, people):
    text = flask_command("search", "explain", "reset my pasword", "--as", people.otto.email).stdout
    assert "corrected  pasword  to password" in text
    assert "Why password is number 1" in text
    assert "nothing lifts or lowers it" in text
    assert "secret" not in text
    rows = [line.split() for line in text.splitlines()]
    score = next(row[-1] for row in rows if row[:1] == ["score"] and len(row) == 2)
    assert next(row for row in rows if row[:2] == ["password", "1"])[2] == score
    missing = flask_command("search", "explain", "reset", "secret", "--as", people.otto.email).stdout
    assert "sees no article at “secret”" in missing
    assert "None of the words" in flask_command("search", "explain", "lighthouse", "/articles/wifi").stdout
    assert "Nothing is found." in flask_command("search", "explain", "ξξξ").stdout


def test_the_command_prints_json(library, flask_command, people):
    found = json.loads(flask_command("search", "explain", "new laptop", "--json").stdout)
    assert found["hits"][0]["score"] == found["why"]["score"]
    assert found["sure"]["confidence"] > 0


def test_the_command_says_when_the_index_is_broken(library, flask_command, settings):
    shutil.rmtree(settings.index_dir)
    failed = flask_command("search", "explain", "laptop", exit_code=1)
    assert "flask index sync" in failed.output
