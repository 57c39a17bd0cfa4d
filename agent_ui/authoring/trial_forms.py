"""The form of an experiment: what was typed becomes a plan, and comes back with what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from backend.catalogue.service import Draft
from backend.trials.service import METRICS, MOST_ARMS, Plan, PlannedArm
from shared.kernel.errors import Invalid

KEYS = ("control", "b", "c", "d")
CONTROL = "As it is"
LONGEST = 500
OTHERS = range(1, MOST_ARMS)
CALLED = {
    "name": "In a few words", "purpose": "What you expect, and why", "window_days": "Days", "usual": "What it is today", "spread": "Its spread",
    "lift": "Worth knowing from", "power": "Found with a chance of", "share": "Percent of customers", "segment": "Segment",
    **{f"arm{nth}": f"Arm {nth}" for nth in OTHERS}, **{f"levers{nth}": f"Arm {nth}, levers" for nth in OTHERS},
}  # fmt: skip
"""What the parts of the form are called where they are spoken of elsewhere."""


def blank() -> dict[str, Any]:
    """What a new form proposes."""
    return {
        "metric": "acceptance", "window_days": "14", "lift": "10", "power": "80", "share": "100", "segment": "",
        "guardrails": ["retention", "experience"],
    }  # fmt: skip


def of_plan(plan: Plan) -> dict[str, Any]:
    """The form as it was when this plan was made."""
    percent = METRICS[plan.metric].share
    typed: dict[str, Any] = {
        "name": plan.name, "purpose": plan.purpose, "metric": plan.metric, "window_days": str(plan.window_days),
        "usual": f"{plan.usual * (100 if percent else 1):g}", "spread": f"{plan.spread:g}" if plan.spread else "",
        "lift": f"{100 * plan.lift:g}", "power": f"{100 * plan.power:g}", "share": f"{100 * plan.share:g}", "segment": plan.segment,
        "guardrails": list(plan.guardrails),
    }  # fmt: skip
    for nth, arm in enumerate(plan.arms[1:], 1):
        typed[f"arm{nth}"] = str(arm.draft_id) if arm.draft_id else ""
        typed[f"levers{nth}"] = ", ".join(f"{treatment} {factor:g}" for treatment, factor in arm.levers)
        typed[f"label{nth}"] = arm.label
    return typed


def typed_in(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed, as it was."""
    names = [
        "name", "purpose", "metric", "window_days", "usual", "spread", "lift", "power", "share", "segment",
        *(f"{what}{nth}" for nth in OTHERS for what in ("arm", "levers", "label")),
    ]  # fmt: skip
    return {name: form.get(name, "")[:LONGEST] for name in names} | {"guardrails": form.getlist("guardrails")[:10]}


def plan_of(typed: Mapping[str, Any], drafts: Mapping[UUID, Draft]) -> Plan:
    """The plan that was typed. Raises Invalid for what is no number, no draft and no lever, by field."""
    wrong: dict[str, str] = {}

    def number(name: str, part: float = 1.0) -> float:
        text = str(typed[name]).strip().removesuffix("%").strip().replace(",", ".")
        try:
            found = float(text) * part
        except ValueError:
            found = float("nan")
        if not isfinite(found):
            wrong[name] = "A number, please."
            return 0.0
        return found

    metric = METRICS.get(typed["metric"])
    share = metric is None or metric.share
    arms = [PlannedArm(KEYS[0], CONTROL)]
    for nth in OTHERS:
        if arm := _arm(nth, len(arms), typed, drafts, wrong):
            arms.append(arm)
    plan = Plan(
        name=typed["name"], purpose=typed["purpose"], arms=tuple(arms), metric=typed["metric"], window_days=int(number("window_days")),
        usual=number("usual", 0.01 if share else 1.0), spread=0.0 if share or not typed["spread"] else number("spread"),
        lift=number("lift", 0.01), power=number("power", 0.01), share=number("share", 0.01), segment=typed["segment"],
        guardrails=tuple(key for key in METRICS if key in typed["guardrails"]),
    )  # fmt: skip
    if wrong:
        raise Invalid("Some of this cannot be read.", wrong)
    return plan


def as_typed(wrong: Mapping[str, str], typed: Mapping[str, Any]) -> dict[str, str]:
    """Errors where the form has what they are about: arms are counted without the parts of it that were left empty."""
    filled = [nth for nth in OTHERS if typed[f"arm{nth}"] or str(typed[f"levers{nth}"]).strip()]
    places = {f"{what}{place}": f"{what}{nth}" for place, nth in enumerate(filled, 1) for what in ("arm", "levers")}
    return {places.get(name, name): text for name, text in wrong.items()}


def in_full(wrong: Mapping[str, str]) -> dict[str, str]:
    """The same for a list above the form: each says which part it is about."""
    return {
        name: f"{CALLED[name]}: {text[:1].lower()}{text[1:]}" if name in CALLED else text
        for name, text in wrong.items()
    }


def _arm(
    nth: int, place: int, typed: Mapping[str, Any], drafts: Mapping[UUID, Draft], wrong: dict[str, str]
) -> PlannedArm | None:
    """The arm of this part of the form; None where it was left empty."""
    chosen, levers = str(typed[f"arm{nth}"]), str(typed[f"levers{nth}"]).strip()
    if not chosen and not levers:
        return None
    label = " ".join(str(typed[f"label{nth}"]).split())[:80]
    if not chosen:
        return PlannedArm(KEYS[place], label or f"Levers {levers}"[:80], levers=_levers(nth, levers, wrong))
    draft = next((one for key, one in drafts.items() if str(key) == chosen), None)
    if draft is None:
        wrong[f"arm{nth}"] = "There is no such draft."
        return None
    return PlannedArm(
        KEYS[place], label or draft.name, draft.draft_id, draft.digest, _levers(nth, levers, wrong) if levers else ()
    )


def _levers(nth: int, text: str, wrong: dict[str, str]) -> tuple[tuple[str, float], ...]:
    """ "loyalty_credit 1.5, referral 0.8": treatments by their keys, each with what its lever is multiplied by."""
    found: dict[str, float] = {}
    for part in text.replace(";", ",").split(","):
        words = part.split()
        try:
            treatment, factor = words
            found[treatment] = float(factor)
        except ValueError:
            wrong[f"levers{nth}"] = "Each a treatment and a number, such as: loyalty_credit 1.5"
            return ()
    return tuple(sorted(found.items()))
