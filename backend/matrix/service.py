"""The door of the matrix room."""

from pathlib import Path

from backend.matrix.checking import Problem, Source, check, placed
from backend.matrix.effective import BASE, EffectiveCell, effective_cell
from backend.matrix.plain import as_plain
from backend.matrix.reading import PACK_FILE, Body, PackError, body_of, folder_of, pack_from, read_body, texts_of
from backend.matrix.texts import attribute_text, day_text
from backend.matrix.types import (
    Act,
    Attribute,
    Budget,
    Cap,
    Cell,
    CellChange,
    DeclineReason,
    Fact,
    Gap,
    HoldingKind,
    Intent,
    Kept,
    Labelled,
    LifeCycleState,
    Pack,
    Policies,
    Protective,
    Purpose,
    QuietHours,
    Retention,
    Score,
    ScoreTerm,
    Segment,
    Service,
    Vector,
)
from backend.matrix.writing import text_of, texts_from

__all__ = [
    "BASE", "PACK_FILE", "Act", "Attribute", "Body", "Budget", "Cap", "Cell", "CellChange", "DeclineReason", "EffectiveCell", "Fact", "Gap", "HoldingKind", "Intent", "Kept", "Labelled", "LifeCycleState", "Pack", "PackError", "Policies", "Problem",
    "Protective", "Purpose", "QuietHours", "Retention", "Score", "ScoreTerm", "Segment", "Service", "Source", "Vector", "as_plain", "attribute_text", "body_of", "check", "day_text", "effective_cell", "folder_of",
    "load_pack", "pack_from", "placed", "read_body", "text_of", "texts_from", "texts_of",
]  # fmt: skip


def load_pack(folder: Path) -> Pack:
    """The pack in this folder. Raises PackError where its text is not a pack."""
    return pack_from(read_body(folder))
