"""The door of the matrix room."""

from pathlib import Path

from backend.matrix.alerting import About, Alerting, AlertRule
from backend.matrix.casework import (
    CALLBACKS,
    VARIABLE,
    VARIABLES,
    Calendar,
    Callbacks,
    CannedReply,
    CaseType,
    Casework,
    Macro,
    Priority,
    Shift,
)
from backend.matrix.checking import Problem, Source, check, placed
from backend.matrix.effective import BASE, EffectiveCell, effective_cell
from backend.matrix.learning import BASE as BASE_COLUMN
from backend.matrix.learning import CHANNEL, UNKNOWN, Feature, Learning
from backend.matrix.leaving import LeavingReason
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
from backend.matrix.parts import GROUP_KINDS, GroupKind, Labelled, Vector
from backend.matrix.plain import as_plain
from backend.matrix.quality import CONTACT_NAMES, Quality, ReviewForm, ReviewQuestion
from backend.matrix.queues import Queue, ServiceLevel, Telephony
from backend.matrix.reading import PACK_FILE, Body, PackError, body_of, folder_of, pack_from, read_body, texts_of
from backend.matrix.reading_age import too_hard
from backend.matrix.restricting import Restricted
from backend.matrix.talking import Compared, Disclosure, Question, Way
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
    Holdout,
    Intent,
    Kept,
    LifeCycleState,
    Pack,
    Policies,
    Protective,
    Purpose,
    QuietHours,
    Retention,
    Rfm,
    Score,
    ScoreTerm,
    Segment,
    Service,
)
from backend.matrix.writing import text_of, texts_from

__all__ = [
    "BASE",
    "BASE_COLUMN",
    "CALLBACKS",
    "CHANNEL",
    "CONTACT_NAMES",
    "GROUP_KINDS",
    "MAPPINGS",
    "PACK_FILE",
    "UNKNOWN",
    "VARIABLE",
    "VARIABLES",
    "About",
    "Act",
    "AlertRule",
    "Alerting",
    "Attribute",
    "Body",
    "Budget",
    "Calendar",
    "Callbacks",
    "CannedReply",
    "Cap",
    "CaseType",
    "Casework",
    "Cell",
    "CellChange",
    "Column",
    "Compared",
    "DeclineReason",
    "Disclosure",
    "EffectiveCell",
    "Experience",
    "Fact",
    "FactSource",
    "Feature",
    "FileMapping",
    "Gap",
    "GroupKind",
    "HoldingKind",
    "Holdout",
    "Intent",
    "Kept",
    "Labelled",
    "Learning",
    "LeavingReason",
    "LifeCycleState",
    "Macro",
    "MomentOfTruth",
    "Pack",
    "PackError",
    "PlannedEvent",
    "Policies",
    "Priority",
    "Problem",
    "Property",
    "Protective",
    "Purpose",
    "Quality",
    "Question",
    "Queue",
    "QuietHours",
    "Restricted",
    "Retention",
    "ReviewForm",
    "ReviewQuestion",
    "Rfm",
    "Score",
    "ScoreTerm",
    "Segment",
    "Service",
    "ServiceLevel",
    "Shift",
    "Source",
    "Telephony",
    "TrackingPlan",
    "Vector",
    "Way",
    "as_plain",
    "attribute_of",
    "attribute_text",
    "body_of",
    "check",
    "check_mapping",
    "day_text",
    "effective_cell",
    "folder_of",
    "load_pack",
    "mapping_of",
    "pack_from",
    "placed",
    "read_body",
    "read_mapping",
    "strptime_form",
    "text_of",
    "texts_from",
    "texts_of",
    "too_hard",
]  # fmt: skip


def load_pack(folder: Path) -> Pack:
    """The pack in this folder. Raises PackError where its text is not a pack."""
    return pack_from(read_body(folder))
