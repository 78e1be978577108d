"""The embedded engine: Whoosh keeps the index on disk, NumPy ranks over its posting lists.

The only module that imports Whoosh. Whoosh 2.7.4 is old but finished; of it we use what has proved
itself (segments, posting files, atomic commits) and neither its query parser nor its searcher
(docs/adr/0005-whoosh.md). The index is a disposable cache: anything wrong with it is an EngineError,
and it is built again from the database.
"""

import os
import pickle
import shutil
import struct
import threading
import weakref
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from whoosh import fields, formats
from whoosh.codec.whoosh3 import W3Codec, W3FieldWriter, W3PostingsWriter
from whoosh.filedb.filestore import FileStorage
from whoosh.index import TOC, FileIndex, LockError
from whoosh.index import IndexError as WhooshIndexError
from whoosh.reading import SegmentReader, TermNotFound
from whoosh.writing import SegmentWriter

from portal.indexing import explaining, suggesting
from portal.indexing.arrays import Ints
from portal.indexing.corpus import Corpus
from portal.indexing.engine import (
    ANYTHING,
    FIELDS,
    NOBODY,
    Document,
    EngineError,
    EngineQuery,
    Explanation,
    Hits,
    Suggested,
)
from portal.indexing.passages import names, pack, passages
from portal.indexing.ranking import rank
from portal.indexing.segments import Name, Segment, Unit, packed_lines
from portal.indexing.vocabulary import ViewVocabulary

NAME = "portal-2"
"""Name of the index in its folder; raised when what is stored changes, so an old one is not read."""

LOCK_WAIT_SECONDS = 10.0
OPEN_TRIES = 5
"""A commit may remove files of the generation being opened; the next try finds the new one."""

POSTINGS_PER_BLOCK = 2048

FIRST_BIT = 31
"""Set in the first place of a term in a document: places are read many documents at once."""

BROKEN = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    ImportError,
    MemoryError,
    struct.error,
    pickle.UnpicklingError,
    zlib.error,
    WhooshIndexError,
    LockError,
)
"""What reading damaged index files can raise: they are pickles without checksums."""

Result = TypeVar("Result")


class _Places(formats.Format):  # type: ignore[misc]  # Whoosh has no types
    """A posting's value: the packed places of the term in the document, four bytes each."""

    def fixed_value_size(self) -> None:
        return None


class _Terms(fields.FieldType):  # type: ignore[misc]  # Whoosh has no types
    """A field that is given its postings ready-made, as {term: packed places}."""

    def __init__(self) -> None:
        super().__init__(_Places(), None)

    def index(
        self, value: Mapping[str, Sequence[int]], **_: Any
    ) -> Iterator[tuple[bytes, int, float, bytes]]:
        for term, places in sorted(value.items()):
            first, *rest = places
            yield term.encode(), 1, 1.0, struct.pack(f"<{len(places)}I", first | 1 << FIRST_BIT, *rest)


class _PostingsWriter(W3PostingsWriter):  # type: ignore[misc]  # Whoosh has no types
    """Without looking at the type of every number again."""

    def add_posting(self, id_: int, weight: float, vbytes: bytes, length: object = None) -> None:
        if len(self._ids) >= self._blocklimit:
            self._write_block()
        self._ids.append(id_)
        self._weights.append(weight)
        if vbytes:
            self._values.append(vbytes)


class _FieldWriter(W3FieldWriter):  # type: ignore[misc]  # Whoosh has no types
    """Whoosh asks the file system for a field's length at every posting; ours have none, and without
    asking, writing takes half the time."""

    def add_postings(self, schema: fields.Schema, lengths: object, items: Iterable[Any]) -> None:
        super().add_postings(schema, None, items)


class _Codec(W3Codec):  # type: ignore[misc]  # Whoosh has no types
    def postings_writer(self, dbfile: Any) -> _PostingsWriter:
        return _PostingsWriter(dbfile, self._blocklimit, compression=self._compression)

    def field_writer(self, storage: FileStorage, segment: Any) -> _FieldWriter:
        return _FieldWriter(self, storage, segment)


def _schema() -> fields.Schema:
    return fields.Schema(
        group=fields.ID,
        unit=fields.STORED,
        lines=fields.STORED,
        names=fields.STORED,
        terms=_Terms(),
        words=_Terms(),
    )


