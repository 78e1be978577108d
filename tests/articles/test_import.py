"""Importing folders of Markdown: what becomes of each file, and what is told."""

import os
import re
from datetime import date

import pytest
import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Team
from portal.articles import drafts, queries, rendering, services
from portal.articles.models import Alias, Article, Attachment, ImportedFile, Revision, State, Topic
from portal.articles.transfer import fields
from portal.indexing import outbox
from portal.jobs.models import Job
from tests.support.code import ROOT
from tests.support.folders import PNG, fill, own


@pytest.fixture
def bring(flask_command, tmp_path, session, world):
    """Imports files written below one folder; gives what was printed."""
    root = tmp_path / "wiki"

    def _bring(files=None, *options, exit_code=0):
        fill(root, files or {})
        result = flask_command("content", "import", str(root), *options, exit_code=exit_code)
        session.expire_all()
        return result.output

    _bring.root = root
    return _bring


@pytest.fixture
def article(session):
    def _article(slug):
        return session.scalars(sa.select(Article).where(Article.slug == slug)).one()

    return _article


def body_of(article):
    return article.live.body


# --- the portal's own form -----------------------------------------------------------------------


def test_page_in_own_form_becomes_an_article(bring, article, people, session):
    told = bring(
        {
            "it/accounts/reset-it.md": own(
                "Reset it",
                "Intro\n\n## Steps\n\n1. Go\n",
                answer="Go there.",
                owner="eva@portal.test",
                keywords="[locked, forgot]",
                questions="\n  - How do I get in?",
                review_days="90",
                checked="2026-09-14",
                audience="{countries: [gb], departments: [Finance]}",
                extra="{a: [1]}",
            )
        }
    )
    found = article("reset-it")
    assert told.splitlines()[-1] == (
        "wiki: 1 new, 0 changed, 0 unchanged, 0 edited in the portal and kept, 0 not taken."
    )
    assert drafts.of_article(found) == drafts.Draft(
        title="Reset it",
        answer="Go there.",
        body="Intro\n\n## Steps\n\n1. Go\n",
        keywords=("locked", "forgot"),
        questions=("How do I get in?",),
        topic_id=found.topic_id,
        team_id=found.team_id,
        owner_id=people.eva.id,
        audience={"countries": ["GB"], "departments": ["finance"]},
        review_days=90,
    )
    assert (found.topic.path, found.team.slug, found.state) == (
        "it/accounts",
        "it-service-desk",
        State.PUBLISHED,
    )
    assert (found.checked_on, found.review_due) == (date(2026, 9, 14), date(2026, 12, 13))
    assert (found.live_id, len(found.revisions)) == (found.latest_id, 1)
    assert rendering.stored(session, found.live) is not None
    assert session.scalars(sa.select(ImportedFile.extra)).one() == {"extra": {"a": [1]}}
    assert session.scalars(sa.select(Job.payload).where(Job.kind == outbox.KIND)).one() == {"group": found.id}


def test_reader_finds_what_was_imported(bring, people, client_for):
    bring(
        {
            "a/reset.md": own("Reset it", "See [b](../b.md#how-to).\n"),
            "b.md": own("Other", "## How to\n\nx\n"),
        }
    )
    page = client_for(people.ana).get("/articles/reset")
    assert page.h1 == "Reset it"
    assert [link.get("href") for link in page.select(".prose a")] == ["/articles/b#s-how-to"]


def test_second_import_changes_nothing(bring, session):
    bring({"a.md": own("A", "[b](b.md) ![p](p.png)\n"), "b.md": "# B\n\n[a](a.md)\n", "p.png": PNG})
    before = [
        (one.id, one.version, one.latest_id, one.updated_at) for one in session.scalars(sa.select(Article))
    ]
    session.execute(sa.delete(Job))
    told = bring()
    assert "wiki: 0 new, 0 changed, 2 unchanged" in told
    assert before == [
        (one.id, one.version, one.latest_id, one.updated_at) for one in session.scalars(sa.select(Article))
    ]
    assert session.scalar(sa.select(sa.func.count()).select_from(Revision)) == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 0


def test_changed_file_becomes_a_revision_and_keeps_the_address(bring, article):
    bring({"a.md": own("A"), "b.md": own("B")})
    told = bring({"a.md": own("A new title", "New.\n", checked="2026-01-02", review_days="30")})
    assert "0 new, 1 changed, 1 unchanged" in told
    found = article("a")
    assert (found.live.title, found.live.body, found.live.number) == ("A new title", "New.\n", 2)
    assert (found.checked_on, found.review_due) == (date(2026, 1, 2), date(2026, 2, 1))


