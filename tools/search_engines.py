"""The search engines that `bench_search.py` compares, each behind the same few methods.

All are given the same articles, whole, and asked for the ten best articles; words are joined by OR
and stemmed. Beyond that each runs as its own guide says. Nothing is imported before it is used, so
that the memory of one engine is not counted for another.
"""

import re
import sqlite3
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

from corpus import Text

LIMIT = 10
WORD = re.compile(r"\w+")


class Missing(Exception):
    """A library that is not installed."""


@dataclass(frozen=True)
class Record:
    """An article as plain text: number, names, and (heading, lines) of each section."""

    number: str
    title: str
    answer: str
    keywords: list[str]
    questions: list[str]
    sections: list[tuple[str, str]]

    @classmethod
    def of(cls, text: Text) -> "Record":
        sections = [(section.heading, "\n".join(section.lines)) for section in text.sections]
        return cls(str(text.number), text.title, text.answer, text.keywords, text.questions, sections)

    @property
    def body(self) -> str:
        """All but the title."""
        parts = [self.answer, *self.questions, *self.keywords]
        return "\n".join([*parts, *(part for section in self.sections for part in section)])


class Engine(Protocol):
    """What the bench asks of an engine; `place` is a folder of its own."""

    quick: bool
    """Whether it can be asked all questions, several times over."""

    def __init__(self, place: Path) -> None: ...

    def build(self, records: Iterable[Record]) -> None:
        """Index all articles; they are on disk on return."""

    def open(self) -> None:
        """Make ready for questions what `build` has left on disk."""

    def ask(self, question: str) -> Collection[str]:
        """The numbers of the ten best articles."""


