"""The door of the matrix room."""

from pathlib import Path

from backend.matrix.checking import Problem, Source, check, placed
from backend.matrix.effective import BASE, EffectiveCell, effective_cell
from backend.matrix.mapping import FOLDER as MAPPINGS
from backend.matrix.mapping import (
    Column,
    FileMapping,
    attribute_of,
    check_mapping,
    mapping_of,
    read_mapping,
    strptime_form,
)
from backend.matrix.parts import Labelled, Vector
from backend.matrix.plain import as_plain
from backend.matrix.reading import PACK_FILE, Body, PackError, body_of, folder_of, pack_from, read_body, texts_of
from backend.matrix.texts import attribute_text, day_text
from backend.matrix.tracking import Experience, FactSource, MomentOfTruth, PlannedEvent, Property, TrackingPlan
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
)
from backend.matrix.writing import text_of, texts_from

__all__ = [
    "BASE", "MAPPINGS", "PACK_FILE", "Act", "Attribute", "Body", "Budget", "Cap", "Cell", "CellChange", "Column", "DeclineReason", "EffectiveCell",
    "Experience", "Fact", "FactSource", "FileMapping", "Gap", "HoldingKind", "Intent", "Kept", "Labelled", "LifeCycleState", "MomentOfTruth", "Pack",
    "PackError", "PlannedEvent", "Policies", "Problem", "Property", "Protective", "Purpose", "QuietHours", "Retention", "Score", "ScoreTerm",
    "Segment", "Service", "Source", "TrackingPlan", "Vector", "as_plain", "attribute_of", "attribute_text", "body_of", "check", "check_mapping",
    "day_text", "effective_cell", "folder_of", "load_pack", "mapping_of", "pack_from", "placed", "read_body", "read_mapping", "strptime_form",
    "text_of", "texts_from", "texts_of",
]  # fmt: skip


def load_pack(folder: Path) -> Pack:
    """The pack in this folder. Raises PackError where its text is not a pack."""
    return pack_from(read_body(folder))
