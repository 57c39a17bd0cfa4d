"""JSON written quickly, and never with a number that JSON does not have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import orjson

_PLAIN = frozenset({str, int, bool, type(None)})


def write(value: Any, default: Callable[[Any], Any] | None = None, option: int = 0) -> str:
    """The value as JSON. Raises ValueError for NaN and the infinities, which orjson would write as null, and TypeError."""
    text = orjson.dumps(value, default=default, option=option)
    if b"null" in text:
        _finite(value, default)
    return text.decode()


def _finite(value: Any, default: Callable[[Any], Any] | None) -> None:
    parts: Any = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else (value,)
    for part in parts:
        kind = type(part)
        if kind is float:
            if not math.isfinite(part):
                raise ValueError(f"{part} is no number that JSON has.")
        elif kind not in _PLAIN:
            if isinstance(part, (dict, list, tuple)):
                _finite(part, default)
            elif default is not None and not isinstance(part, (str, int)):
                _finite([default(part)], default)
