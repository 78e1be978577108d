"""What the results page leads with: the answer when it is sure, a team to ask when it is not."""

from datetime import date
from types import SimpleNamespace

import pytest
from flask import render_template, url_for

from portal.search.asked import MOST_PAGES, Asked
from portal.search.facets import Facet, FacetValue
from portal.search.services import LIMIT
from tests.support import lint
from tests.support.html import parse, select, text_of

TEAM = SimpleNamespace(
    slug="payroll",
    name="Payroll",
    purpose="Ask us about pay.",
    email="payroll@portal.test",
    phone="+44 113 496 0440",
)


def hit(number, **details):
    plain = {
        "slug": f"article-{number}",
        "anchor": "",
        "title": f"Article {number}",
        "answer": f"Answer {number}.",
        "section_heading": "",
        "snippet": (("Before ", False), ("pay", True), (" after", False)),
        "topic_name": "Pay",
        "team_name": "Payroll",
        "checked": date(2026, 3, 3),
        "overdue": False,
        "partial": False,
        "recommended": False,
    }
    return SimpleNamespace(**{**plain, **details})


@pytest.fixture
def results(app):
    """Renders the page for an answer; it must pass the lint of every page."""

    def _page(*, q="when is pay day", asked=None, dropped=False, words=(), team=TEAM, topics=(), **details):
        plain = {
            "hits": [hit(1)],
            "count": 1,
            "weak": False,
            "understood": [],
            "corrections": [],
            "synonyms": [],
            "facets": [],
            "degraded": False,
        }
        answer = SimpleNamespace(**{**plain, **details})
        with app.test_request_context("/search"):
            page = parse(
                render_template(
                    "search/results.html",
                    q=q,
                    asked=asked or Asked(q),
                    dropped=dropped,
                    need="n1",
                    answer=answer,
                    words=words,
                    team=team,
                    topics=topics,
                    page_size=LIMIT,
                )
            )
        assert lint.problems(page) == []
        return page.root

    return _page


def h1(root):
    return text_of(select(root, "h1")[0])


def headings(root):
    return [text_of(node) for node in select(root, "main h2")]


def test_a_sure_answer_stands_first_and_asking_beside_it(results):
    root = results(hits=[hit(1), hit(2)], count=2)
    assert h1(root) == "Answers to “when is pay day”"
    assert headings(root)[:4] == ["Article 1", "Article 2", "Not what you need?", "Ask Payroll"]
    assert [text_of(badge) for badge in select(root, ".badge")] == ["Best answer"]
    assert "2 articles" in text_of(root)


def test_an_answer_that_is_not_sure_comes_after_asking(results):
    root = results(hits=[hit(1)], weak=True)
    assert h1(root) == "No sure answer to “when is pay day”"
    assert headings(root)[:3] == ["Ask Payroll", "These come closest", "Article 1"]
    assert select(root, ".badge") == []


def test_a_first_answer_that_misses_half_the_words_is_not_sure(results):
    root = results(hits=[hit(1, partial=True)])
    assert h1(root) == "No sure answer to “when is pay day”"
    assert headings(root)[:3] == ["Ask Payroll", "These come closest", "Article 1"]
    assert [text_of(badge) for badge in select(root, ".badge")] == ["Partly matching"]


def test_quotation_marks_around_all_the_words_are_not_doubled_in_the_title(results):
    assert h1(results(q='"out of office"')) == "Answers to “out of office”"
    assert h1(results(q='"sign in" office "x"')) == 'Answers to “"sign in" office "x"”'


def test_many_topics_are_cut_short(results):
    many = [SimpleNamespace(name=f"Topic {n}", path=f"t{n}") for n in range(9)]
    assert len(select(results(topics=many), ".chip")) == 8
    assert "All 9 topics" in text_of(results(topics=many))
    assert "All 8 topics" not in text_of(results(topics=many[:8]))


def test_nothing_found_says_what_was_understood_and_whom_to_ask(results):
    root = results(hits=[], count=0, understood=["pay", "day"])
    assert h1(root) == "Nothing found for “when is pay day”"
    assert "We looked for pay and day." in text_of(root)
    assert headings(root)[:2] == ["Ask Payroll", "Try it another way"]
    mail = select(root, ".contact a[href^=mailto]")[0].get("href")
    assert mail == "mailto:payroll@portal.test?subject=when%20is%20pay%20day"
    assert select(root, ".contact a[href^=tel]")[0].get("href") == "tel:+441134960440"


