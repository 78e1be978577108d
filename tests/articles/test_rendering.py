"""Stored renderings: made at publishing, read by readers, made anew for a newer renderer."""

import pytest
import sqlalchemy as sa

from portal import markdown
from portal.articles import rendering
from portal.articles.models import Alias, Rendering, Revision
from portal.errors import Invalid

SLOW = "[a](<b" * 16_000


def stored(session):
    return session.scalars(sa.select(Rendering)).all()


def test_rendering_is_made_once(session, write_article, monkeypatch):
    live = write_article("a", body="## One\n\n**b**").live
    first = rendering.render_revision(session, live)
    session.commit()
    assert "<strong>b</strong>" in first.html
    assert [section["anchor"] for section in first.sections] == ["", "s-one"]
    assert first.words == 2
    monkeypatch.setattr(markdown, "render", None)  # not called a second time
    assert rendering.render_revision(session, live) is first
    assert rendering.for_reading(session, live) is first


def test_revision_need_not_be_stored_before(session, write_article):
    revision = Revision(article=write_article("a"), number=2, title="b", body="c")
    session.add(revision)
    assert rendering.render_revision(session, revision).html == "<p>c</p>"


def test_refused_text_cannot_be_published(session, write_article):
    live = write_article("a", body=SLOW).live
    with pytest.raises(Invalid):
        rendering.render_revision(session, live)
    assert stored(session) == []


def test_reading_writes_nothing(session, write_article):
    live = write_article("a", body="b").live
    found = rendering.for_reading(session, live)
    assert found.html == "<p>b</p>"
    assert found not in session
    session.commit()
    assert stored(session) == []


def test_reading_shows_a_refused_text_as_it_stands(session, write_article):
    live = write_article("a", body=SLOW + "<script>").live
    found = rendering.for_reading(session, live)
    assert found.html.startswith('<pre tabindex="0">[a](&lt;b[a]')
    assert "<script>" not in found.html


def test_newer_renderer_makes_a_rendering_of_its_own(session, write_article, monkeypatch):
    live = write_article("a", body="b").live
    rendering.render_revision(session, live)
    monkeypatch.setattr(markdown, "RENDERER", "next")
    rendering.render_revision(session, live)
    session.commit()
    assert sorted(one.renderer for one in stored(session)) == ["1", "next"]


def test_old_addresses_in_links_become_present_ones(session, write_article, statements):
    target = write_article("Target", slug="new")
    write_article("Other", slug="other")
    session.add(Alias(slug="old", article_id=target.id))
    body = " ".join(f"[x](/articles/{target})" for target in ("old", "old#s-x", "old?d=e", "other", "older"))
    live = write_article("a", body=body).live
    with statements() as made:
        html = rendering.render_revision(session, live).html
    assert [part.split('"')[0] for part in html.split('href="')[1:]] == [
        "/articles/new",
        "/articles/new#s-x",
        "/articles/new?d=e",
        "/articles/other",
        "/articles/older",
    ]
    assert len([one for one in made if "alias" in one]) == 1
    assert rendering.linked_slugs(html) == {"new", "other", "older"}


@pytest.mark.parametrize(
    "details",
    [
        {"audience": {"departments": ["design"]}},
        {"state": "draft"},
        {"state": "archived"},
    ],
    ids=["for some", "draft", "archived"],
)
def test_present_address_of_what_not_everybody_sees_is_not_told(session, write_article, details):
    target = write_article("Close the Hamburg site", **details)
    session.add(Alias(slug="old", article_id=target.id))
    live = write_article("a", body="[a](/articles/old)").live
    html = rendering.render_revision(session, live).html
    assert html == '<p><a href="/articles/old">a</a></p>'
