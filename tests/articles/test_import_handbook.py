"""A real handbook of another program, and the sample knowledge base."""

import re

import pytest
import sqlalchemy as sa

from portal.articles.models import Alias, Article, Rendering, Revision, State
from portal.articles.transfer import anchors
from tests.support.code import ROOT
from tests.support.folders import contents
from tests.support.html import parse, select, text_of

HANDBOOK = ROOT.parent / "shared" / "handbooks" / "gsa-tts" / "pages"
CONTENT = ROOT / "content"
INTERNAL = re.compile(r"/articles/(?P<slug>[^/?#]+)(?:#(?P<anchor>.+))?")

here = pytest.mark.skipif(not HANDBOOK.is_dir(), reason=f"LEFT OUT: there is no handbook at {HANDBOOK}")


def pages(session):
    """Slug -> parsed rendering of every article that readers see."""
    rows = session.execute(
        sa.select(Article.slug, Rendering.html)
        .join(Rendering, Rendering.revision_id == Article.live_id)
        .where(Article.state == State.PUBLISHED)
    )
    return {slug: parse(f"<!doctype html><html><body>{html}</body></html>").root for slug, html in rows}


def wrong_anchors(session):
    """Pages whose anchors the import finds otherwise than the renderer makes them."""
    rows = session.execute(
        sa.select(Article.slug, Revision.body, Rendering.html)
        .join(Revision, Revision.id == Article.live_id)
        .join(Rendering, Rendering.revision_id == Revision.id)
    )
    return [slug for slug, body, html in rows if anchors.in_markdown(body).ids != anchors.in_html(html).ids]


def dead_ends(found):
    """Links of `found` that lead to no page or to no place on it."""
    ids = {slug: {element.get("id") for element in select(page, "[id]")} for slug, page in found.items()}
    dead = []
    for slug, page in found.items():
        for link in select(page, "a"):
            address = link.get("href") or ""
            match = INTERNAL.fullmatch(address)
            if address.startswith("#"):
                good = address[1:] in ids[slug]
            elif match is not None:
                good = match["slug"] in found and (match["anchor"] or None) in {*ids[match["slug"]], None}
            else:
                good = not address or bool(re.match(r"(https?|mailto|tel):|/attachments/\d+/", address))
            if not good:
                dead.append((slug, address))
    return dead


@here
def test_handbook_imports_whole_and_every_link_in_it_works(flask_command, session, tmp_path):
    told = flask_command("content", "import", str(HANDBOOK)).output
    assert told.splitlines()[-1] == (
        "gsa-tts: 242 new, 0 changed, 0 unchanged, 0 edited in the portal and kept, 0 not taken."
    )
    found = pages(session)
    assert len(found) == 241  # one page of the handbook is an empty file
    assert dead_ends(found) == []
    assert wrong_anchors(session) == []
    links = [link.get("href") for page in found.values() for link in select(page, "a[href]")]
    assert sum(link.startswith("/articles/") for link in links) > 550
    visible = " ".join("".join(page.itertext()) for slug, page in found.items() if slug not in WITH_EXAMPLES)
    assert re.findall(r"\{[%{].{0,40}", visible) == []
    paragraphs = [(slug, text_of(one)) for slug, page in found.items() for one in select(page, "p")]
    raw = {slug for slug, text in paragraphs if re.search(r"(^|\s)(!!!|\?\?\?|\|---|```)", text)}
    assert raw == BROKEN_TABLES
    assert session.scalar(sa.select(sa.func.count()).select_from(Revision)) == 242
    old = sa.select(Article.slug).join(Alias).where(Alias.slug == "18f-history-and-values")
    assert session.scalar(old) == "history-and-values"
    second = flask_command("content", "import", str(HANDBOOK)).output
    assert "gsa-tts: 0 new, 0 changed, 242 unchanged" in second
    flask_command("content", "export", str(tmp_path / "out"))
    assert contents(tmp_path / "out") == contents(HANDBOOK)


BROKEN_TABLES = {"management-reviews-of-procurement-actions", "roles-and-responsibilities"}
"""Pages whose tables stand on one line in the handbook itself, where no program reads them as tables."""

WITH_EXAMPLES = {"shortcodes", "components", "updating-the-handbook"}
"""Pages that show tags in code, as examples."""


def test_sample_loads_without_a_remark_and_again_in_no_time(flask_command, session):
    first = flask_command("content", "load-sample").output
    count = len(list((CONTENT / "articles").rglob("*.md")))
    lines = (CONTENT / "synonyms.txt").read_text(encoding="utf-8").splitlines()
    sets = sum(bool(line.strip()) and not line.startswith("#") for line in lines)
    assert first.splitlines() == [
        "46 people and 23 topics added.",
        f"sample: {count} new, 0 changed, 0 unchanged, 0 edited in the portal and kept, 0 not taken.",
        f"{sets} sets of synonyms added, 0 known already.",
    ]
    session.expire_all()
    found = pages(session)
    assert len(found) == count
    assert dead_ends(found) == []
    assert wrong_anchors(session) == []
    assert flask_command("content", "load-sample").output.splitlines() == [
        f"sample: 0 new, 0 changed, {count} unchanged, 0 edited in the portal and kept, 0 not taken."
    ]
