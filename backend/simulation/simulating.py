"""Simulation: a draft against what is in force, over the whole base. It writes nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from backend import db
from backend.catalogue import service as catalogues
from backend.engine.catalogue import Catalogue
from backend.engine.facts import Configuration
from backend.engine.service import Comparison
from backend.learning import service as learning
from backend.matrix.service import Body, Pack
from backend.simulation.batch import DRAFT, Progress, Range, cases, drafted, snapshots, summed
from backend.simulation.earning import earned
from backend.simulation.tallying import NOBODY, NOW, STANDING, THEN, Tally, count

LEAST_RATIO = 0.8
"""The four-fifths rule: where one group gets less than this part of what another gets, somebody should know why."""
LEAST_PEOPLE = 30
"""Groups smaller than this say nothing."""
MOST_MOVES = 40
MOST_WHYS = 40
Report = dict[str, Any]
"""A simulation as plain data; see `report_of`."""


def simulate(
    body: Body,
    now: datetime,
    processes: int,
    *,
    progress: Progress | None = None,
    stopped: Callable[[], bool] = lambda: False,
    kindly: bool = False,
) -> Report:
    """What the catalogue of this body would do differently from the one in force, for everyone; and what it would have earned.

    Raises PackError where it is no catalogue, NotFound where none is in force, Stopped and CrewFailed.
    """
    began = time.monotonic()
    with db.reading() as session:
        present = catalogues.in_force(session)
    catalogue = Catalogue(DRAFT, body)
    tally = summed(
        begin, (present.version, body, now), Tally(), processes, progress=progress, stopped=stopped, kindly=kindly
    )
    went_on = (lambda _done, of: progress(of, of)) if progress else None
    would = earned(body, now, processes, progress=went_on, stopped=stopped, kindly=kindly)
    seconds = {"seconds": round(time.monotonic() - began, 2)}
    return report_of(tally, present, drafted(present, catalogue)) | {"earned": would} | seconds


def begin(version: int, body: Body, now: datetime) -> Callable[[Range], tuple[int, Tally]]:
    """In one process: counts the customers of a chunk under this configuration, and with the body's catalogue in it."""
    with db.reading() as session:
        compared = Comparison(catalogues.as_of(session, version).catalogue, body, DRAFT)

    def chunk(wanted: Range) -> tuple[int, Tally]:
        tally = Tally()
        with db.reading() as session:
            found, named = cases(session, wanted)
            present = replace(catalogues.as_of(session, version, named), epoch=learning.latest(session))
        draft = drafted(present, compared.draft)
        packs = (present.catalogue.pack, compared.draft.pack)
        for one in found:
            before, after = snapshots(one.profile, now, packs, compared.alike)
            rulings = compared.rulings((before, after), one.ledger, present, draft)
            count(tally, one.profile, (before, after), one.ledger, (present, draft), rulings)
        return len(found), tally

    return chunk


def report_of(tally: Tally, present: Configuration, draft: Configuration) -> Report:
    """The counts as people and programs read them: best first, what changed most first. Money in major units.

    `experiments`: those that run, and are left out on both sides: what everybody gets is compared, and an arm is there for a while
    only; publishing the draft would end those whose treatments it changes.
    """
    packs = (present.catalogue.pack, draft.catalogue.pack)
    names = _names(present, draft)
    moves = {key: number for key, number in tally.moves.items() if key[0] == ""}
    return {
        "configuration": present.version,
        "catalogue": present.catalogue.version,
        "experiments": [one.label for one in present.experiments],
        "currency": packs[THEN].currency,
        "customers": tally.customers,
        "changed": int(sum(moves.values())),
        "treatments": _treatments(tally, names),
        "moves": [
            {"before": before, "after": after, "before_name": names.get(before, (before,))[0], "after_name": names.get(after, (after,))[0], "customers": int(number)}
            for (_, before, after), number in _most(moves)[:MOST_MOVES]
        ],
        "segments": [_segment(tally, key, label, names) for key, label in _segments(packs[THEN], tally)],
        "objectives": _objectives(tally, ""),
        "money": {name: _sides(tally.sums, name) for name in ("value", "equity", "experience", "cost", "concession")},
        "budgets": _budgets(tally, packs),
        "nothing": _nothing(tally, names),
        "fairness": list(_fairness(tally, packs[NOW])),
    }  # fmt: skip


def _names(present: Configuration, draft: Configuration) -> dict[str, tuple[str, str, str]]:
    catalogues = [*present.older.values(), present.catalogue, draft.catalogue]
    known = {t.key: (t.name, t.issue, t.objective) for c in catalogues for t in c.treatments.values()}
    return known | {NOBODY: ("Nothing", "", "")}


def _treatments(tally: Tally, names: Mapping[str, tuple[str, str, str]]) -> list[dict[str, Any]]:
    won, lost = _won_and_lost(tally, "")
    keys = {key for _, key in [*tally.first, *tally.ranked]} - {NOBODY}
    rows = [
        {
            "treatment": key, "name": names.get(key, (key,))[0], "issue": names.get(key, ("", ""))[1],
            "objective": names.get(key, ("", "", ""))[2], "before": int(tally.first[NOW, key]), "after": int(tally.first[THEN, key]),
            "won": won.get(key, 0), "lost": lost.get(key, 0), "offered_before": int(tally.ranked[NOW, key]),
            "offered_after": int(tally.ranked[THEN, key]),
        }
        for key in keys
    ]  # fmt: skip
    return sorted(rows, key=lambda row: (-row["won"] - row["lost"], -row["after"], row["treatment"]))


