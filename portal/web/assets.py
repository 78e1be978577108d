"""Addresses of static files that change when any of them does, so that browsers may keep them for good.

The version is a folder in the address, not a query: modules and style sheets that name each other by
relative paths then stay within one version, without a build step.
"""

import hashlib
from functools import cache
from pathlib import Path

from flask import current_app, url_for

FOREVER = "public, max-age=31536000, immutable"


def version_of(folder: Path) -> str:
    """A short hash of the names and contents of all files under `folder`."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name, content = path.relative_to(folder).as_posix().encode(), path.read_bytes()
        digest.update(b"%d %s %d " % (len(name), name, len(content)) + content)
    return digest.hexdigest()[:12]


known_version = cache(version_of)
"""`version_of`, computed once in the life of the process."""


def current_version() -> str:
    """The version of the static files of the present application; computed anew while debugging."""
    folder = Path(current_app.static_folder or "")
    return version_of(folder) if current_app.debug else known_version(folder)


def static_url(name: str) -> str:
    """The address of a static file, for templates; `name` is its path below the static folder."""
    return url_for("web.asset", version=current_version(), name=name)
