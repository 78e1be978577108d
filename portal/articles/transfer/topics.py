"""Topics that come with files: from folders, and from a tree written in YAML."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.articles.drafts import REVIEW_DAYS
from portal.articles.models import Topic
from portal.articles.slugs import slug_of
from portal.errors import Invalid

MAX_PATH: Final = 255
MAX_NAME: Final = 120
KEYS: Final = {"slug", "name", "summary", "review_days", "children"}


def checked_path(text: str) -> str | None:
    """`text` as the path of a topic, each part spelled as in an address; None when it cannot be one."""
    parts = text.strip("/").split("/")
    path = "/".join(slug_of(part) for part in parts)
    return path if all(part.strip() for part in parts) and len(path) <= MAX_PATH else None


def of_folder(path: str, *, under: str, source: str) -> str:
    """The topic of the file at `path`: its folder below `under`; the import's own name at the top."""
    folder = path.rpartition("/")[0]
    return "/".join(part for part in (under, folder) if part) or source.replace("/", "-")


def with_outer(path: str) -> list[str]:
    """The paths of the topics around `path` and `path` itself, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[: end + 1]) for end in range(len(parts))]


def readable(name: str) -> str:
    """A file's or folder's name as words: `open-source_policy` is "Open source policy"."""
    words = re.sub(r"[-_\s]+", " ", name).strip()
    return words[:1].upper() + words[1:] if words else "Untitled"


def name_of(path: str, titles: Iterable[str]) -> str:
    """The name of a topic: the title of a page that stands for it, if that says the same words."""
    folder = path.rpartition("/")[2]
    words = set(folder.split("-"))
    for title in titles:
        in_title = set(slug_of(title).split("-"))
        if 2 * len(words & in_title) >= len(words) and len(title) <= MAX_NAME:
            return title
    return readable(folder)[:MAX_NAME]


def make(session: Session, names: Mapping[str, str]) -> None:
    """Topics by path with their names, outer ones first; those that exist stay as they are."""
    for path, name in names.items():
        if session.scalar(sa.select(Topic.id).where(Topic.path == path)) is None:
            _add(session, path, name=name)


def load_topics(session: Session, tree: Sequence[Mapping[str, Any]]) -> list[str]:
    """Add the topics of `tree` (slug, name, summary, review_days, children) that are not there yet.

    Gives the paths of the new ones. Topics that exist stay as they are: somebody may have renamed
    them. Raises Invalid, naming the topic, for a tree that cannot be used.
    """
    made: list[str] = []
    known = set(session.scalars(sa.select(Topic.path)))
    _load(session, tree, "", known, made)
    return made


def _load(
    session: Session, tree: Sequence[Mapping[str, Any]], outer: str, known: set[str], made: list[str]
) -> None:
    for node in tree:
        slug, name = _checked(node, outer)
        path = f"{outer}/{slug}" if outer else slug
        if path not in known:
            summary, days = str(node.get("summary") or ""), node.get("review_days", 180)
            _add(session, path, name=name, summary=summary, review_days=days)
            known.add(path)
            made.append(path)
        _load(session, node.get("children") or [], path, known, made)


def _checked(node: Mapping[str, Any], outer: str) -> tuple[str, str]:
    where = f"below {outer}" if outer else "at the top"
    if set(node) - KEYS:
        raise Invalid(f"A topic {where} may have {', '.join(sorted(KEYS))}, and nothing else.")
    slug, name = str(node.get("slug") or ""), str(node.get("name") or "")
    if not name or slug_of(slug) != slug or len(name) > MAX_NAME:
        raise Invalid(f"The topic {slug or name!r} {where} needs a slug such as time-off and a short name.")
    if node.get("review_days", 180) not in REVIEW_DAYS:
        raise Invalid(f"The topic {slug!r} {where} has review_days that are none of {REVIEW_DAYS}.")
    return slug, name


def _add(session: Session, path: str, *, name: str, summary: str = "", review_days: int = 180) -> Topic:
    outer = path.rpartition("/")[0]
    parent = session.scalar(sa.select(Topic).where(Topic.path == outer)) if outer else None
    beside = Topic.parent_id == parent.id if parent is not None else Topic.parent_id.is_(None)
    last = session.scalar(sa.select(sa.func.max(Topic.position)).where(beside))
    topic = Topic(
        path=path,
        name=name,
        summary=summary,
        parent=parent,
        position=0 if last is None else last + 1,
        review_days=review_days,
    )
    session.add(topic)
    session.flush()
    return topic
