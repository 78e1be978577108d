"""What the results page leads with: the answer when it is sure, a team to ask when it is not."""

from datetime import date
from types import SimpleNamespace

import pytest
from flask import render_template, url_for

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
    }
    return SimpleNamespace(**{**plain, **details})


@pytest.fixture
def results(app):
    """Renders the page for an answer; it must pass the lint of every page."""

    def _page(*, q="when is pay day", team=TEAM, topics=(), **details):
        plain = {
            "hits": [hit(1)],
            "count": 1,
            "weak": False,
            "understood": [],
            "corrections": [],
            "degraded": False,
        }
        answer = SimpleNamespace(**{**plain, **details})
        with app.test_request_context("/search"):
            page = parse(
                render_template(
                    "search/results.html", q=q, need="n1", answer=answer, team=team, topics=topics
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
    assert headings(root)[:3] == ["Article 1", "Article 2", "Ask Payroll"]
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
    many = [(SimpleNamespace(name=f"Topic {n}", path=f"t{n}"), 1) for n in range(9)]
    assert len(select(results(topics=many), ".chip")) == 8
    assert "All 9 topics" in text_of(results(topics=many))
    assert "All 8 topics" not in text_of(results(topics=many[:8]))


def test_nothing_found_says_what_was_understood_and_whom_to_ask(results):
    root = results(hits=[], count=0, understood=["pay", "day"])
    assert h1(root) == "Nothing found for “when is pay day”"
    assert "We looked for: pay, day." in text_of(root)
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


def test_a_word_that_was_read_differently_is_shown(results):
    root = results(corrections=[("pasword", "password")])
    assert "We also searched for password; you typed pasword." in text_of(root)


def test_a_search_without_its_index_says_so(results):
    assert "Search understands less right now" in text_of(results(degraded=True))


def test_hostile_words_stay_words(results):
    root = results(q='"><script>alert(1)</script>', hits=[hit(1, title="<b>x</b>")])
    assert select(root, "main script") == []
    assert "<b>x</b>" in text_of(root)


def test_a_very_long_question_does_not_fill_the_page(results):
    assert len(h1(results(q="my laptop says no " * 30))) < 110
