"""The door of the matrix room."""

from pathlib import Path

from backend.matrix.checking import Problem, Source, check
from backend.matrix.effective import EffectiveCell, effective_cell
from backend.matrix.plain import as_plain
from backend.matrix.reading import Body, PackError, folder_of, pack_from, read_body
from backend.matrix.texts import attribute_text, day_text
from backend.matrix.types import (
    Act,
    Attribute,
    Cell,
    CellChange,
    Fact,
    Intent,
    Labelled,
    LifeCycleState,
    Pack,
    Policies,
    Protective,
    Purpose,
    Score,
    ScoreTerm,
    Segment,
    Service,
    Vector,
)

__all__ = [
    "Act", "Attribute", "Body", "Cell", "CellChange", "EffectiveCell", "Fact", "Intent", "Labelled", "LifeCycleState", "Pack", "PackError", "Policies", "Problem",
    "Protective", "Purpose", "Score", "ScoreTerm", "Segment", "Service", "Source", "Vector", "as_plain", "attribute_text", "check", "day_text", "effective_cell", "folder_of", "load_pack", "pack_from", "read_body",
]  # fmt: skip


def load_pack(folder: Path) -> Pack:
    """The pack in this folder. Raises PackError where its text is not a pack."""
    return pack_from(read_body(folder))
