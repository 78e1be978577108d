"""What posting arrays are made of: array types, membership, coding of values, bounded memory."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Kept(Generic[Key, Value]):
    """A memory of computed values up to `limit` bytes, safe to share between threads; the least recently
    used go first.

    Two threads may compute the same value at once; the values are immutable, so either will do.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: Key, compute: Callable[[], Value]) -> Value:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key][0]
        value = compute()
        size = ENTRY_BYTES + getattr(value, "nbytes", 0)
        with self._lock:
            _, before = self._values.pop(key, (None, 0))
            self._values[key] = value, size
            self._bytes += size - before
            while self._bytes > self._limit and len(self._values) > 1:
                _, (_, gone) = self._values.popitem(last=False)
                self._bytes -= gone
        return value


ENTRY_BYTES: Final = 500
"""What an entry takes beside its arrays, roughly."""


def coded(values: Iterable[Key]) -> tuple[list[Key], Ints]:
    """The distinct values in order of first appearance, and the number of each value among them."""
    numbers: dict[Key, int] = {}
    codes = np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)
    return list(numbers), codes


def holds(numbers: Ints, wanted: Ints) -> Bools:
    """For each of `wanted` whether it is in `numbers`, which ascend."""
    if not len(numbers):
        return np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return np.asarray(numbers[at] == wanted)
