"""What is kept in memory, and how much of it."""

import numpy as np

from portal.indexing.arrays import ENTRY_BYTES, Kept


def test_what_was_computed_is_kept_until_there_is_too_much_of_it() -> None:
    made: list[str] = []
    kept: Kept[str, np.ndarray] = Kept(2 * (ENTRY_BYTES + 8000))

    def get(key: str, size: int = 1000) -> None:
        kept.get(key, lambda: made.append(key) or np.zeros(size))

    for key in ("a", "b", "a", "c", "a", "b"):  # c pushes b out, the least recently used
        get(key)
    assert made == ["a", "b", "c", "b"]
    get("larger than all that may be kept", 10_000)
    get("a")
    assert made[-2:] == ["larger than all that may be kept", "a"]
