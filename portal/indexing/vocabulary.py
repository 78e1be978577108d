"""The words of one view, for spelling and for understanding questions."""

from collections.abc import Sequence

from portal.indexing.corpus import View
from portal.indexing.spelling import closest, near


class ViewVocabulary:
    """The words of one view; what is looked up is kept for as long as the view is."""

    def __init__(self, view: View) -> None:
        self._view = view

    def frequency(self, word: str) -> int:
        return self._view.word_frequency(word)

    def near(self, word: str) -> Sequence[tuple[str, float]]:
        kept = self._view.keep(("near", word), lambda: near(self, self._view.corpus.words, word))
        assert isinstance(kept, tuple)
        return kept

    def knows(self, term: str) -> bool:
        return len(self._view.postings(term).passage) > 0

    def closest(self, word: str) -> str | None:
        kept = self._view.keep(("closest", word), lambda: closest(self, self._view.corpus.words, word))
        assert kept is None or isinstance(kept, str)
        return kept

    def languages(self) -> Sequence[str]:
        return self._view.languages
