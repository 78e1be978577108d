"""Revisions as HTML: made once for each version of the renderer, then read from the database."""

import re
from collections.abc import Callable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal import markdown
from portal.accounts.audiences import EVERYONE
from portal.accounts.models import Audience
from portal.articles.models import Alias, Article, Rendering, Revision, State
from portal.errors import Invalid

_ADDRESS = re.compile(r"/articles/([\w-]+)")
_TARGET = re.compile(r"/articles/([\w-]+)(?=[/?#]|\Z)")


def render_revision(session: Session, revision: Revision) -> Rendering:
    """The stored rendering of `revision` by the present renderer, made now when there is none.

    Call it in the transaction that publishes. Raises Invalid (field `body`) for a text that the
    renderer refuses.
    """
    session.flush()  # a new revision has its id from here on
    found = stored(session, revision)
    if found is None:
        rendered = markdown.render(revision.body, resolve=resolver(session, revision.body))
        found = _made(revision, rendered)
        session.add(found)
    return found


def stored(session: Session, revision: Revision) -> Rendering | None:
    """The rendering of `revision` by the present renderer, if it was made before."""
    return session.get(Rendering, (revision.id, markdown.RENDERER))


def for_reading(session: Session, revision: Revision) -> Rendering:
    """A rendering to show to a reader; never fails and never writes.

    When there is none by the present renderer, one is made and handed out without being stored
    (`rendering in session` tells); a text that this renderer refuses, though an earlier one took
    it, is shown as plain text.
    """
    found = stored(session, revision)
    if found is not None:
        return found
    try:
        rendered = markdown.render(revision.body, resolve=resolver(session, revision.body))
    except Invalid:
        rendered = markdown.plain(revision.body)
    return _made(revision, rendered)


def _made(revision: Revision, rendered: markdown.Rendered) -> Rendering:
    return Rendering(
        revision_id=revision.id,
        renderer=markdown.RENDERER,
        html=str(rendered.html),
        words=rendered.words,
        sections=[
            {"anchor": s.anchor, "level": s.level, "heading": s.heading, "text": s.text}
            for s in rendered.sections
        ],
    )


def resolver(session: Session, body: str) -> Callable[[str], str | None]:
    """What to do with the links of `body`: an article's old address becomes its present one.

    All readers share a rendering, and an address tells what its article is about. So this is done
    for articles that everybody may read; the old addresses of others stay, and redirect those who may.
    """
    slugs = set(_ADDRESS.findall(body))
    moved: dict[str, str] = {}
    if slugs:
        present = (
            sa.select(Alias.slug.label("old"), Article.slug.label("new"))
            .join(Article, Article.id == Alias.article_id)
            .join(Audience, Audience.id == Article.audience_id)
            .where(Article.state == State.PUBLISHED, Article.live_id.is_not(None), Audience.key == EVERYONE)
        )
        rows = session.execute(present.where(Alias.slug.in_(slugs)))
        moved = {row.old: row.new for row in rows}

    def resolve(address: str) -> str | None:
        match = _TARGET.match(address)
        if match is None or match[1] not in moved:
            return None
        return f"/articles/{moved[match[1]]}{address[match.end() :]}"

    return resolve


def linked_slugs(html: str) -> set[str]:
    """The slugs of the articles that a rendering links to."""
    return set(re.findall(r'href="/articles/([\w-]+)', html))