def _library(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ImportError as error:
        raise Missing(f"{name.partition('.')[0]} is not installed ({error})") from error


class Ours:
    """The portal's engine. A tenth of the articles is for a team alone; who asks may see all."""

    quick = True
    ALL = frozenset({"everyone", "the team"})
    OTHER = frozenset({"everyone"})

    def __init__(self, place: Path) -> None:
        self.make_document = _library("portal.indexing.engine").Document
        self.understand = _library("portal.search.understanding").understand
        self.engine = _library("portal.indexing.whoosh_engine").WhooshEngine(place)
        self.searching: list[float] = []
        """Milliseconds that each question spent in the engine's search alone."""

    def build(self, records: Iterable[Record]) -> None:
        self.engine.replace_all(document for record in records for document in self.documents(record))

    def put(self, record: Record, version: int) -> None:
        """Save one article again."""
        self.engine.put(list(self.documents(record, version)))

    def documents(self, record: Record, version: int = 1) -> Iterator[Any]:
        """One document for each section, as the portal makes them."""
        number = int(record.number)
        whole = {
            "title": record.title,
            "questions": "\n".join(record.questions),
            "keywords": "\n".join(record.keywords),
            "answer": record.answer,
        }
        for place, (heading, body) in enumerate(record.sections):
            yield self.make_document(
                id=f"{number}#s-{place}" if place else f"{number}#",
                group=record.number,
                version=version,
                audiences=frozenset({"the team" if number % 10 == 9 else "everyone"}),
                fields={"heading": heading, "body": body} | ({} if place else whole),
                facets={"topic": (str(number % 12),), "team": (str(number % 7),), "type": ("article",)},
            )

    def open(self) -> None:
        """Nothing: the first question opens the index."""

    def ask(self, question: str) -> Collection[str]:
        return self.ask_as(question, self.ALL)

    def ask_as(self, question: str, audiences: frozenset[str]) -> Collection[str]:
        """Understood against the words these audiences may see, then ranked."""
        understood = self.understand(question, self.engine.vocabulary(audiences=audiences))
        began = time.perf_counter()
        found = self.engine.search(understood.query, audiences=audiences, limit=LIMIT)
        self.searching.append((time.perf_counter() - began) * 1000)
        return [hit.group for hit in found.hits]


class Whoosh:
    """Whoosh with its own searcher: title and body, stemmed, its stop words, BM25F, OR."""

    quick = False

    def __init__(self, place: Path) -> None:
        self.place = str(place)
        self.index = _library("whoosh.index")
        self.fields = _library("whoosh.fields")
        self.parsing = _library("whoosh.qparser")
        self.analysis = _library("whoosh.analysis")

    def build(self, records: Iterable[Record]) -> None:
        text = self.fields.TEXT(analyzer=self.analysis.StemmingAnalyzer())
        schema = self.fields.Schema(number=self.fields.STORED, title=text, body=text)
        writer = self.index.create_in(self.place, schema).writer(limitmb=256)
        for record in records:
            writer.add_document(number=record.number, title=record.title, body=record.body)
        writer.commit()

    def open(self) -> None:
        opened = self.index.open_dir(self.place)
        self.searcher = opened.searcher()
        self.parser = self.parsing.MultifieldParser(
            ["title", "body"],
            opened.schema,
            plugins=[self.parsing.WhitespacePlugin()],
            group=self.parsing.OrGroup,
        )

    def ask(self, question: str) -> Collection[str]:
        hits = self.searcher.search(self.parser.parse(" ".join(WORD.findall(question))), limit=LIMIT)
        return [hit["number"] for hit in hits]


class Fts5:
    """SQLite's full-text search: title and body, Porter's stemmer, bm25(), OR."""

    quick = True

    def __init__(self, place: Path) -> None:
        self.path = place / "fts5.sqlite3"

    def build(self, records: Iterable[Record]) -> None:
        database = sqlite3.connect(self.path)
        # without a copy of the texts: the others keep none either
        database.execute(
            "CREATE VIRTUAL TABLE article USING fts5(title, body, content='', tokenize='porter unicode61')"
        )
        database.executemany(
            "INSERT INTO article(rowid, title, body) VALUES (?, ?, ?)",
            ((int(record.number), record.title, record.body) for record in records),
        )
        database.execute("INSERT INTO article(article) VALUES ('optimize')")
        database.commit()
        database.close()

    def open(self) -> None:
        self.database = sqlite3.connect(self.path)

    def ask(self, question: str) -> Collection[str]:
        match = " OR ".join(f'"{word}"' for word in WORD.findall(question))
        rows = self.database.execute(
            "SELECT rowid FROM article WHERE article MATCH ? ORDER BY bm25(article) LIMIT ?", (match, LIMIT)
        )
        return [str(number) for (number,) in rows]


class Tantivy:
    """Tantivy (Rust): title and body, its English stemmer, BM25, OR."""

    quick = True

    def __init__(self, place: Path) -> None:
        self.place = str(place)
        self.tantivy = _library("tantivy")

    def _index(self) -> Any:
        builder = self.tantivy.SchemaBuilder()
        builder.add_text_field("number", stored=True, tokenizer_name="raw")
        for name in ("title", "body"):
            builder.add_text_field(name, tokenizer_name="en_stem")
        return self.tantivy.Index(builder.build(), path=self.place)

    def build(self, records: Iterable[Record]) -> None:
        writer = self._index().writer(heap_size=256_000_000, num_threads=1)
        for record in records:
            writer.add_document(
                self.tantivy.Document(number=record.number, title=record.title, body=record.body)
            )
        writer.commit()
        writer.wait_merging_threads()

    def open(self) -> None:
        self.opened = self._index()
        self.searcher = self.opened.searcher()

    def ask(self, question: str) -> Collection[str]:
        words = " ".join(WORD.findall(question.lower()))
        hits = self.searcher.search(self.opened.parse_query(words, ["title", "body"]), LIMIT).hits
        return [self.searcher.doc(address)["number"][0] for _, address in hits]


class Bm25s:
    """bm25s (NumPy, the index in memory): title and body as one text, Snowball, its stop words."""

    quick = True

    def __init__(self, place: Path) -> None:
        self.place = str(place)
        self.bm25s = _library("bm25s")
        self.stemmer = _library("snowballstemmer").stemmer("english")

    def _tokens(self, texts: list[str]) -> Any:
        return self.bm25s.tokenize(texts, stopwords="en", stemmer=self.stemmer, show_progress=False)

    def build(self, records: Iterable[Record]) -> None:
        index = self.bm25s.BM25()
        index.index(
            self._tokens([f"{record.title}\n{record.body}" for record in records]), show_progress=False
        )
        index.save(self.place)

    def open(self) -> None:
        self.index = self.bm25s.BM25.load(self.place)

    def ask(self, question: str) -> Collection[str]:
        numbers, _ = self.index.retrieve(self._tokens([question]), k=LIMIT, show_progress=False)
        return [str(number) for number in numbers[0]]


ENGINES: dict[str, type[Engine]] = {
    "ours": Ours,
    "whoosh": Whoosh,
    "fts5": Fts5,
    "tantivy": Tantivy,
    "bm25s": Bm25s,
}
