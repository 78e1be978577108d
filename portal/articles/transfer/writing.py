"""One article as the text of a file in the portal's own form."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.accounts import audiences
from portal.articles import languages, slugs
from portal.articles.models import Alias, Article, ImportedFile, Revision, State
from portal.articles.transfer import fields, frontmatter, topics
from portal.articles.transfer.fields import Fields
from portal.articles.transfer.frontmatter import NO_HEAD, FileProblem, Head
from portal.articles.transfer.known import Words, words_of
from portal.articles.transfer.links import Answer, Link, rewrite
from portal.articles.transfer.sitemap import site_key
from portal.errors import Invalid


@dataclass(slots=True)
class Item:
    """One article and its file. `imported` is where it came from, None when it was born here."""

    article: Article
    path: str
    imported: ImportedFile | None
    attachments: dict[str, str] = field(default_factory=dict)
    """Address of an attachment -> path of its file."""

    @property
    def untouched(self) -> bool:
        """Whether the article is still what its file said."""
        return (
            self.imported is not None
            and self.imported.version == self.article.version
            and self.imported.revision_id is not None
            and self.imported.revision_id == self.article.latest_id
        )

    @property
    def shown(self) -> Words:
        """The text to write: what readers see, or the latest when they see none."""
        article = self.article
        words = words_of(article.live if article.state is State.PUBLISHED else article.latest)
        return words or Words(title=article.slug)


def own_slug(path: str) -> str:
    """The address that a file at `path` gets when it does not say which."""
    return slugs.slug_of(site_key(path).rpartition("/")[2] or "start")


def text_of(session: Session, item: Item, relative: Callable[[str], str | None]) -> str:
    """The file of an article that changed, or was born here. `relative` gives the relative address of
    the file that an address in the portal stands for, or None.

    Front matter that came with the file keeps its order, comments and unknown names; a file that was
    not in the portal's own form is in it from now on, as its tags have been written out.
    """
    head, raw = _original(item)
    try:
        found = fields.read(head)
    except FileProblem:  # a rule of today that the file did not know
        head, found = NO_HEAD, Fields(own=False)
    changes = _changes(session, item, head, found)
    body = raw if found.own and _same_body(session, item) else "\n" + _with_files(item.shown.body, relative)
    return frontmatter.joined(frontmatter.replaced(head, changes), body)


def _original(item: Item) -> tuple[Head, str]:
    try:
        return frontmatter.split(item.imported.text) if item.imported is not None else (NO_HEAD, "")
    except FileProblem:
        return NO_HEAD, ""


def _same_body(session: Session, item: Item) -> bool:
    imported = item.imported
    before = session.get(Revision, imported.revision_id) if imported is not None else None
    return before is not None and before.body == item.shown.body


def _with_files(body: str, relative: Callable[[str], str | None]) -> str:
    def _answer(link: Link) -> Answer:
        return relative(link.address) if link.address.startswith("/") else None

    return rewrite(body, _answer)


def _changes(session: Session, item: Item, head: Head, found: Fields) -> dict[str, object | None]:
    """The keys of the front matter that must say something else; None for those that must go."""
    now, before = _values(item), _values_of(session, item, found)
    changes: dict[str, object | None] = {}
    for key in fields.OWN:
        silent = key not in head.blocks and key not in ("title", "topic", "team")
        if now[key] != before[key] or (key not in head.blocks and not silent):
            changes[key] = now[key] or None
    if not found.own and "questions" in found.extra:
        changes |= {"questions": now["questions"] or None, "original_questions": head.plain("questions")}
    missing = _other_addresses(session, item.article, found)
    if missing:
        changes["aliases"] = [*(head.texts("aliases") if "aliases" in head.blocks else ()), *missing]
    return changes


def _values(item: Item) -> dict[str, Any]:
    """What the front matter must come to mean; falsy values need no line."""
    article, words = item.article, item.shown
    return {
        "title": words.title,
        "answer": words.answer,
        "topic": article.topic.path,
        "team": article.team.slug,
        "owner": article.owner.email if article.owner is not None else "",
        "keywords": list(words.keywords),
        "questions": list(words.questions),
        "review_days": article.review_days,
        "checked": article.checked_on,
        "audience": dict(article.audience.rules),
        "slug": article.slug,
        "state": article.state.value,
        "language": words.language,
    }


def _values_of(session: Session, item: Item, found: Fields) -> dict[str, Any]:
    """What the front matter means as it stands, where it says nothing too."""
    now = _values(item)
    owner_kept = item.imported is not None and item.imported.extra.get("owner") == found.owner
    try:
        rules = audiences.checked_rules(session, found.audience)
        same_audience = audiences.canonical(rules) == item.article.audience.key
    except Invalid:
        same_audience = False
    return {
        "title": " ".join(found.title.split()),
        "answer": " ".join(found.answer.split()),
        "topic": topics.checked_path(found.topic),
        "team": found.team,
        "owner": now["owner"] if owner_kept and not now["owner"] else found.owner,
        "keywords": list(found.keywords),
        "questions": list(found.questions),
        "review_days": found.review_days or item.article.topic.review_days,
        "checked": found.checked,
        "audience": now["audience"] if same_audience else None,
        "slug": found.slug or own_slug(item.path),
        "state": found.state.value,
        "language": found.language or languages.DEFAULT,
    }


def _other_addresses(session: Session, article: Article, found: Fields) -> list[str]:
    """Old addresses of an article that its front matter does not name yet."""
    named = {address.strip("/").lower() for address in found.addresses}
    old = session.scalars(sa.select(Alias.slug).where(Alias.article_id == article.id).order_by(Alias.slug))
    return [slug for slug in old if slug not in named]
