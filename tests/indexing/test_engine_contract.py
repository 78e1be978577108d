"""What every engine must do. The in-memory engine is the plain definition; the others rank as it does."""

import pickle
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.indexing.analysis import analyse
from portal.indexing.engine import Document, EngineError, EngineQuery, Hit, SearchEngine, Slot
from portal.indexing.memory_engine import MemoryEngine
from portal.indexing.ranking import slot_impact
from portal.indexing.weights import WEIGHTS
from portal.indexing.whoosh_engine import WhooshEngine

ALL = frozenset({"everyone"})
Make = Callable[[], SearchEngine]


@pytest.fixture(params=["memory", "whoosh"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> SearchEngine:
    return MemoryEngine() if request.param == "memory" else WhooshEngine(tmp_path / "index")


def doc(
    group: str,
    *,
    title: str = "",
    body: str = "",
    section: str = "",
    audience: str = "everyone",
    **more: object,
) -> Document:
    fields = {"title": title, "body": body} | {
        k: str(v) for k, v in more.items() if k in ("heading", "answer", "keywords", "questions")
    }
    return Document(
        id=f"{group}#{section}",
        group=group,
        version=int(str(more.get("version", 1))),
        audiences=frozenset({audience}),
        fields=fields,
        prior=float(str(more.get("prior", 1.0))),
        facets={k: tuple(str(v).split()) for k, v in more.items() if k in ("topic", "team", "site")},
        language=str(more.get("language", "en")),
    )


def words(text: str, *, phrases: Sequence[str] = (), without: Sequence[str] = ()) -> EngineQuery:
    return EngineQuery(
        tuple(
            Slot(((token.term, 1.0),), 0.5 if token.function_word else 1.0)
            for token in analyse(text)
            if not token.joined
        ),
        phrases=tuple((tuple(t.term for t in analyse(phrase)),) for phrase in phrases),
        without=tuple(t.term for word in without for t in analyse(word)),
    )


def groups(engine: SearchEngine, query: EngineQuery, audiences: frozenset[str] = ALL) -> list[str]:
    return [hit.group for hit in engine.search(query, audiences=audiences, limit=20).hits]


def test_more_matching_words_rank_higher(engine: SearchEngine) -> None:
    engine.put(
        [doc("1", body="reset a password"), doc("2", body="reset a printer"), doc("3", body="a password")]
    )
    assert groups(engine, words("reset my password"))[0] == "1"
    assert set(groups(engine, words("reset my password"))) == {"1", "2", "3"}


def test_the_title_counts_more_than_the_body(engine: SearchEngine) -> None:
    engine.put([doc("1", title="Expenses", body="vpn"), doc("2", title="VPN", body="expenses")])
    assert groups(engine, words("vpn")) == ["2", "1"]


def test_a_hit_names_the_section_that_answers(engine: SearchEngine) -> None:
    engine.put(
        [
            doc("1", title="Laptop", body="An introduction.", section=""),
            doc("1", heading="The screen stays dark", body="Hold the power key.", section="dark"),
            doc("1", heading="The battery is empty", body="Charge it for an hour.", section="battery"),
        ]
    )
    hit = engine.search(words("battery charge laptop"), audiences=ALL, limit=5).hits[0]
    assert (hit.id, hit.group) == ("1#battery", "1")
    assert hit.matched == {"batteri", "charg", "laptop"}
    assert hit.coverage == pytest.approx(1.0)


def test_putting_a_group_again_replaces_all_of_it(engine: SearchEngine) -> None:
    engine.put([doc("1", body="old words", section="a"), doc("1", body="more old words", section="b")])
    engine.put([doc("1", body="new text", section="c", version=2)])
    assert groups(engine, words("old")) == []
    assert groups(engine, words("new")) == ["1"]
    assert dict(engine.versions()) == {"1": 2}


def test_removing_and_replacing_all(engine: SearchEngine) -> None:
    engine.put([doc(str(number), body="lamp") for number in range(5)])
    engine.remove(["1", "3", "not there"])
    assert sorted(groups(engine, words("lamp"))) == ["0", "2", "4"]
    engine.replace_all([doc("9", body="lamp", version=7)])
    assert groups(engine, words("lamp")) == ["9"]
    assert dict(engine.versions()) == {"9": 7}


def test_phrases_must_stand_together_and_left_out_words_must_not_occur(engine: SearchEngine) -> None:
    engine.put(
        [doc("1", body="out of office reply"), doc("2", body="office out of order"), doc("3", body="office")]
    )
    assert groups(engine, words("out of office", phrases=["out of office"])) == ["1"]
    assert sorted(groups(engine, words("office", without=["order"]))) == ["1", "3"]


def test_words_of_questions_alone_are_no_match_unless_there_is_nothing_else(engine: SearchEngine) -> None:
    engine.put([doc("1", body="the lamp"), doc("2", body="the oil")])
    assert groups(engine, words("where is the lamp")) == ["1"]
    assert sorted(groups(engine, words("where is the zebra"))) == ["1", "2"]


def test_nothing_to_find(engine: SearchEngine) -> None:
    engine.put([doc("1", body="lamp")])
    assert engine.search(words("zebra"), audiences=ALL, limit=5).hits == ()
    assert engine.search(EngineQuery(()), audiences=ALL, limit=5).hits == ()
    assert engine.search(words("lamp"), audiences=frozenset(), limit=5).hits == ()


def test_what_an_audience_may_not_see_changes_nothing_for_it(engine: SearchEngine, tmp_path: Path) -> None:
    """Scores, order, counts and vocabulary are as if the restricted documents were not there."""
    seen = [doc(str(n), title=f"Lamp {n}", body="wick oil lamp " * n) for n in range(1, 6)]
    hidden = [doc(str(n), title="Wick", body="secret wick oil", audience="payroll") for n in range(6, 30)]
    engine.put(seen)
    alone = engine.search(words("wick oil secret"), audiences=ALL, limit=20)
    engine.put(hidden)
    assert engine.search(words("wick oil secret"), audiences=ALL, limit=20) == alone
    vocabulary = engine.vocabulary(audiences=ALL)
    assert vocabulary.frequency("secret") == 0
    assert not vocabulary.knows("secret")
    assert vocabulary.near("secrte") == ()
    assert vocabulary.closest("secrets") != "secret"
    both = ALL | {"payroll"}
    assert engine.vocabulary(audiences=both).near("secrte") == (("secret", 1.0),)
    assert len(groups(engine, words("wick"), both)) == 20


def test_the_vocabulary_corrects_slips(engine: SearchEngine) -> None:
    engine.put([doc("1", body="password password"), doc("2", body="passport password")])
    vocabulary = engine.vocabulary(audiences=ALL)
    assert [word for word, _ in vocabulary.near("passwrod")] == ["password"]
    assert vocabulary.near("pass") == ()
    assert vocabulary.near("p4ssword") == ()
    assert vocabulary.frequency("password") == 2
    assert vocabulary.closest("zzz") is None


def test_a_prior_decides_between_equals(engine: SearchEngine) -> None:
    engine.put([doc("1", body="lamp", prior=0.97), doc("2", body="lamp")])
    assert groups(engine, words("lamp")) == ["2", "1"]


def test_a_phrase_is_one_of_a_words_synonyms(engine: SearchEngine) -> None:
    engine.put(
        [
            doc("1", body="multi factor authentication"),
            doc("2", body="authentication with one factor"),
            doc("3", body="2fa"),
        ]
    )
    phrase = " ".join(token.term for token in analyse("multi factor authentication"))
    query = EngineQuery((Slot((("2fa", 1.0), (phrase, 0.8))),))
    assert groups(engine, query) == ["3", "1"]
    assert engine.search(query, audiences=ALL, limit=5).hits[1].matched == {"2fa", phrase}


def test_groups_that_the_index_does_not_know_to_be_hidden_yet_change_nothing(engine: SearchEngine) -> None:
    seen = [doc(str(n), title=f"Lamp {n}", body="wick oil lamp " * n, topic="light") for n in range(1, 6)]
    engine.put(seen)
    query = words("wick oil secret")
    alone = engine.search(query, audiences=ALL, limit=20, facets=("topic",))
    engine.put([doc(str(n), title="Secret", body="secret wick", topic="light") for n in range(6, 9)])
    hidden = frozenset({"6", "7", "8", "gone long ago"})
    assert engine.search(query, audiences=ALL, limit=20, hidden=hidden, facets=("topic",)) == alone
    vocabulary = engine.vocabulary(audiences=ALL, hidden=hidden)
    assert (vocabulary.frequency("secret"), vocabulary.knows("secret")) == (0, False)
    assert vocabulary.near("secrte") == ()
    assert engine.suggest(["secr"], audiences=ALL, limit=8, hidden=hidden) == ()
    assert [found.group for found in engine.suggest(["secr"], audiences=ALL, limit=8)] == ["6", "7", "8"]
    assert engine.explain(query, audiences=ALL, group="6", hidden=hidden) is None


def test_facets_count_what_matches_and_fits_the_other_choices(engine: SearchEngine) -> None:
    engine.put(
        [
            doc("1", body="lamp", topic="light", site="leeds hamburg"),
            doc("2", body="lamp", topic="light", site="leeds"),
            doc("3", body="lamp oil", topic="fuel"),
            doc("4", body="oil", topic="fuel", site="leeds"),
            doc("5", body="lamp", topic="secret", audience="payroll"),
        ]
    )
    names = ("topic", "site", "nothing")
    found = engine.search(words("lamp"), audiences=ALL, limit=9, facets=names)
    assert found.facets == {
        "topic": {"light": 2, "fuel": 1}, "site": {"leeds": 2, "hamburg": 1}, "nothing": {},
    }  # fmt: skip
    chosen = engine.search(words("lamp"), audiences=ALL, limit=9, facets=names, only={"topic": "fuel"})
    assert ([hit.group for hit in chosen.hits], chosen.total) == (["3"], 1)
    assert chosen.facets == {"topic": {"light": 2, "fuel": 1}, "site": {}, "nothing": {}}
    for only in ({"topic": "secret"}, {"nothing": "at all"}):
        assert engine.search(words("lamp"), audiences=ALL, limit=9, only=only).hits == ()


def test_suggestions_begin_with_what_was_typed_and_prefer_titles(engine: SearchEngine) -> None:
    engine.put(
        [
            doc("1", title="Reset a password"),
            doc("2", title="Passport for a business trip"),
            doc("3", title="Sign in", keywords="password"),
            doc("4", title="Forgotten", questions="how do I reset my password?"),
            doc("5", title="Printing", body="password"),
            doc("6", title="Password secrets", audience="payroll"),
        ]
    )

    def suggested(*typed: str) -> list[str]:
        return [one.group for one in engine.suggest(typed, audiences=ALL, limit=8)]

    assert suggested("pass") == ["2", "1", "3", "4"]
    assert suggested("password") == ["1", "3", "4"]
    assert suggested("reset", "pass") == ["1", "4"]
    assert suggested("zebra") == suggested() == suggested("pass", "zebra") == []
    assert engine.suggest(["pass"], audiences=frozenset(), limit=8) == ()


def test_languages_are_those_of_what_may_be_seen(engine: SearchEngine) -> None:
    engine.put(
        [doc("1", body="lamp"), doc("2", body="lampe", language="de"), doc("3", body="lampe", language="de")]
    )
    engine.put([doc("4", body="lampe", language="fr", audience="payroll")])
    assert list(engine.vocabulary(audiences=ALL).languages()) == ["de", "en"]


WORDS = ["lamp", "wick", "oil", "glass", "reset", "the", "of", "wi-fi", "night"]


def _with_synonym(query: EngineQuery, synonym: str) -> EngineQuery:
    """The first word of the question may also be said as `synonym`."""
    if not synonym or not query.slots:
        return query
    first, *rest = query.slots
    more = Slot((*first.alternatives, (synonym, 0.8)), first.weight)
    if rest:  # as the first part of a compound is
        rest[0] = Slot(rest[0].alternatives, rest[0].weight, inside=True)
    return EngineQuery((more, *rest), query.phrases, query.without)


texts = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
bodies = st.lists(texts, max_size=4).map("\n".join)
documents = st.lists(
    st.tuples(texts, bodies, bodies, st.sampled_from(["everyone", "payroll", "hr"])), min_size=1, max_size=8
)
queries = st.builds(
    lambda text, phrase, without, synonym: _with_synonym(
        words(text, phrases=[phrase] if phrase else [], without=[without] if without else []), synonym
    ),
    st.lists(st.sampled_from([*WORDS, "zebra"]), max_size=5).map(" ".join),
    st.sampled_from(["", "", "", "lamp oil"]),
    st.sampled_from(["", "", "glass"]),
    st.sampled_from(["", "", "wick", "oil glass"]),
)


def _change(order: random.Random, found: Sequence[tuple[str, str, str, str]], *engines: SearchEngine) -> None:
    """Put most of the groups, remove some of the others."""
    for number, (title, one, other, audience) in enumerate(found):
        facets = {"topic": title[:5], "team": "hr" if number % 2 else "it"}
        group = [
            doc(str(number), title=title, body=one, audience=audience, **facets),
            doc(str(number), heading=title[:4], body=other, audience=audience, section="s", **facets),
        ]
        chance, gone = order.random() < 0.8, order.random() < 0.5
        for engine in engines:
            if chance:
                engine.put(group)
            elif gone:
                engine.remove([str(number)])


def _same_explanation(
    fast: SearchEngine, plain: SearchEngine, query: EngineQuery, audiences: frozenset[str], hit: Hit,
    hidden: frozenset[str],
) -> None:  # fmt: skip
    """Both explain the score that the hit has, by the same parts."""
    ours = fast.explain(query, audiences=audiences, group=hit.group, hidden=hidden)
    theirs = plain.explain(query, audiences=audiences, group=hit.group, hidden=hidden)
    assert ours is not None
    assert theirs is not None
    assert ours.score == pytest.approx(hit.score)
    assert theirs.score == pytest.approx(hit.score)
    for one, other in zip((*ours.parts, *ours.pairs), (*theirs.parts, *theirs.pairs), strict=True):
        assert (one.words, one.times) == (other.words, other.times)
        assert (one.frequency, one.share, one.x, one.saturated, one.adds) == pytest.approx(
            (other.frequency, other.share, other.x, other.saturated, other.adds)
        )
    assert (ours.line is None) == (theirs.line is None)
    if ours.line and theirs.line:
        assert ours.line.adds == pytest.approx(theirs.line.adds)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=documents, query=queries, seed=st.integers(0, 9))
def test_posting_arrays_rank_as_the_plain_definition(
    found: list[tuple[str, str, str, str]],
    query: EngineQuery,
    seed: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Over several segments with deletions, for several audiences."""
    plain, fast = MemoryEngine(), WhooshEngine(tmp_path_factory.mktemp("index"))
    order = random.Random(seed)
    for _ in range(2):
        _change(order, found, plain, fast)
    for audiences in (ALL, ALL | {"payroll"}, frozenset({"hr"})):
        if not fast.versions():
            continue
        scope = {"hidden": frozenset({"0"}) if seed % 3 == 0 else frozenset()}
        more = {"facets": ("topic", "team"), "only": {"team": "hr"} if seed % 2 else {}}
        expected = plain.search(query, audiences=audiences, limit=5, **scope, **more)
        actual = fast.search(query, audiences=audiences, limit=5, **scope, **more)
        for typed in (["la"], ["o", "w"], ["reset"]):
            suggested = fast.suggest(typed, audiences=audiences, limit=5, **scope)
            assert suggested == tuple(plain.suggest(typed, audiences=audiences, limit=5, **scope))
        assert actual.total == expected.total
        assert actual.facets == expected.facets
        for hit in expected.hits:
            _same_explanation(fast, plain, query, audiences, hit, **scope)
        assert actual.mass == pytest.approx(expected.mass)
        assert [hit.score for hit in actual.hits] == pytest.approx([hit.score for hit in expected.hits])
        assert [(h.group, h.id, h.matched, h.coverage) for h in actual.hits] == [
            (h.group, h.id, h.matched, pytest.approx(h.coverage)) for h in expected.hits
        ]


# Whoosh leaves the file open when what it reads there is no index.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_missing_or_damaged_index_is_an_engine_error_and_can_be_built_again(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index")
    with pytest.raises(EngineError):
        engine.search(words("lamp"), audiences=ALL, limit=5)
    engine.put([doc("1", body="lamp")])
    place = (tmp_path / "index" / "current").resolve()
    for file in place.glob("*.toc"):
        file.write_bytes(pickle.dumps("not an index"))
    for damaged in (engine, WhooshEngine(tmp_path / "index")):
        with pytest.raises(EngineError):
            WhooshEngine(tmp_path / "index").search(words("lamp"), audiences=ALL, limit=5)
        with pytest.raises(EngineError):
            damaged.put([doc("2", body="lamp")])
    engine.replace_all([doc("3", body="lamp")])
    assert groups(engine, words("lamp")) == ["3"]


def test_two_processes_worth_of_engines_see_each_other(tmp_path: Path) -> None:
    writer, reader = WhooshEngine(tmp_path / "index"), WhooshEngine(tmp_path / "index")
    writer.put([doc("1", body="lamp")])
    assert groups(reader, words("lamp")) == ["1"]
    writer.put([doc("2", body="lamp lamp")])
    assert sorted(groups(reader, words("lamp"))) == ["1", "2"]
    writer.replace_all([doc("3", body="lamp")])
    assert groups(reader, words("lamp")) == ["3"]
    assert oct((tmp_path / "index").stat().st_mode & 0o777) == "0o700"


def test_postings_that_cannot_be_read_are_an_engine_error_whoever_asks(tmp_path: Path) -> None:
    engine = WhooshEngine(tmp_path / "index")
    engine.put([doc("1", title="lamp", body="lamp oil wick")])
    vocabulary = engine.vocabulary(audiences=ALL)
    for file in (tmp_path / "index" / "current").resolve().glob("*.pst"):
        file.write_bytes(b"\xff" * file.stat().st_size)
    for ask in (
        lambda: vocabulary.knows("lamp"),
        lambda: vocabulary.frequency("wick"),
        lambda: vocabulary.near("lampx"),
        lambda: engine.search(words("oil"), audiences=ALL, limit=5),
        lambda: engine.explain(words("oil"), audiences=ALL, group="1"),
    ):
        with pytest.raises(EngineError):
            ask()


def test_as_many_views_are_kept_as_an_organisation_has_groups_that_see_different_things(
    tmp_path: Path,
) -> None:
    engine = WhooshEngine(tmp_path / "index")
    engine.put([doc(str(n), body="lamp oil", audience=f"team {n % 60}") for n in range(120)])
    tokens = [frozenset({"everyone", f"team {n}"}) for n in range(60)]
    for audiences in tokens:
        assert len(engine.search(words("lamp"), audiences=audiences, limit=5).hits) == 2
    corpus = engine.corpus()
    views = [corpus.view(audiences) for audiences in tokens]
    assert [corpus.view(audiences) for audiences in tokens] == views
    computed = [slot_impact(view, words("lamp").slots[0], WEIGHTS) for view in views]
    again = [slot_impact(view, words("lamp").slots[0], WEIGHTS) for view in views]
    assert all(one is other for one, other in zip(computed, again, strict=True))
    assert len({id(one) for one in computed}) == len(views)