def test_only_the_place_changes_without_a_revision(bring, article, people):
    bring({"a.md": own("A")})
    session_text = own("A", owner="gus@portal.test", audience="{countries: [DE]}").replace(
        "it/accounts", "hr/pay"
    )
    told = bring({"a.md": session_text})
    found = article("a")
    assert "1 changed" in told
    assert (found.topic.path, found.owner_id, found.audience.key) == ("hr/pay", people.gus.id, "countries=DE")
    assert [revision.number for revision in found.revisions] == [1]


def test_edited_article_is_kept_and_told(bring, article, session, people):
    bring({"a.md": own("A"), "b.md": own("B")})
    mine = article("a")
    services.save(
        session,
        mine,
        drafts.Draft(title="Mine", body="My text.", topic_id=mine.topic_id, team_id=mine.team_id),
        version=mine.version,
        by=people.eva,
    )
    services.publish(session, mine, by=people.eva)
    services.archive(session, article("b"), by=people.ada)
    session.commit()
    told = bring()
    assert "0 new, 0 changed, 0 unchanged, 2 edited in the portal and kept" in told
    assert "the portal's text stays" not in told
    told = bring({"a.md": own("A", "Theirs.\n"), "b.md": own("B", "Theirs.\n")})
    assert "Changed here and edited in the portal; the portal's text stays (2):\n  a.md\n  b.md" in told
    assert (article("a").live.body, article("b").state) == ("My text.", State.ARCHIVED)


def test_states_of_files_are_taken_and_change(bring, article, people, session):
    files = {"a.md": own("A", state="draft"), "b.md": own("B", state="archived"), "c.md": own("C")}
    bring(files)
    states = {slug: article(slug).state for slug in "abc"}
    assert states == {"a": State.DRAFT, "b": State.ARCHIVED, "c": State.PUBLISHED}
    assert "0 new, 0 changed, 3 unchanged" in bring()
    bring({"a.md": own("A"), "b.md": own("B", "Other.\n"), "c.md": own("C", state="draft")})
    states = {slug: article(slug).state for slug in "abc"}
    assert states == {"a": State.PUBLISHED, "b": State.PUBLISHED, "c": State.DRAFT}
    assert article("b").live.body == "Other.\n"
    seen = session.scalars(queries.visible_to(people.ada)).all()
    assert sorted(one.slug for one in seen) == ["a", "b"]
    bring({"b.md": own("B", state="archived")})
    assert article("b").state is State.ARCHIVED
    assert "0 changed, 3 unchanged" in bring()


# --- pages of other programs ---------------------------------------------------------------------


def test_folders_become_topics_named_after_their_index(bring, session, article):
    told = bring(
        {
            "about-us/index.md": "---\ntitle: About us all\n---\nHi\n",
            "about-us/old_rules/x.md": "# X\n\nx\n",
            "it/y.md": "# Y\n\ny\n",
            "top.md": "# Top\n\nt\n",
        }
    )
    names = dict(session.execute(sa.select(Topic.path, Topic.name)).all())
    assert names["about-us"] == "About us all"
    assert names["about-us/old-rules"] == "Old rules"
    assert names["wiki"] == "Wiki"
    assert names["it"] == "IT"
    assert "Topics made for folders that had none (3):" in told
    assert article("y").topic.path == "it"
    assert article("about-us").topic.path == "about-us"


def test_topic_option_puts_all_below_one_topic(bring, article, session):
    bring({"tools/index.md": "# Our tools\n\nx\n", "top.md": "# Top\n\nt\n"}, "--topic", "hr/books")
    assert article("tools").topic.path == "hr/books/tools"
    assert article("tools").topic.name == "Our tools"
    assert article("top").topic.path == "hr/books"


def test_team_is_named_made_or_refused(bring, article, session):
    bring({"a.md": "# A\n\na\n"}, "--team", "payroll")
    assert article("a").team.slug == "payroll"
    told = bring({"b.md": "# B\n\nb\n", "c.md": "---\nteam: lost\n---\nc\n"}, "--source", "other")
    assert "The team other was made" in told
    assert "Teams that do not exist here (1):\n  c.md:2: lost" in told
    assert session.scalars(sa.select(Team.name).where(Team.slug == "other")).one() == "Other"
    assert {article(slug).team.slug for slug in ("b", "c")} == {"other"}
    assert "There is no team 'lost'. Teams: it-service-desk" in bring(None, "--team", "lost", exit_code=1)


