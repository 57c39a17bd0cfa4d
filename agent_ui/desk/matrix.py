"""The Customer Experience Matrix in force: what may be pursued where, what weighs how much, and where each value comes from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.supervision import matrix as supervision
from backend import db
from backend.catalogue import service as catalogues
from backend.matrix.service import EffectiveCell, Pack, as_plain
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.treatments import service as treatments
from shared.kernel import money
from shared.kernel.errors import Invalid
from shared.ui.pages import page, request_now

bp = Blueprint("matrix", __name__, template_folder="templates")
TEMPLATE = "desk/matrix.html"
_LABELLED: Mapping[str, Callable[[Pack], Iterable[Any]]] = {
    "stage": lambda pack: pack.stages,
    "life_cycle": lambda pack: pack.life_cycle,
    "intent": lambda pack: pack.intents.values(),
}
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


@dataclass(frozen=True)
class Weight:
    """What one objective weighs; `source` is the label of the segment that gives it, empty for the base."""

    objective: str
    text: str
    source: str


@dataclass(frozen=True)
class WeightsView:
    """One stage, state or intent with its weights, in the order of the objectives. `now`: the customer is in it."""

    label: str
    now: bool
    weights: tuple[Weight, ...]


@dataclass(frozen=True)
class Balance:
    """How much the customer's gain weighs, and ours; `source` as above, with what the pack's floor lifted said in words."""

    text: str
    rest: str
    source: str


@bp.get("/matrix")
@requires(Permission.SEE_DECISIONS)
def show() -> Response:
    """The base, or one segment's version of it; for supervision, below what came of it."""
    return _whole(supervision.typed())


@bp.post("/matrix/way")
@requires(Permission.SUPERVISE)
def find_way() -> Response:
    """Draws one customer's way, by their number, which stands in no address; or the ways of all who are counted; or none."""
    wanted = supervision.Typed(
        **{name: request.form.get(name, "").strip()[:60] for name in supervision.Typed.__slots__}
    )
    number = request.form.get("number", "").strip()[:60]
    if "flows" in request.form or "none" in request.form:
        way = supervision.FLOWS if "flows" in request.form else ""
        return redirect(url_for(".show", **wanted.address(way=way)), 303)
    try:
        of = supervision.number_of(number)
    except Invalid as refused:
        return _whole(wanted, refused.errors, number)
    return redirect(url_for(".show", **wanted.address(way=str(of))), 303)


def _whole(wanted: supervision.Typed, wrong: Mapping[str, str] | None = None, number: str = "") -> Response:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
    watches = current_actor().may(Permission.SUPERVISE)
    live = supervision.live(pack, wanted, wrong, number) if watches else {"live": None, "errors": {}}
    # Of a segment that there is none of, the live part says so.
    chosen = wanted.segment if not watches or "segment" not in live["errors"] else ""
    return page(
        TEMPLATE, status=422 if live["errors"] else 200, **_context(pack, [chosen] if chosen else []), chosen=chosen,
        customer=None, watches=watches, **live,
    )  # fmt: skip


@bp.get("/customers/<uuid:customer_id>/matrix")
@requires(Permission.SEE_DECISIONS)
def of_customer(customer_id: UUID) -> Response:
    """The matrix as it holds for this customer, with what each of their segments changes."""
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        profile = profiles.profile(session, customer_id)
    seen = profiles.snapshot(profile, request_now(), pack)
    stage = seen.stage or pack.default_stage
    now = {("stage", stage), ("life_cycle", seen.life_cycle), ("intent", seen.intent)}
    return page(TEMPLATE, **_context(pack, seen.segments, now), chosen="", customer=profile, stage_now=stage)


def _context(
    pack: Pack, segments: Collection[str], now: Collection[tuple[str, str | None]] = frozenset()
) -> dict[str, Any]:
    labels = {s.key: s.label for s in pack.segments}
    cells = {(e.cell.stage, e.cell.channel): _view(e, labels, pack.currency) for e in treatments.cells(pack, segments)}
    weighed = treatments.weighing(pack, segments)
    objectives = [objective.replace("_", " ") for objective in pack.objectives]
    of = {kind: [_weights(one, pack, labels, now) for one in weighed.weights if one.of == kind] for kind in _LABELLED}
    balance = Balance(
        f"{weighed.beta:g}",
        f"{1 - weighed.beta:g}",
        "the pack's floor" if weighed.beta_source == "floor" else labels.get(weighed.beta_source, ""),
    )
    return {
        "pack": pack,
        "cells": cells,
        "objectives": objectives,
        "weights": of,
        "balance": balance,
        "segments": [labels[key] for key in segments],
        "changed": any(c.objectives_source or any(v.source for v in c.values) for c in cells.values()),
        "weighed": bool(balance.source) or any(w.source for lines in of.values() for one in lines for w in one.weights),
    }


def _weights(
    one: treatments.EffectiveWeights, pack: Pack, labels: Mapping[str, str], now: Collection[tuple[str, str | None]]
) -> WeightsView:
    return WeightsView(
        pack.label_of(_LABELLED[one.of](pack), one.key),
        (one.of, one.key) in now,
        tuple(
            Weight(objective.replace("_", " "), f"{one.weights.get(objective, 0.0):g}",
                   labels.get(one.sources.get(objective, ""), ""))
            for objective in pack.objectives
        ),
    )  # fmt: skip


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
