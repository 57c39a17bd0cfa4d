"""A batch of rows about to what customers belong: households and accounts, by the keys of the file's system. Of customers who are known alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session

from backend.interactions import service as interactions
from backend.loading.belongings import known_of
from backend.loading.entering import Run, Taken
from backend.loading.telling import Bad, Told
from backend.profiles import service as profiles
from backend.profiles.service import GroupKind, Membership
from shared.kernel.actors import SYSTEM
from shared.kernel.errors import Invalid


def groups(session: Session, batch: Sequence[Told], run: Run) -> Taken:
    """One membership a row; `ended` takes the customer out. What is known already writes nothing."""
    taken = Taken()
    for told, known in known_of(session, batch, run, taken):
        key = told.fields.get("id")
        if not key:
            taken.refused.append((told, Bad(_column(run, "id"), "", "is empty")))
            continue
        mine = {one.group.key: one for one in profiles.memberships(session, known.customer_id) if one.until is None}
        before = mine.get(key)
        if told.fields.get("ended"):
            taken.updated += before is not None
            taken.unchanged += before is None
            if before is not None and not run.dry:
                interactions.leave_group(session, known.customer_id, before.group.group_id, actor=SYSTEM, now=run.now)
            continue
        kind: Any = told.fields.get("kind") or run.mapping.kind or None
        name = told.fields.get("name", "")
        if before is not None and _same(before, kind, name, told.data):
            taken.unchanged += 1
            continue
        if not run.dry:
            try:
                interactions.join_group(
                    session, known.customer_id, key, kind=kind, name=name, traits=told.data, source=run.mapping.source,
                    label=run.label, since=told.fields.get("at", run.now), actor=SYSTEM, now=run.now,
                )  # fmt: skip
            except Invalid as refused:
                taken.refused.append((told, Bad(_column(run, "id"), key, str(refused))))
                continue
        taken.entered += before is None
        taken.updated += before is not None
    return taken


def _same(before: Membership, kind: GroupKind | None, name: str, traits: dict[str, Any]) -> bool:
    group = before.group
    return (kind in (None, group.kind)) and name in ("", group.name) and traits.items() <= group.traits.items()


def _column(run: Run, target: str) -> str:
    return next(column for column in run.mapping.column if column.to == target).headers[0]