def test_own_form_with_unknown_team_is_not_taken(bring):
    told = bring({"a.md": own("A").replace("it-service-desk", "lost")}, exit_code=1)
    assert "a.md:4: There is no team 'lost': make it, or name one with --team." in told


def test_title_comes_from_heading_or_name_and_stands_once(bring, article):
    bring(
        {
            "a.md": "# A heading #\n\nText\n",
            "b.md": "Set *below*\n===\n\nText\n",
            "some_file-name.md": "Text\n",
            "c.md": "---\ntitle: Same\n---\n# same\n\nText\n",
            "d.md": "---\ntitle: Other\n---\n# Heading\n\nText\n",
        }
    )
    texts = {slug: (article(slug).live.title, article(slug).live.body) for slug in ("a", "b", "c", "d")}
    assert texts == {
        "a": ("A heading", "Text\n"),
        "b": ("Set *below*", "Text\n"),
        "c": ("Same", "Text\n"),
        "d": ("Other", "# Heading\n\nText\n"),
    }
    assert article("some-file-name").live.title == "Some file-name".replace("-", " ")


def test_nothing_is_made_up(bring, article):
    bring({"a.md": "# A\n\nText\n"})
    found = article("a")
    assert (found.live.answer, found.live.keywords, found.live.questions) == ("", [], [])
    assert (found.checked_on, found.review_due, found.owner_id) == (None, None, None)


def test_page_shows_no_empty_parts(bring, people, client_for):
    bring({"a.md": "# A\n\nText\n"})
    page = client_for(people.ana).get("/articles/a")
    assert page.texts("p.article__answer") == []
    assert "Not checked yet" in page.words


def test_pages_that_moved_say_where(bring, article):
    bring(
        {
            "a.md": "---\ntitle: A\nredirect_to: /b/#x\n---\n",
            "b.md": "---\ntitle: The [b]\n---\n## X\n",
            "c.md": "---\ntitle: C\nredirect_to: https://docs.example/a/b\n---\n",
        }
    )
    assert body_of(article("a")).startswith("This page is now at [The \\[b\\]](/articles/b#x).")
    assert body_of(article("c")).startswith("This page is now at [docs.example](<https://docs.example/a/b>).")


def test_empty_page_is_kept_as_a_draft_and_leads_nowhere(bring, article):
    told = bring({"a.md": "---\ntitle: A\n---\n\n", "b.md": "# B\n\n[a](a.md) x\n"})
    assert article("a").state is State.DRAFT
    assert body_of(article("b")) == "a x\n"
    assert "Pages without text, kept as drafts (1):\n  a.md: there is no text in it" in told
    assert "b.md:3: a.md: that page is not shown to readers" in told


def test_names_of_contacts_and_unknown_keys_are_kept(bring, session, article):
    told = bring(
        {"a.md": "---\ntitle: A\nquestions: [it-help]\ncSpell: ignore x\nowner: who@x.test\n---\nx\n"}
    )
    assert article("a").live.questions == []
    assert session.scalars(sa.select(ImportedFile.extra)).one() == {
        "questions": ["it-help"],
        "cSpell": "ignore x",
        "owner": "who@x.test",
    }
    assert "Owners whom nobody here is (1):\n  a.md:5: who@x.test" in told
    assert "kept for export: cSpell (1), questions (1)" in told
    assert "a.md:3: questions: names, not questions" in told


def test_tags_of_another_program_become_text_and_are_told(bring, article):
    told = bring(
        {
            "a.md": '---\ntitle: A\n---\n\nAsk {% slack_channel "it" %}.\n\n{% include "x.html" %}\n\n'
            '- 1. One\n  - two\n\n[b]({% page "b" %}) {% if x %}y{% endif %}\n',
            "b.md": own("B", "{% page 'kept' %}\n"),
        }
    )
    assert body_of(article("a")) == "Ask #it.\n\n\n\n- 1\\. One\n  - two\n\n[b](/articles/b) y\n"
    assert body_of(article("b")) == "{% page 'kept' %}\n"
    assert 'a.md:7: {% include "x.html" %}' in told
    assert "a.md:12: {% if x %}" in told


