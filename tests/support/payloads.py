"""Hostile inputs beside the checkout."""

from collections.abc import Mapping
from typing import Any


def spelled_out(case: Mapping[str, Any], key: str) -> str:
    """The text of a case: under `key`, or `unit` repeated `n` times between `prefix` and `suffix`."""
    if key in case:
        return str(case[key])
    return str(case["prefix"]) + str(case["unit"]) * int(case["n"]) + str(case["suffix"])