class _WhooshSegment(Segment):
    """One Whoosh segment; its files stay open for as long as somebody ranks with it."""

    def __init__(self, reader: SegmentReader) -> None:
        self._reader = reader
        weakref.finalize(self, reader.close)
        self._lock = threading.Lock()  # a reader moves a file position: one thread at a time
        self._words: Sequence[str] | None = None
        same: dict[Any, Any] = {}  # units share what is equal in them, which is most of it
        units, lines = [], []
        for number in range(reader.doc_count_all()):
            stored = reader.stored_fields(number)
            units.append(Unit(stored["unit"][0], *(same.setdefault(one, one) for one in stored["unit"][1:])))
            lines.append(stored["lines"])
        super().__init__(units, lines)

    def unit_names(self) -> Iterator[list[Name]]:
        for number in range(len(self.units)):
            with self._lock:
                names = self._reader.stored_fields(number)["names"]
            yield [(one[2:], int(one[0]), one[1] == "1") for one in names.split(" ") if one]

    def read(self, term: str) -> tuple[Ints, Ints]:
        units, packed = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for ids, values in self._blocks("terms", term):
            places = np.frombuffer(b"".join(values), "<u4").astype(np.int64)
            units.append(ids[np.cumsum(places >> FIRST_BIT) - 1])
            packed.append(places & (1 << FIRST_BIT) - 1)
        return np.concatenate(units), np.concatenate(packed)

    def words(self) -> Sequence[str]:
        if self._words is None:
            with self._lock:
                self._words = _guarded(lambda: [word.decode() for word in self._reader.lexicon("words")])
        return self._words

    def word_units(self, word: str) -> Ints:
        return np.concatenate([np.zeros(0, np.int64), *(ids for ids, _ in self._blocks("words", word))])

    def _blocks(self, field: str, term: str) -> list[tuple[Ints, Sequence[bytes]]]:
        try:
            with self._lock:
                return list(self._read_blocks(field, term))
        except Exception as error:  # Whoosh raises that very class for a block that is none
            raise EngineError(f"The index cannot be read: {error!r}") from error

    def _read_blocks(self, field: str, term: str) -> Iterator[tuple[Ints, Sequence[bytes]]]:
        # Whole blocks at once, past the matcher's posting-by-posting interface: about 50 times faster.
        # A block is kept as (differences of ids, weights, values).
        try:
            matcher = self._reader._terms.matcher(field, term.encode(), self._reader.schema[field].format)
        except TermNotFound:
            return
        while matcher.is_active():
            matcher._read_data()
            differences, _, values = matcher._data
            yield np.cumsum(np.array(differences, np.int64)), values
            matcher._next_block()


