"""Files that belong to articles: what they are, how they are named, where their bytes lie.

The bytes are kept under their SHA-256, so that equal files are stored once and a name that
somebody chose never becomes a path. What a file is, its content says, not its name.
"""

import hashlib
import os
import re
import tempfile
import unicodedata
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.articles.models import Article, Attachment
from portal.errors import Invalid, NotFound

MAX_BYTES: Final = 20 * 1024 * 1024
MAX_NAME: Final = 150
"""Longest name in bytes of UTF-8; file systems end at 255, and browsers add to it."""

INLINE: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Types that a page may show; everything else is only ever downloaded."""

DOWNLOADS: Final = frozenset({"application/pdf", "application/zip", "text/plain"})
"""Types that a download may be labelled with; anything else is just bytes."""

_SIGNATURES: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|\Z)", re.IGNORECASE)
_UNSAFE = re.compile(r'[\\/:*?"<>|;%\x00-\x1f\x7f]+')


def sniff(data: bytes) -> str:
    """The media type that the bytes themselves show; never one that a browser would run."""
    for signature, kind in _SIGNATURES:
        if data.startswith(signature):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "image/webp"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return "application/octet-stream"
    return "application/octet-stream" if "\0" in text else "text/plain"


def clean_name(name: str) -> str:
    """A name that is safe in a header, in an address and on anybody's disk; never empty."""
    last = re.split(r"[\\/]", name)[-1]
    printable = "".join(
        " " if character.isspace() else character
        for character in unicodedata.normalize("NFC", last)
        if character.isspace() or not unicodedata.category(character).startswith("C")
    )
    plain = " ".join(_UNSAFE.sub("_", printable).split()).lstrip(".-~ ").rstrip(". ")
    if _RESERVED.match(plain):
        plain = f"_{plain}"
    return _shortened(plain) or "file"


def _shortened(name: str) -> str:
    """`name` cut to MAX_NAME bytes before its ending."""
    stem, dot, ending = name.rpartition(".")
    if not dot or len(ending) > 10:
        stem, ending = name, ""
    tail = f".{ending}" if ending else ""
    room = MAX_NAME - len(tail.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(". ") + tail


def put(
    session: Session, article: Article, *, path: str, data: bytes, folder: Path, name: str | None = None
) -> Attachment:
    """The attachment of `article` from `path`, made or given these bytes; the caller commits.

    `path` says where the file came from and tells an article's attachments apart; the name is made
    of its last part unless `name` is given. `folder` is `Settings.attachments_dir`. Raises Invalid
    (field `file`) for a file that is empty or larger than MAX_BYTES.
    """
    if not data:
        raise Invalid(f"{clean_name(name or path)} is empty.", file="Choose a file that has something in it.")
    if len(data) > MAX_BYTES:
        raise Invalid(f"{clean_name(name or path)} is larger than 20 MB.", file="Choose a file below 20 MB.")
    digest = hashlib.sha256(data).hexdigest()
    _write(folder, digest, data)
    found = session.scalar(
        sa.select(Attachment).where(Attachment.article_id == article.id, Attachment.path == path)
    )
    if found is None:
        found = Attachment(article_id=article.id, path=path)
        session.add(found)
    found.name, found.media_type = clean_name(name or path), sniff(data)
    found.size, found.sha256 = len(data), digest
    session.flush()
    return found


def address(attachment: Attachment) -> str:
    """The address of a stored attachment, as it is written into Markdown."""
    quoted = re.sub(
        rb"[^A-Za-z0-9._~-]", lambda match: b"%%%02X" % match[0][0], attachment.name.encode()
    ).decode()
    return f"/attachments/{attachment.id}/{quoted}"


def served_as(attachment: Attachment) -> str:
    """The media type to send; of a fixed set, whatever the database says."""
    known = attachment.media_type in INLINE | DOWNLOADS
    return attachment.media_type if known else "application/octet-stream"


def file_of(attachment: Attachment, folder: Path) -> Path:
    """Where the bytes lie. Raises NotFound when they are gone."""
    path = folder / attachment.sha256
    if not path.is_file():
        raise NotFound(f"The bytes of attachment {attachment.id} are missing.")
    return path


def _write(folder: Path, digest: str, data: bytes) -> None:
    """Write the bytes so that a file under a digest is whole or not there, whatever fails."""
    target = folder / digest
    if target.is_file():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, partial = tempfile.mkstemp(dir=folder, prefix=".partial-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(partial).replace(target)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