def test_same_note_of_many_files_is_told_once(bring):
    told = bring({f"{n}.md": "---\ntitle: A\nquestions: [it-help]\n---\nx\n" for n in range(12)})
    assert "questions: names, not questions (12 times, first in 0.md)" in told


# --- links ---------------------------------------------------------------------------------------


def test_links_that_lead_nowhere_go_in_foreign_pages_and_stay_in_own_ones(bring, article):
    text = (
        "[gone](gone.md) [out](../../../etc/passwd) ![No picture](no.png) ![](no.png) "
        "[there](b.md#no) [here](#no)"
        " [mail](mailto:a@b.example)\n"
    )
    told = bring({"a.md": f"# A\n\n{text}", "own.md": own("Own", text), "b.md": "# B\n\n## Yes\n"})
    assert body_of(article("a")) == (
        "gone out (Image: No picture)  [there](/articles/b) [here](#no) [mail](mailto:a@b.example)\n"
    )
    assert body_of(article("own")) == text.replace("(b.md#no)", "(/articles/b#no)")
    assert "Links that lead nowhere (4):\n  a.md:3: ../../../etc/passwd: it leads out of the folder" in told
    assert "a.md:3: gone.md: there is no such page or file" in told
    assert "own.md:7: gone.md: there is no such page or file" in told
    assert "a.md:3: no.png: there is no such page or file" in told
    assert "a.md:3: b.md#no: there is no #no on that page" in told
    assert "a.md:3: #no: there is no such place on this page" in told


def test_anchors_of_other_programs_find_their_headings(bring, article, people, client_for):
    bring(
        {
            "a.md": "# A\n\n[1](b.md#m-and-ie-rates) [2](b.md#set-up) [3](#what--why) [4](b.md#own-name)\n\n"
            "## What & why?\n",
            "b.md": "# B\n\n## M&IE rates\n\n### Set *up*\n\n## Other {#own-name}\n\n<h2>Raw heading</h2>\n",
        }
    )
    page = client_for(people.ana).get("/articles/a")
    targets = [link.get("href") for link in page.select(".prose a")]
    assert targets == [
        "/articles/b#s-m-ie-rates",
        "/articles/b#s-set-up",
        "#s-what-why",
        "/articles/b#s-own-name",
    ]
    ids = {element.get("id") for element in client_for(people.ana).get("/articles/b").select("[id]")}
    assert {target.partition("#")[2] for target in targets if target.startswith("/articles/b")} <= ids


def test_links_follow_a_page_that_came_later(bring, article):
    bring({"a.md": "# A\n\n[b](b.md)\n"})
    assert body_of(article("a")) == "b\n"
    told = bring({"b.md": "# B\n\nb\n"})
    assert "1 new, 1 changed" in told
    assert body_of(article("a")) == "[b](/articles/b)\n"


def test_bare_mail_address_of_another_program_becomes_a_mail_link(bring, article):
    bring({"a.md": "# A\n\n[m](hr@x.example)\n", "b.md": own("B", "[m](hr@x.example)\n")})
    assert (body_of(article("a")), body_of(article("b"))) == (
        "[m](mailto:hr@x.example)\n",
        "[m](hr@x.example)\n",
    )


def test_links_to_articles_that_are_here_already(bring, article, write_article):
    write_article("Find your payslip", body="## On paper\n")
    bring({"a.md": "# A\n\n[p](/articles/find-your-payslip#on-paper) [q](/articles/nobody)\n"})
    assert body_of(article("a")) == "[p](/articles/find-your-payslip#on-paper) q\n"


# --- addresses -----------------------------------------------------------------------------------


def test_equal_names_get_their_folders_in_front(bring, session, write_article):
    write_article("Taken", slug="start")
    bring(
        {
            "z/tock.md": "# Z\n\nz\n",
            "a/b/tock.md": "# AB\n\nab\n",
            "a/tock.md": "# A\n\na\n",
            "index.md": "# Start\n\ns\n",
            "new.md": "# N\n\nn\n",
        }
    )
    rows = session.execute(sa.select(ImportedFile.path, Article.slug).join(Article))
    assert dict(rows.all()) == {
        "a/tock.md": "tock",
        "z/tock.md": "z-tock",
        "a/b/tock.md": "b-tock",
        "index.md": "start-2",
        "new.md": "new-2",
    }


