"""JSON written quickly, and never with a number that JSON does not have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import orjson


def write(value: Any, default: Callable[[Any], Any] | None = None, option: int = 0) -> str:
    """The value as JSON. Raises ValueError for NaN and the infinities, which orjson would write as null, and TypeError."""
    text = orjson.dumps(value, default=default, option=option)
    if b"null" in text:
        _finite(value, default)
    return text.decode()


def _finite(value: Any, default: Callable[[Any], Any] | None) -> None:
    if value is None or isinstance(value, (str, int)):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is no number that JSON has.")
    elif isinstance(value, dict):
        for part in value.values():
            _finite(part, default)
    elif isinstance(value, (list, tuple)):
        for part in value:
            _finite(part, default)
    elif default is not None:
        _finite(default(value), default)