def _won_and_lost(tally: Tally, segment: str) -> tuple[dict[str, int], dict[str, int]]:
    won: dict[str, int] = {}
    lost: dict[str, int] = {}
    for (of, before, after), number in tally.moves.items():
        if of == segment:
            won[after] = won.get(after, 0) + int(number)
            lost[before] = lost.get(before, 0) + int(number)
    return won, lost


def _segments(pack: Pack, tally: Tally) -> Iterable[tuple[str, str]]:
    return [(s.key, s.label) for s in pack.segments if tally.people[s.key]]


def _segment(tally: Tally, key: str, label: str, names: Mapping[str, tuple[str, str, str]]) -> dict[str, Any]:
    won, lost = _won_and_lost(tally, key)
    changed = sorted(won.keys() | lost.keys(), key=lambda t: (-won.get(t, 0) - lost.get(t, 0), t))
    return {
        "segment": key,
        "label": label,
        "customers": int(tally.people[key]),
        "changed": sum(won.values()),
        "value": _sides({side: tally.worth[key, side] for side in (NOW, THEN)}, None),
        "treatments": [
            {"treatment": t, "name": names.get(t, (t,))[0], "won": won.get(t, 0), "lost": lost.get(t, 0)}
            for t in changed
        ],
        "objectives": _objectives(tally, key),
    }


def _objectives(tally: Tally, segment: str) -> list[dict[str, Any]]:
    keys = sorted({key for of, _, key in tally.objectives if of == segment})
    return [
        {"objective": key, "before": int(tally.objectives[segment, NOW, key]), "after": int(tally.objectives[segment, THEN, key])}
        for key in keys
    ]  # fmt: skip


def _sides(sums: Mapping[Any, float], name: str | None) -> dict[str, float]:
    before, after = (sums.get(side if name is None else (side, name), 0.0) for side in (NOW, THEN))
    return {"before": round(before, 2), "after": round(after, 2)}


def _budgets(tally: Tally, packs: tuple[Pack, Pack]) -> list[dict[str, Any]]:
    """What the best of everyone would take, times its chance, beside what there is in one period."""
    known = {b.key: b for pack in packs for b in pack.budgets}
    return [
        {
            "budget": key, "label": b.label, "unit": b.unit, "per": b.per, "amount": b.amount,
            "before": round(tally.budgets[NOW, key], 2), "after": round(tally.budgets[THEN, key], 2),
        }
        for key, b in known.items()
    ]  # fmt: skip


def _nothing(tally: Tally, names: Mapping[str, tuple[str, str, str]]) -> dict[str, Any]:
    moves = {key: number for key, number in tally.moves.items() if key[0] == ""}
    return {
        "before": int(tally.first[NOW, NOBODY]),
        "after": int(tally.first[THEN, NOBODY]),
        "newly": int(sum(n for (_, _, after), n in moves.items() if after == NOBODY)),
        "steps": [{"step": step, "customers": int(number)} for step, number in _most(tally.nearest)],
        "why": [
            {"step": step, "rule": rule, "treatment": key, "name": names.get(key, (key,))[0], "customers": int(number)}
            for (step, rule, key), number in _most(tally.why)[:MOST_WHYS]
        ],
    }


def _fairness(tally: Tally, pack: Pack) -> Iterable[dict[str, Any]]:
    attributes: dict[str, list[str]] = {}
    for attribute, group, _, _ in tally.groups:
        if group not in attributes.setdefault(attribute, []):
            attributes[attribute].append(group)
    for attribute, groups in attributes.items():
        rows = [_group(tally, attribute, group) for group in sorted(groups)]
        large = [row for row in rows if row["customers"] >= LEAST_PEOPLE]
        ratios = {
            f"{what}_ratio_{when}": _ratio([row[f"{what}_{when}"] for row in large])
            for what in ("rate", "money")
            for when in ("before", "after")
        }
        low = [
            what for what in ("rate", "money") if (r := ratios[f"{what}_ratio_after"]) is not None and r < LEAST_RATIO
        ]
        label = {"age": "Age", "standing": " against ".join(STANDING.values()).capitalize()}.get(attribute)
        yield {
            "attribute": attribute,
            "label": label or (pack.attributes[attribute].label if attribute in pack.attributes else attribute),
            "groups": rows,
            **ratios,
            "warnings": low,
        }


def _group(tally: Tally, attribute: str, group: str) -> dict[str, Any]:
    """How many of a group have a concession as the best, and how much money it is on average over all of them."""
    row: dict[str, Any] = {"group": group, "customers": int(tally.groups[attribute, group, NOW, "customers"])}
    for side, when in ((NOW, "before"), (THEN, "after")):
        people = tally.groups[attribute, group, side, "customers"]
        row[f"rate_{when}"] = round(tally.groups[attribute, group, side, "conceded"] / people, 6) if people else 0.0
        row[f"money_{when}"] = round(tally.groups[attribute, group, side, "money"] / people, 4) if people else 0.0
    return row


def _ratio(values: list[float]) -> float | None:
    """The least part that one group gets of what another gets; None where nobody gets anything, or there is one group."""
    if len(values) < 2 or max(values) <= 0:
        return None
    return round(min(values) / max(values), 4)


def _most(counts: Mapping[Any, float]) -> list[tuple[Any, float]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