def test_equal_titles_are_two_articles(bring, session):
    bring({"a/x.md": own("Same"), "b/x.md": own("Same")})
    assert sorted(session.scalars(sa.select(Article.slug))) == ["b-x", "x"]


def test_old_addresses_lead_to_the_page(bring, session, people, client_for):
    told = bring(
        {
            "a.md": "---\ntitle: A\nredirect_from:\n  - /old-a/\n  - /b/\n  - /x/y/\n  - /old-a\n"
            "permalink: /a/\n---\nx\n",
            "b.md": "---\ntitle: B\naliases: [old-a, Other-B]\n---\n[a](/x/y/)\n",
        }
    )
    rows = session.execute(sa.select(Alias.slug, Article.slug).join(Article)).all()
    assert sorted(rows) == [("old-a", "a"), ("other-b", "b")]
    assert client_for(people.ana).get("/articles/old-a", status=None).location.endswith("/articles/a")
    assert client_for(people.ana).get("/articles/b").select(".prose a")[0].get("href") == "/articles/a"
    assert "a.md:3: /b/: another page has this address" in told
    assert "a.md:3: /x/y/: an address here is one word without slashes" in told
    assert "b.md:3: old-a: another page has this address" in told


def test_address_named_by_the_file_is_taken_or_refused(bring, article):
    told = bring(
        {"a.md": own("A", slug="my-own"), "b.md": own("B", slug="Not Good"), "c.md": own("C", slug="my-own")},
        exit_code=1,
    )
    assert article("my-own").live.title == "A"
    assert "b.md:5: slug must be like 'not-good': small letters, digits, hyphens." in told
    assert "c.md:5: Another page has or had the address 'my-own'." in told


# --- pictures and files --------------------------------------------------------------------------


def test_pictures_and_files_become_attachments(bring, article, session, people, client_for, settings):
    bring(
        {
            "x/a.md": own(
                "A",
                '![P](../img/p%201.png "T") [f](<f (1).pdf>) [again](../img/p%201.png)\n'
                '<img src="../img/p 1.png" alt="h">\n',
            ),
            "x/f (1).pdf": b"%PDF-1.7 x",
            "img/p 1.png": PNG,
        }
    )
    found = {one.path: one for one in session.scalars(sa.select(Attachment))}
    assert sorted(found) == ["img/p 1.png", "x/f (1).pdf"]
    picture, form = found["img/p 1.png"].id, found["x/f (1).pdf"].id
    assert body_of(article("a")) == (
        f'![P](/attachments/{picture}/p%201.png "T") [f](/attachments/{form}/f%20%281%29.pdf) '
        f'[again](/attachments/{picture}/p%201.png)\n<img src="/attachments/{picture}/p%201.png" alt="h">\n'
    )
    got = client_for(people.ana).get(f"/attachments/{picture}/p%201.png")
    assert got.response.data == PNG
    assert "1 unchanged" in bring()


def test_changed_picture_is_shown_without_a_new_revision(bring, article, session, settings):
    bring({"a.md": own("A", "![P](p.png)\n"), "p.png": PNG})
    told = bring({"p.png": PNG + b"more"})
    assert "1 changed" in told
    assert len(article("a").revisions) == 1
    one = session.scalars(sa.select(Attachment)).one()
    assert (settings.attachments_dir / one.sha256).read_bytes() == PNG + b"more"


def test_picture_that_no_page_may_show_becomes_a_link(bring, article, session):
    told = bring(
        {
            "a.md": own("A", "![Plan](p.svg) ![](p.svg)\n"),
            "p.svg": "<svg xmlns='x'/>",
            "b.md": own("B", "![e](e.png)\n"),
            "e.png": b"",
        }
    )
    number = session.scalars(sa.select(Attachment.id)).one()
    assert (
        body_of(article("a")) == f"[Plan](/attachments/{number}/p.svg) [p.svg](/attachments/{number}/p.svg)\n"
    )
    assert "a.md:7: p.svg: a page cannot show this kind of picture; it is a link" in told
    assert "b.md:7: e.png: e.png is empty." in told


# --- files that cannot be taken ------------------------------------------------------------------


