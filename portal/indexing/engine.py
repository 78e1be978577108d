"""The engine port: documents in, ranked ids out. It knows no article and no person.

An engine ranks; it never decides who may see. `audiences` narrows what it returns, to spare work,
but every id is read again through `articles.queries.visible_to` before anyone sees it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

FIELDS = ("title", "questions", "keywords", "heading", "answer", "body")


@dataclass(frozen=True, slots=True)
class Document:
    """One section of one thing (`group`), as it is to be found.

    `id` is unique over all documents. All documents of a group carry the group's `version` and are
    put and removed together. `fields` maps names out of FIELDS to plain text. `audience` is the key
    of the audience that may see it.
    """

    id: str
    group: str
    version: int
    audience: str
    fields: Mapping[str, str]
    language: str = "en"
    prior: float = 1.0
    """Small factor on the score for use, helpfulness and verification; 1 is neutral."""


class SearchEngine(Protocol):
    """What every engine does; one contract test suite runs against all of them."""

    def put(self, documents: Iterable[Document]) -> None:
        """Add documents, replacing all earlier ones of the same groups; durable on return."""

    def remove(self, groups: Iterable[str]) -> None:
        """Forget all documents of these groups; durable on return."""

    def replace_all(self, documents: Iterable[Document]) -> None:
        """Make these the only documents. Readers see the old or the new set, never half."""

    def versions(self) -> Mapping[str, int]:
        """The version held of each group, to find drift from the database."""
