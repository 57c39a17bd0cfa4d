"""Finding work by the reference that somebody reads out."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlmodel import Session

from backend import db
from backend.cases.tables import CaseRow
from backend.cases.types import KIND_LABELS, STATE_LABELS
from backend.profiles import service as profiles
from backend.profiles.types import Hit

_CASE = db.table_of(CaseRow)
_REFERRED = (
    select(_CASE.c.customer_id, _CASE.c.case_id, _CASE.c.kind, _CASE.c.state, _CASE.c.reference)
    .where(_CASE.c.reference == bindparam("reference"))
    .order_by(_CASE.c.case_id.desc())
    .limit(bindparam("most"))
)
LONGEST = 40


def find(session: Session, query: str, most: int) -> tuple[Hit, ...]:
    """The work of this reference, in whatever case and spacing, newest first; what it is about stays on the customer's page."""
    reference = "".join(query.split()).replace("-", "").upper()
    if not reference or len(reference) > LONGEST:
        return ()
    found = []
    for row in session.execute(_REFERRED, {"reference": reference, "most": most}):
        whose = next((name for name, _ in profiles.names_of(session, [row.customer_id]).values()), None)
        if whose is None:
            continue  # erased since
        detail = f"{whose}, {STATE_LABELS[row.kind, row.state].lower()}"
        found.append(Hit("case", f"{KIND_LABELS[row.kind]} {row.reference}", detail, row.customer_id, row.case_id, 1.0))
    return tuple(found)