class WhooshEngine:
    """The engine of one index folder. Any number of processes may search; one may write at a time.

    The folder holds the index in a folder of its own, to which the link `current` points; building
    anew writes beside it and turns the link, so that readers see the old or the new index.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._link = folder / "current"
        self._lock = threading.Lock()
        self._known: tuple[str, int] | None = None
        self._corpus: Corpus | None = None
        self._segments: dict[str, _WhooshSegment] = {}

    # --- writing

    def put(self, documents: Iterable[Document]) -> None:
        found = list(documents)
        self._write(self._place_to_write(), {document.group for document in found}, found)

    def remove(self, groups: Iterable[str]) -> None:
        self._write(self._place_to_write(), set(groups), ())

    def replace_all(self, documents: Iterable[Document]) -> None:
        beside = self._new_place()
        self._write(beside, set(), documents)
        self._turn_link(beside)

    def _place_to_write(self) -> Path:
        if not self._link.exists():
            self._turn_link(self._new_place())
        return self._link.resolve()

    def _new_place(self) -> Path:
        return _guarded(self._make_place)

    def _make_place(self) -> Path:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        place = self._folder / f"index-{os.urandom(6).hex()}"
        place.mkdir(mode=0o700)
        FileStorage(str(place)).create_index(_schema(), NAME)
        return place

    def _turn_link(self, place: Path) -> None:
        fresh = self._folder / f"link-{os.urandom(6).hex()}"
        _guarded(lambda: fresh.symlink_to(place.name))
        _guarded(lambda: fresh.replace(self._link))
        for old in self._folder.glob("index-*"):
            if old.name != place.name:
                shutil.rmtree(old, ignore_errors=True)

    def _write(self, place: Path, replaced: set[str], documents: Iterable[Document]) -> None:
        writer = _guarded(lambda: _writer(place))
        try:
            for group in sorted(replaced):
                writer.delete_by_term("group", group)
            for document in documents:
                writer.add_document(**_stored(document))
            writer.commit()
        except BaseException as error:
            writer.cancel()
            if isinstance(error, BROKEN):
                raise EngineError(f"The index cannot be written: {error!r}") from error
            raise

    # --- reading

    def search(
        self,
        query: EngineQuery,
        *,
        audiences: frozenset[str],
        limit: int,
        hidden: frozenset[str] = NOBODY,
        only: Mapping[str, str] = ANYTHING,
        facets: Sequence[str] = (),
    ) -> Hits:
        return _guarded(
            lambda: rank(self.corpus().view(audiences, hidden), query, limit, only=only, facets=facets)
        )

    def explain(
        self, query: EngineQuery, *, audiences: frozenset[str], group: str, hidden: frozenset[str] = NOBODY
    ) -> Explanation | None:
        return _guarded(lambda: explaining.explain(self.corpus().view(audiences, hidden), query, group))

    def suggest(
        self, words: Sequence[str], *, audiences: frozenset[str], limit: int, hidden: frozenset[str] = NOBODY
    ) -> Sequence[Suggested]:
        return _guarded(lambda: suggesting.suggest(self.corpus().view(audiences, hidden), words, limit))

    def vocabulary(self, *, audiences: frozenset[str], hidden: frozenset[str] = NOBODY) -> ViewVocabulary:
        return _guarded(lambda: ViewVocabulary(self.corpus().view(audiences, hidden)))

    def versions(self) -> Mapping[str, int]:
        return _guarded(lambda: self.corpus().versions()) if self._link.exists() else {}

    def corpus(self) -> Corpus:
        """The newest generation, opened when it is not the one in memory. Raises EngineError."""
        with self._lock:
            for last in (False,) * (OPEN_TRIES - 1) + (True,):
                try:
                    return self._newest()
                except BROKEN as error:
                    if last:
                        raise EngineError(f"The index cannot be read: {error!r}") from error
        raise AssertionError("unreachable")

    def _newest(self) -> Corpus:
        target = str(self._link.readlink())
        storage = FileStorage(str(self._folder / target), readonly=True)
        generation = TOC._latest_generation(storage, NAME)
        if self._corpus is None or self._known != (target, generation):
            toc = TOC.read(storage, NAME, generation)
            self._corpus = self._open(storage, toc, target)
            self._known = (target, generation)
        return self._corpus

    def _open(self, storage: FileStorage, toc: TOC, target: str) -> Corpus:
        opened = {}
        for segment in toc.segments:
            key = f"{target}/{segment.segment_id()}"
            opened[key] = self._segments.get(key) or _WhooshSegment(
                SegmentReader(storage, toc.schema, segment)
            )
        self._segments = opened  # what is not listed any more is closed when its last reader lets go
        deleted = [frozenset(segment.deleted_docs()) for segment in toc.segments]
        return Corpus(list(opened.values()), deleted)


def _writer(place: Path) -> SegmentWriter:
    index = FileIndex(FileStorage(str(place)), indexname=NAME)
    codec = _Codec(blocklimit=POSTINGS_PER_BLOCK, compression=1)
    # One file for a whole segment would be read into memory when it is opened.
    return index.writer(timeout=LOCK_WAIT_SECONDS, codec=codec, compound=False)


def _stored(document: Document) -> dict[str, Any]:
    """What Whoosh is given for a document: its group, its postings and the facts kept beside them."""
    lines: list[list[int]] = [[] for _ in FIELDS]
    terms: dict[str, list[int]] = {}
    words: dict[str, list[int]] = {}
    for passage in passages(document):
        lines[passage.field].append(passage.length)
        for token in passage.tokens:
            terms.setdefault(token.term, []).append(pack(passage, token))
            words.setdefault(token.word, [0])  # Whoosh cannot merge postings without a value
    facts = (
        document.id,
        document.group,
        document.version,
        document.audiences,
        document.prior,
        tuple((name, tuple(values)) for name, values in sorted(document.facets.items())),
        document.language,
    )
    called = " ".join(f"{field}{begins:d}{word}" for word, field, begins in names(document))
    return {
        "group": document.group,
        "unit": facts,
        "lines": packed_lines(lines),
        "names": called,
        "terms": terms,
        "words": words,
    }


def _guarded(work: Callable[[], Result]) -> Result:
    """Run `work`; whatever a damaged or missing index raises becomes an EngineError."""
    try:
        return work()
    except BROKEN as error:
        raise EngineError(f"The index cannot be used: {error!r}") from error
