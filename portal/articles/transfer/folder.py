"""The files of a folder to import: found without leaving the folder, read with limits."""

import hashlib
import os
import stat
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from portal.articles.attachments import MAX_BYTES
from portal.articles.transfer.frontmatter import FileProblem

MARKDOWN: Final = (".md", ".markdown")
MAX_TEXT_BYTES: Final = 500_000
MAX_FILES: Final = 20_000
MAX_PATH: Final = 500

_OTHER_ENCODINGS: Final = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))


@dataclass(frozen=True, slots=True)
class TextFile:
    """A Markdown file, word for word. `path` is relative to the folder, with `/`."""

    path: str
    text: str
    sha256: str


@dataclass(slots=True)
class Folder:
    """A folder as found once: its Markdown files, all other files, and what was left out."""

    root: Path
    texts: list[str] = field(default_factory=list)
    others: set[str] = field(default_factory=set)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    """(path, reason)."""

    def read(self, path: str) -> TextFile:
        """One of `texts`. Raises FileProblem with the line when it is not text in UTF-8."""
        data = self._bytes(path, MAX_TEXT_BYTES, "a page")
        for mark, name in _OTHER_ENCODINGS:
            if data.startswith(mark):
                raise FileProblem(1, f"The file is {name}: save it as UTF-8.")
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            byte = data[error.start]
            raise FileProblem(line, f"The byte 0x{byte:02x} is not UTF-8: save the file as UTF-8.") from None
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise FileProblem(line, "There is a NUL character: this is not a text file.")
        return TextFile(path=path, text=text, sha256=hashlib.sha256(data).hexdigest())

    def bytes_of(self, path: str) -> bytes:
        """One of `others`. Raises FileProblem when it cannot be kept as an attachment."""
        data = self._bytes(path, MAX_BYTES, "an attachment")
        if not data:
            raise FileProblem(1, f"{path} is empty.")
        return data

    def _bytes(self, path: str, limit: int, kind: str) -> bytes:
        try:
            with _opened(self.root / path) as file:
                data = file.read(limit + 1)
        except OSError as error:
            raise FileProblem(1, f"{path} cannot be read: {error.strerror or error}.") from None
        if len(data) > limit:
            size = f"{limit // 1000} kB" if limit < 1_000_000 else f"{limit // (1024 * 1024)} MB"
            raise FileProblem(1, f"{path} is larger than {kind} may be ({size}).")
        return data


def _opened(path: Path) -> IO[bytes]:
    # never wait for a pipe that somebody put there
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is not a file")
    return os.fdopen(descriptor, "rb")


def scan(root: Path) -> Folder:
    """All files of `root` and the folders in it, hidden ones left out, in the order of their paths.

    A symbolic link counts when it leads to a file within `root`. Links to folders are not followed.
    """
    folder = Folder(root=root.resolve(strict=True))
    for path in sorted(_files(folder)):
        if len(folder.texts) + len(folder.others) >= MAX_FILES:
            folder.left_out.append(
                (path, f"There are more than {MAX_FILES:,} files: import parts of the folder.")
            )
            break
        reason = _unusable(folder.root, path)
        if reason:
            folder.left_out.append((path.encode("utf-8", "replace").decode(), reason))
        elif path.lower().endswith(MARKDOWN):
            folder.texts.append(path)
        else:
            folder.others.add(path)
    return folder


def _files(folder: Folder) -> Iterator[str]:
    for directory, names, files in os.walk(folder.root, followlinks=False, onerror=_note_in(folder)):
        names[:] = [name for name in names if not name.startswith(".")]
        for name in files:
            if not name.startswith("."):
                yield (Path(directory) / name).relative_to(folder.root).as_posix()


def _note_in(folder: Folder) -> Callable[[OSError], None]:
    def _note(error: OSError) -> None:
        folder.left_out.append((str(error.filename), f"The folder cannot be read: {error.strerror}."))

    return _note


def _unusable(root: Path, path: str) -> str:
    """Why a file of the folder is left out; empty when it is not."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return "The name of the file is not UTF-8."
    if len(path) > MAX_PATH or not unicodedata.normalize("NFC", path).isprintable():
        return "The name of the file cannot be used: it is too long or holds control characters."
    full = root / path
    if full.is_symlink():
        target = Path(os.path.realpath(full))
        inside = target.is_relative_to(root) and not any(
            part.startswith(".") for part in target.relative_to(root).parts
        )
        if not inside:
            return "It is a link that leads out of the folder."
    return "" if full.is_file() else "It is not a file that can be read."