def test_bad_files_are_reported_with_line_and_reason_and_the_others_are_in(bring, session):
    told = bring(
        {
            "bad-yaml.md": "---\ntitle: [x\n---\nx\n",
            "latin.md": "# A\n\nCaf\xe9\n".encode("latin-1"),
            "utf16.md": "# A\n".encode("utf-16"),
            "nul.md": b"# A\n\nx\0y\n",
            "huge.md": "# A\n\n" + "x" * 500_001,
            "long.md": "# A\n\n" + "word " * 30_000,
            "audience.md": "---\ntitle: A\naudience: {countries: [FR]}\n---\nx\n",
            "words.md": "---\ntitle: A\naudience: developers\n---\nx\n",
            "title.md": f"---\ntitle: {'x' * 201}\n---\nx\n",
            "answer.md": own("A", answer="x" * 301),
            "good.md": "# Good\n\n[1](latin.md) [2](audience.md)\n",
        },
        exit_code=1,
    )
    assert list(session.scalars(sa.select(Article.slug).where(Article.state == State.PUBLISHED))) == ["good"]
    assert told.splitlines()[-1] == (
        "wiki: 1 new, 0 changed, 0 unchanged, 0 edited in the portal and kept, 10 not taken."
    )
    problems = told.partition("Files that were not taken (10):\n")[2]
    for line in (
        "answer.md:5: Shorten the answer to 300 characters; it has 301.",
        "audience.md:3: Audience countries: there is no 'FR'.",
        "bad-yaml.md:3: The front matter is not YAML",
        "huge.md:1: huge.md is larger than a page may be (500 kB).",
        "latin.md:3: The byte 0xe9 is not UTF-8: save the file as UTF-8.",
        "long.md:1: Shorten the text: at most 100,000 characters fit on one page.",
        "nul.md:3: There is a NUL character: this is not a text file.",
        "title.md:2: Shorten the title to 200 characters; it has 201.",
        "utf16.md:1: The file is UTF-16: save it as UTF-8.",
        "words.md:3: audience must be names with lists",
    ):
        assert f"  {line}" in problems
    assert session.scalars(sa.select(Article).where(Article.slug == "good")).one().live.body == "1 2\n"


def test_values_that_no_terminal_takes_are_told_without_them(bring, article):
    told = bring({"a.md": own("A", owner='"nobody\\ud800"')})
    assert "a.md:5: nobody?" in told
    assert article("a").state is State.PUBLISHED


def test_page_for_some_is_never_shown_to_all(bring, session, people):
    bring({"a.md": own("A", audience="{employment: [contractor]}")})
    assert session.scalars(queries.visible_to(people.ana)).all() == []
    assert len(session.scalars(queries.visible_to(people.otto)).all()) == 1


def test_hidden_files_links_out_and_odd_files_are_left_out(bring, tmp_path, session):
    fill(tmp_path, {"secret/s.md": "# Secret\n\nx\n", "secret.md": "# S\n\nx\n"})
    root = fill(
        bring.root,
        {
            ".git/x.md": "# X\n",
            ".hidden.md": "# H\n",
            "a.md": "# A\n\n![x](.h.png)\n",
            ".h.png": PNG,
            "real.txt": "x",
        },
    )
    (root / "out").symlink_to(tmp_path / "secret")
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "hidden.md").symlink_to(root / ".hidden.md")
    (root / "gone.md").symlink_to(root / "nowhere.md")
    (root / "in.md").symlink_to(root / "real.txt")
    (root / "folder.md").mkdir()
    os.mkfifo(root / "pipe.md")
    os.mkfifo(root / "pipe.png")
    told = bring()
    assert sorted(session.scalars(sa.select(ImportedFile.path))) == ["a.md", "in.md"]
    assert "out.md: It is a link that leads out of the folder." in told
    assert "hidden.md: It is a link that leads out of the folder." in told
    assert "gone.md: It is not a file that can be read." in told
    assert "pipe.md: It is not a file that can be read." in told
    assert "a.md:3: .h.png: there is no such page or file" in told


def test_file_name_that_is_no_text_is_left_out(bring):
    (fill(bring.root, {"a.md": "# A\n\nx\n"}).joinpath(os.fsdecode(b"b\xff.md"))).write_text("# B\n")
    fill(bring.root, {"c\n.md": "# C\n"})
    told = bring()
    assert "The name of the file is not UTF-8." in told
    assert "The name of the file cannot be used" in told
    assert "1 new" in told


def test_folder_that_cannot_be_read_is_told(bring, monkeypatch):
    fill(bring.root, {"a.md": "# A\n\nx\n", "shut/b.md": "# B\n\nx\n"})
    real = os.scandir

    def _scandir(path):
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", _scandir)
    told = bring()
    assert "shut: The folder cannot be read: Permission denied." in told
    assert "1 new" in told


