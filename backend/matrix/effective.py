"""The cell that holds for a customer: the base with what their segments change of it, and where each value came from. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from backend.matrix.types import Cell, Pack

BASE = "base"
"""The source of a value that no segment of the customer changes."""
PLACE = ("stage", "channel")
CHANGEABLE = tuple(name for name in Cell.model_fields if name not in PLACE)
"""What a segment may have its own version of."""


@dataclass(frozen=True)
class EffectiveCell:
    """One cell as it holds for a customer of these segments. `sources`: field → "base" or the key of the segment."""

    cell: Cell
    sources: Mapping[str, str]

    @property
    def objectives(self) -> frozenset[str]:
        return self.cell.objectives


def effective_cell(pack: Pack, segments: Collection[str], stage: str, channel: str) -> EffectiveCell | None:
    """The base cell, each field in the version of the first segment, in the pack's order, that has one of its own.

    None where nothing may be done: there is no base cell and no segment opens one. A segment opens one by naming its objectives.
    """
    base = pack.cells.get((stage, channel))
    values: dict[str, Any] = {} if base is None else {name: getattr(base, name) for name in CHANGEABLE}
    sources = dict.fromkeys(CHANGEABLE, BASE)
    changed: set[str] = set()
    for segment in pack.segments:
        if segment.key not in segments:
            continue
        for own in segment.cell:
            if (own.stage, own.channel) == (stage, channel):
                for name in own.model_fields_set - changed - set(PLACE):
                    values[name], sources[name] = getattr(own, name), segment.key
                    changed.add(name)
    if base is not None and not changed:
        return EffectiveCell(base, sources)
    if "objectives" not in values:
        return None
    return EffectiveCell(Cell(stage=stage, channel=channel, **values), sources)
