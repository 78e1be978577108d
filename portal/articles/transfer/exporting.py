"""Articles as files: the very bytes they were imported from while nothing changed, else written anew."""

import contextlib
import functools
import os
import posixpath
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from portal.articles import attachments
from portal.articles.models import Alias, Article, Attachment, ImportedFile
from portal.articles.transfer import writing
from portal.articles.transfer.report import Note
from portal.articles.transfer.writing import Item
from portal.errors import Invalid, NotFound

KEPT_LETTERS: Final = "/-_.~!$&'*+,;=:@"
"""Letters of a path that an address holds as they are, beside letters and digits of any script."""


@dataclass(slots=True)
class Export:
    """Which article goes into which file, and what could not be written."""

    items: list[Item] = field(default_factory=list)
    assets: dict[str, Attachment] = field(default_factory=dict)
    """Path -> attachment to write there."""
    unchanged: int = 0
    written_anew: int = 0
    problems: list[Note] = field(default_factory=list)


def collect(session: Session, *, source: str | None) -> Export:
    """All articles, or those of one import, with the paths of their files.

    Files of imports keep their paths; when several imports are exported, each has a folder of its
    own. Raises Invalid when there is no import named `source`.
    """
    known = sorted(session.scalars(sa.select(ImportedFile.source).distinct()))
    if source is not None and source not in known:
        raise Invalid(f"There is no import named {source!r}. Imports: {', '.join(known) or 'none yet'}.")
    several = source is None and len(known) > 1
    files = session.scalars(sa.select(ImportedFile))
    imported = {file.article_id: file for file in files if source in (None, file.source)}
    export, taken = Export(), _Paths()
    articles = [article for article in _articles(session) if source is None or article.id in imported]
    for article in sorted(articles, key=lambda article: (article.id not in imported, article.slug)):
        file = imported.get(article.id)
        prefix = f"{_folder_name(file.source)}/" if several and file is not None else ""
        path = taken.take(
            prefix + file.path if file is not None else f"{article.topic.path}/{article.slug}.md"
        )
        item = Item(article=article, path=path, imported=file)
        export.items.append(item)
        _place_attachments(session, export, item, taken, prefix)
    return export


def _articles(session: Session) -> Sequence[Article]:
    return session.scalars(
        sa.select(Article)
        .where(Article.latest_id.is_not(None))
        .options(
            joinedload(Article.topic),
            joinedload(Article.team),
            joinedload(Article.owner).lazyload("*"),
            joinedload(Article.audience),
            joinedload(Article.live),
            joinedload(Article.latest),
        )
    ).all()


class _Paths:
    """Paths given out so far; two that differ only in capitals are the same on some disks."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, wanted: str) -> str:
        """`wanted` when it stays within the folder and is free, else a path near it."""
        parts = [part for part in wanted.split("/") if part not in ("", ".", "..") and "\0" not in part]
        path = (
            "/".join(attachments.clean_name(part) if _is_odd(part) else part for part in parts) or "page.md"
        )
        stem, ending = posixpath.splitext(path)
        number = 1
        while path.casefold() in self._taken:
            number += 1
            path = f"{stem}-{number}{ending}"
        self._taken.add(path.casefold())
        return path


def _is_odd(part: str) -> bool:
    return "\\" in part or not part.isprintable() or len(part.encode("utf-8", "replace")) > 255


def _folder_name(source: str) -> str:
    return attachments.clean_name(source)


def _place_attachments(session: Session, export: Export, item: Item, taken: _Paths, prefix: str) -> None:
    """Give each attachment of an article the path it came from, or one beside the article."""
    found = session.scalars(
        sa.select(Attachment).where(Attachment.article_id == item.article.id).order_by(Attachment.id)
    )
    for one in found:
        wanted = prefix + one.path
        same = export.assets.get(wanted)
        if item.imported is not None and same is not None and same.sha256 == one.sha256:
            path = wanted
        elif item.imported is not None:
            path = taken.take(wanted)
        else:
            folder = posixpath.dirname(item.path)
            path = taken.take(posixpath.join(folder, f"{item.article.slug}-files", one.name))
        if path != wanted and item.untouched:
            export.problems.append(Note(item.path, 0, f"the file {one.path} is written as {path}"))
        export.assets[path] = one
        item.attachments[attachments.address(one)] = path


def write(
    session: Session,
    export: Export,
    root: Path,
    *,
    attachments_dir: Path,
    tick: Callable[[], None] = lambda: None,
) -> None:
    """Write the files of `export` into `root`, which exists. `tick` is called once for each article."""
    root = root.resolve(strict=True)
    addresses = _addresses(session, export.items)
    for item in export.items:
        if item.untouched and item.imported is not None:
            text = item.imported.text
            export.unchanged += 1
        else:
            text = writing.text_of(session, item, functools.partial(_relative, item, addresses))
            export.written_anew += 1
        _write(export, root, item.path, text.encode())
        tick()
    for path, attachment in export.assets.items():
        try:
            data = attachments.file_of(attachment, attachments_dir).read_bytes()
        except (NotFound, OSError) as error:
            export.problems.append(Note(path, 0, str(error)))
            continue
        _write(export, root, path, data)


def _addresses(session: Session, items: Iterable[Item]) -> dict[str, str]:
    """Slug, present or old -> path of the article's file."""
    paths = {item.article.id: item.path for item in items}
    found = {
        slug: paths[number]
        for slug, number in session.execute(sa.select(Alias.slug, Alias.article_id))
        if number in paths
    }
    return found | {item.article.slug: item.path for item in items}


def _relative(item: Item, addresses: dict[str, str], address: str) -> str | None:
    """The relative address of the file that an address in the portal stands for; None for no file."""
    plain, mark, fragment = address.partition("#")
    target = item.attachments.get(plain)
    if target is None and plain.startswith("/articles/"):
        target = addresses.get(plain.removeprefix("/articles/").rstrip("/"))
    if target is None:
        return None
    relative = posixpath.relpath(target, posixpath.dirname(item.path) or ".")
    return _quoted(relative) + mark + fragment


def _quoted(path: str) -> str:
    return "".join(
        letter if letter.isalnum() or letter in KEPT_LETTERS else quote(letter, safe="") for letter in path
    )


def _folder(root: Path, path: str) -> Path:
    """The folder for `path`, made step by step so that no link leads out of `root`."""
    folder = root
    for part in path.split("/")[:-1]:
        folder /= part
        if folder.is_symlink():
            raise OSError(0, f"{folder.name} is a link in the folder")
        folder.mkdir(exist_ok=True)
    return folder


def _write(export: Export, root: Path, path: str, data: bytes) -> None:
    """Write one file whole or not at all, and never through a link that leads out of `root`."""
    target = root / path
    try:
        descriptor, partial = tempfile.mkstemp(dir=_folder(root, path), prefix=".partial-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(partial).chmod(0o644)
            Path(partial).replace(target)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(partial).unlink()
            raise
    except OSError as error:
        export.problems.append(Note(path, 0, f"It cannot be written: {error.strerror or error}."))