def test_without_a_likely_team_the_list_of_teams_is_offered(results):
    root = results(hits=[], count=0, team=None)
    assert headings(root)[0] == "Ask a colleague who knows"


def test_not_found_carries_the_question_and_the_need(results):
    form = select(results(hits=[], count=0), 'form[action="/search/not-found"]')[0]
    sent = {field.get("name"): field.get("value") for field in select(form, "input[type=hidden]")}
    assert (sent["q"], sent["need"]) == ("when is pay day", "n1")


def test_a_result_leads_to_its_section_and_marks_the_words(results, app):
    with app.test_request_context():
        address = url_for("articles.show", slug="article-1", _anchor="s-dates")
    root = results(hits=[hit(1, anchor="s-dates", section_heading="Dates", overdue=True)])
    assert {link.get("href") for link in select(root, ".result a")} == {address}
    assert [text_of(mark) for mark in select(root, "mark")] == ["pay"]
    assert "Checked Tuesday 3 March 2026" in text_of(root)
    assert "Check is overdue" in text_of(root)


def test_what_matches_in_part_says_so_and_is_never_the_best_answer(results):
    root = results(hits=[hit(1, partial=True)])
    assert [text_of(badge) for badge in select(root, ".badge")] == ["Partly matching"]


def test_a_result_without_a_passage_leaves_no_gap(results):
    root = results(hits=[hit(1), *(hit(number, snippet=()) for number in range(2, 9))], count=40)
    assert len(select(root, ".result")) == 8
    assert len(select(root, ".result__snippet")) == 1
    assert "40 articles, the best 8 shown" in text_of(root)


def test_a_word_that_was_read_differently_is_shown_with_the_way_back(results):
    root = results(q="new pasword", corrections=[("pasword", "password")], understood=["new", "Pasword"])
    assert "Showing results also for password. Search only for “pasword”" in text_of(root)
    assert "We looked for new and Pasword or password." in text_of(root)
    link = select(root, ".understood a")[0]
    assert link.get("href") == "/search?q=new+pasword&exact=1"
    root = results(q="new pasword", asked=Asked("new pasword", exact=True))
    assert "Only your very words were searched for. Search for similar words too" in text_of(root)
    assert select(root, ".understood a")[0].get("href") == "/search?q=new+pasword"


def test_synonyms_are_shown_once_and_not_too_many(results):
    found = [
        ("wifi", "wlan"),
        ("wifi", "wireless network"),
        ("leave", "holiday"),
        ("leave", "vacation"),
        ("x", "y"),
    ]
    text = text_of(results(synonyms=found))
    assert "also for wlan, wireless network, holiday and vacation. Search only for “wifi” and “leave”" in text


def test_what_colleagues_recommend_is_labelled_and_sure(results):
    root = results(hits=[hit(1, recommended=True, partial=True), hit(2)], weak=True)
    assert h1(root) == "Answers to “when is pay day”"
    assert [text_of(badge) for badge in select(root, ".badge")] == ["Recommended", "Partly matching"]
    root = results(hits=[hit(1), hit(2, recommended=True)])
    assert [text_of(badge) for badge in select(root, ".badge")] == ["Best answer", "Recommended"]


def test_articles_that_match_in_part_stand_apart_at_the_end(results):
    hits = [hit(1), hit(2, partial=True), hit(3), hit(4, partial=True), hit(5, partial=True)]
    root = results(hits=hits)
    assert headings(root)[:6] == [
        "Article 1",
        "Article 2",
        "Article 3",
        "Partly matching",
        "Article 4",
        "Article 5",
    ]
    assert [text_of(badge) for badge in select(root, ".badge")] == ["Best answer", "Partly matching"]
    first, second = select(root, ".results")
    assert (len(first), len(second), second.get("start")) == (3, 2, "4")
    assert [node.get("id") for node in select(root, ".result")] == [f"result-{n}" for n in range(1, 6)]


def test_when_all_match_in_part_they_are_not_parted(results):
    root = results(hits=[hit(1, partial=True), hit(2, partial=True)])
    assert headings(root)[1:4] == ["These come closest", "Article 1", "Article 2"]


