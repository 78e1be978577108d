"""Folders of files for tests of import and export."""

from collections.abc import Mapping
from pathlib import Path

HEAD = "---\ntitle: {title}\ntopic: it/accounts\nteam: it-service-desk\n{more}---\n\n"

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
"""The first bytes of a picture, which is all that is looked at."""


def own(title: str, body: str = "Do this.\n", **more: str) -> str:
    """A page in the portal's own form; `more` are further lines of front matter."""
    lines = "".join(f"{key}: {value}\n" for key, value in more.items())
    return HEAD.format(title=title, more=lines) + body


def fill(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files by their paths below `root`, which is made, and give `root`."""
    root.mkdir(parents=True, exist_ok=True)
    for path, content in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def contents(root: Path) -> dict[str, bytes]:
    """All files below `root` by their paths."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }
