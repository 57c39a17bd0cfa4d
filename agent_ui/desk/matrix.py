"""The Customer Experience Matrix in force: what may be pursued in which stage and channel, and where each value comes from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, request
from werkzeug.wrappers import Response

from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import EffectiveCell, Pack, as_plain
from backend.people.service import Permission, requires
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import money
from shared.ui.pages import page, request_now

bp = Blueprint("matrix", __name__, template_folder="templates")
TEMPLATE = "desk/matrix.html"
_MONEY = {"cost": "Cost", "value": "Value"}


@dataclass(frozen=True)
class Value:
    """One value of a cell in words; `source` is the label of the segment that gives it, empty for the base."""

    label: str
    text: str
    source: str


@dataclass(frozen=True)
class CellView:
    """One cell: the objectives that it may pursue and whose they are, then its other values."""

    objectives: tuple[str, ...]
    objectives_source: str
    values: tuple[Value, ...]


@bp.get("/matrix")
@requires(Permission.SEE_DECISIONS)
def show() -> Response:
    """The base, or one segment's version of it."""
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    chosen = request.args.get("segment", "")
    return page(TEMPLATE, **_context(pack, [chosen] if chosen else []), chosen=chosen, customer=None)


@bp.get("/customers/<uuid:customer_id>/matrix")
@requires(Permission.SEE_DECISIONS)
def of_customer(customer_id: UUID) -> Response:
    """The matrix as it holds for this customer, with what each of their segments changes."""
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        profile = profiles.profile(session, customer_id)
    seen = profiles.snapshot(profile, request_now(), pack)
    stage = seen.stage or pack.default_stage
    return page(TEMPLATE, **_context(pack, seen.segments), chosen="", customer=profile, stage_now=stage)


def _context(pack: Pack, segments: Collection[str]) -> dict[str, Any]:
    labels = {s.key: s.label for s in pack.segments}
    cells = {(e.cell.stage, e.cell.channel): _view(e, labels, pack.currency) for e in treatments.cells(pack, segments)}
    return {
        "pack": pack,
        "cells": cells,
        "segments": [labels[key] for key in segments],
        "changed": any(c.objectives_source or any(v.source for v in c.values) for c in cells.values()),
    }


def _view(effective: EffectiveCell, labels: Mapping[str, str], currency: str) -> CellView:
    sources = {name: labels.get(source, "") for name, source in effective.sources.items()}
    plain = as_plain(effective.cell)
    others = [name for name in effective.sources if name != "objectives"]
    return CellView(
        tuple(objective.replace("_", " ") for objective in plain["objectives"]),
        sources["objectives"],
        tuple(Value(_MONEY.get(name, name.replace("_", " ").capitalize()), text, sources[name]) for name in others
              if (text := _text(name, plain[name], currency))),
    )  # fmt: skip


def _text(name: str, value: Any, currency: str) -> str:
    if name in _MONEY:
        return money.text(money.of_major(float(value), currency))
    if value in (None, "", "true", [], {}):
        return ""
    if isinstance(value, dict):
        return ", ".join(
            f"{key.replace('_', ' ')} {part:g}" if isinstance(part, float) else f"{key} {part}"
            for key, part in value.items()
        )
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