def test_file_that_is_gone_is_told_and_its_article_stays(bring, article):
    bring({"a.md": own("A"), "b.md": own("B")})
    (bring.root / "b.md").unlink()
    told = bring()
    assert "Pages whose file is no longer there; they stay (1):\n  b.md: /articles/b" in told
    assert article("b").state is State.PUBLISHED


# --- the command ---------------------------------------------------------------------------------


def test_dry_run_tells_and_writes_nothing(bring, session, settings):
    files = {
        "a.md": own("A", "![p](p.png)\n"),
        "x/b.md": "# B\n\nb\n",
        "p.png": PNG,
        "c.md": "# C\n\n" + "w " * 60_000,
    }
    told = bring(files, "--dry-run", exit_code=1)
    assert "+ a.md\n+ x/b.md\n" in told
    assert "c.md:1: Shorten the text" in told
    assert "2 would be new" in told
    assert "The team wiki would be made" in told
    assert told.endswith("Nothing was saved.\n")
    assert session.scalar(sa.select(sa.func.count()).select_from(Article)) == 0
    assert session.scalar(sa.select(sa.func.count()).select_from(Topic)) == 4
    assert not settings.attachments_dir.exists()
    (bring.root / "c.md").unlink()
    bring()
    told = bring({"a.md": own("A", "New.\n")}, "--dry-run")
    assert "~ a.md\n" in told
    assert "1 would be changed, 1 unchanged" in told


def test_name_of_the_import_comes_from_the_folder(flask_command, tmp_path, session, world):
    fill(tmp_path / "gsa-tts/pages", {"a.md": own("A")})
    fill(tmp_path / "wiki", {"a.md": own("A")})
    fill(tmp_path / "b d", {"a.md": own("A")})
    flask_command("content", "import", str(tmp_path / "gsa-tts/pages"))
    flask_command("content", "import", str(tmp_path / "wiki"))
    assert (
        "use letters, digits" in flask_command("content", "import", str(tmp_path / "b d"), exit_code=2).output
    )
    flask_command("content", "import", str(tmp_path / "b d"), "--source", "third")
    session.expire_all()
    rows = session.execute(sa.select(ImportedFile.source, Article.slug).join(Article)).all()
    assert sorted(rows) == [("gsa-tts", "a"), ("third", "a-3"), ("wiki", "a-2")]


def test_folder_without_markdown_is_refused(flask_command, tmp_path, world):
    told = flask_command("content", "import", str(fill(tmp_path / "e", {"a.txt": "x"})), exit_code=1).output
    assert "There are no Markdown files (*.md, *.markdown) in" in told


def test_database_without_teams_and_topics_takes_a_folder(flask_command, tmp_path, session):
    root = fill(tmp_path / "wiki", {"tools/a.md": "# A\n\nx\n"})
    told = flask_command("content", "import", str(root)).output
    assert "The team wiki was made to own pages that name no team. Nobody is in it yet" in told
    assert session.scalars(sa.select(Article)).one().topic.path == "tools"


def test_checked_pages_are_due_from_then(bring, article, travel):
    bring({"a.md": own("A", checked="2026-01-01")})
    assert article("a").checked_on == date(2026, 1, 1)
    assert queries.overdue(article("a"), today=clock.today())


# --- docs/authoring.md ---------------------------------------------------------------------------


def test_example_of_the_documentation_is_what_it_says(bring, session, world, people, article):
    guide = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
    example = re.search(r"```markdown\n(.*?)```", guide, re.DOTALL)[1]
    rest = {"set-up-multi-factor-sign-in.md": own("Set up", "## On your phone\n")}
    told = bring({"reset.md": example, **rest})
    assert told.splitlines() == [
        "Owners whom nobody here is (1):",
        "  reset.md:6: priya.nair@larkspur.example",
        "wiki: 2 new, 0 changed, 0 unchanged, 0 edited in the portal and kept, 0 not taken.",
    ]
    assert "(/articles/set-up-multi-factor-sign-in#on-your-phone)" in body_of(article("reset"))


def test_every_key_of_the_front_matter_is_documented():
    guide = (ROOT / "docs" / "authoring.md").read_text(encoding="utf-8")
    table = guide.partition("| key |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [*fields.OWN, "aliases"]
