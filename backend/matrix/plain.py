"""A piece of a pack as plain data again, rules as their text: what programs and pages are shown of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel

from backend.rules.service import Expression


def as_plain(thing: Any) -> Any:
    """The thing as dicts, lists, texts and numbers; sets in the order of their text."""
    if isinstance(thing, Expression):
        return thing.text
    if isinstance(thing, BaseModel):
        return {name: as_plain(getattr(thing, name)) for name in type(thing).model_fields}
    if isinstance(thing, Mapping):
        return {str(key): as_plain(value) for key, value in thing.items()}
    if isinstance(thing, (frozenset, set)):
        return sorted(as_plain(item) for item in thing)
    if isinstance(thing, (tuple, list)):
        return [as_plain(item) for item in thing]
    return thing.isoformat() if isinstance(thing, date) else thing
