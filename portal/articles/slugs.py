"""Addresses of articles: readable, unique, and never in the way of a page of ours."""

import unicodedata
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from portal.articles.models import Alias, Article
from portal.errors import Invalid

MAX_SLUG = 120
MAX_GENERATED = 80
RESERVED: Final = frozenset({"new", "edit", "import", "export", "preview", "search", "drafts", "topics"})
"""Words that are, or may become, pages of the portal under the same folder."""

_LATIN: Final = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h"}
)
_GREEK_CYRILLIC: Final = str.maketrans(
    dict(zip("αβγδεζηικλμνξοπρστυφω", "abgdeziiklmnxoprstyfo", strict=True))
    | {"ς": "s", "θ": "th", "χ": "ch", "ψ": "ps"}
    | dict(zip("абвгдезиклмнопрстуфыэіґ", "abvgdeziklmnoprstufyeig", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya"}
    | {"ь": "", "ъ": "", "є": "ye"}
)


def slug_of(title: str) -> str:
    """A readable address for a title, at most 80 characters; `article` when nothing readable is left.

    Latin, Greek and Cyrillic letters become ASCII; letters of other scripts stay as they are, which
    browsers show as typed.
    """
    text = unicodedata.normalize("NFKD", title.casefold())
    base = "".join(letter for letter in text if not _is_accent(letter))
    spelled = unicodedata.normalize("NFC", base.translate(_LATIN).translate(_GREEK_CYRILLIC))
    spaced = "".join(letter if _is_letter(letter) else " " for letter in spelled if letter not in "'’")
    slug = "-".join(spaced.split())
    if len(slug) > MAX_GENERATED:
        cut = slug[: MAX_GENERATED + 1]
        slug = cut.rpartition("-")[0] or cut[:MAX_GENERATED]
    return slug or "article"


def _is_accent(letter: str) -> bool:
    # only accents of European scripts: in others, combining marks are vowels
    return "\u0300" <= letter <= "\u036f"


def _is_letter(letter: str) -> bool:
    # combining marks too: they are the vowels of Hindi or Thai
    return letter.isalnum() or unicodedata.category(letter).startswith("M")


def taken(session: Session, slug: str, *, except_for: Article | None = None) -> bool:
    """Whether `slug` is a reserved word, or an address of any article other than `except_for`."""
    if slug in RESERVED:
        return True
    own = except_for.id if except_for is not None else -1
    articles = sa.select(Article.id).where(Article.slug == slug, Article.id != own)
    aliases = sa.select(Alias.article_id).where(Alias.slug == slug, Alias.article_id != own)
    return session.scalar(articles.union_all(aliases).limit(1)) is not None


def free_slug(session: Session, title: str) -> str:
    """An address made of `title` that no article has or had: `-2`, `-3` … is added when needed."""
    first = slug_of(title)
    slug, number = first, 1
    while taken(session, slug):
        number += 1
        slug = f"{first}-{number}"
    return slug


def checked_slug(session: Session, slug: str, *, article: Article | None = None) -> str:
    """`slug`, trimmed and in lower case, known to be well-formed and free (or `article`'s own).

    Raises Invalid on the field `slug`.
    """
    wanted = unicodedata.normalize("NFC", slug.strip().lower())
    words = wanted.split("-")
    well_formed = all(word and all(map(_is_letter, word)) for word in words)
    if not well_formed or len(wanted) > MAX_SLUG:
        message = f"Use letters, digits and single hyphens, at most {MAX_SLUG} characters."
        raise Invalid(message, slug=message)
    if taken(session, wanted, except_for=article):
        message = "Another page has or had this address. Choose a different one."
        raise Invalid(message, slug=message)
    return wanted