def test_a_long_list_leads_to_more_where_it_goes_on(results):
    more, whole = LIMIT + 1, 2 * LIMIT - 3
    hits = [hit(number, snippet=()) for number in range(1, more)]
    root = results(hits=hits, count=whole)
    link = select(root, ".results__more a")[0]
    assert link.get("href") == f"/search?q=when+is+pay+day&page=2#result-{more}"
    assert f"{LIMIT} of {whole} shown" in text_of(root)
    assert select(results(hits=hits, count=LIMIT), ".results__more") == []
    hits += [hit(number, snippet=()) for number in range(more, whole + 1)]
    root = results(hits=hits, count=whole, asked=Asked("when is pay day", page=2))
    assert select(root, ".results__more") == []
    assert [node.get("id") for node in select(root, ".result[tabindex]")] == [f"result-{more}"]
    assert text_of(select(root, "title")[0]).startswith(f"Answers to “when is pay day”, {whole} of {whole}")


def test_a_list_has_an_end(results):
    most = MOST_PAGES * LIMIT
    hits = [hit(number, snippet=()) for number in range(1, most + 1)]
    root = results(hits=hits, count=240, asked=Asked("when is pay day", page=MOST_PAGES))
    assert select(root, ".results__more a") == []
    assert f"These are the best {most} of 240 articles." in text_of(root)


TOPICS = Facet(
    "topic", "Topic", (FacetValue("7", "Pay", 12, chosen=False), FacetValue("8", "Tax", 1, chosen=False))
)
CHOSEN = Facet("team", "Team", (FacetValue("3", "Payroll", 4, chosen=True),))
ALONE = Facet("site", "Site", (FacetValue("leeds", "Leeds", 4, chosen=False),))


def test_filters_are_links_with_counts(results):
    root = results(facets=[TOPICS, ALONE])
    assert [text_of(node) for node in select(root, ".filter summary")] == ["Topic"]
    links = select(root, ".filter__value")
    assert [text_of(link) for link in links] == ["Pay12 articles", "Tax1 article"]
    assert links[0].get("href") == "/search?q=when+is+pay+day&topic=7"
    assert select(root, ".chip--chosen") == []


def test_a_chosen_filter_can_be_taken_away_and_the_rest_is_kept(results):
    asked = Asked("pay", exact=True, only={"team": "3"}, page=2)
    root = results(q="pay", asked=asked, facets=[TOPICS, CHOSEN])
    chip = select(root, ".chip--chosen")[0]
    assert text_of(chip) == "Remove filter Team: Payroll"
    assert chip.get("href") == "/search?q=pay&exact=1"
    assert select(root, ".filter__value")[0].get("href") == "/search?q=pay&topic=7&team=3&exact=1"
    assert text_of(select(root, "title")[0]).startswith("Answers to “pay”, Payroll")
    chosen = Facet("topic", "Topic", (FacetValue("7", "Pay", 12, chosen=True), TOPICS.values[1]))
    link = select(
        results(q="pay", asked=Asked("pay", only={"topic": "7"}), facets=[chosen]), ".filter__value"
    )[0]
    assert (link.get("aria-current"), link.get("href")) == ("true", "/search?q=pay")


def test_without_a_choice_there_are_no_filters(results):
    assert select(results(facets=[ALONE]), ".filters") == []


def test_a_filter_that_left_nothing_is_said_to_be_gone(results):
    assert "Nothing matches with that filter, so all answers are shown." in text_of(results(dropped=True))


def test_every_end_says_what_was_looked_for_and_whom_to_ask(results):
    root = results(understood=["pay", "day"])
    end = select(root, ".results__end")[0]
    assert "We looked for pay and day. Payroll is most likely to know." in text_of(end)
    assert select(end, "button")
    assert "most likely" not in text_of(select(results(team=None), ".results__end")[0])


def test_the_words_to_mark_go_with_the_list(results):
    assert select(results(words=("pay", "pay day")), ".results")[0].get("data-words") == "pay|pay day"


def test_a_search_without_its_index_says_so(results):
    assert "Search understands less right now" in text_of(results(degraded=True))


def test_hostile_words_stay_words(results):
    root = results(q='"><script>alert(1)</script>', hits=[hit(1, title="<b>x</b>")])
    assert select(root, "main script") == []
    assert "<b>x</b>" in text_of(root)


def test_a_very_long_question_does_not_fill_the_page(results):
    assert len(h1(results(q="my laptop says no " * 30))) < 110
