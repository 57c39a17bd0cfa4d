"""The customer as a decision sees them: typed attributes, whole-day facts, risk, states and the moment. Plain Python."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

EMPTY = {"bool": False, "int": 0, "number": 0.0, "text": "", "choice": "", "date": ""}


class Failed(Exception):
    """A rule that has no answer for this customer."""


@dataclass
class Customer:
    """The customer as a decision sees them on this day."""

    today: date
    names: dict[str, Any]
    life_cycle: str
    segments: list[str]
    protective: list[str]
    risk: float
    stage: str | None
    intent: str | None
    stated: bool
    moment_key: str
    consents: dict[str, str]
    holdings: list[dict[str, Any]]
    """What they have several of: `holding_id`, `kind`, and `names`, what rules for one of them may read besides."""


def answer_of(rule: Any, names: dict[str, Any]) -> Any:
    """What the rule says. Raises Failed where it has no answer, or a number that is none."""
    if isinstance(rule, (int, float)):
        return rule
    try:
        found = rule.by_hand(names)
    except (ArithmeticError, KeyError) as e:
        raise Failed(str(e)) from None
    if isinstance(found, float) and not math.isfinite(found):
        raise Failed("not finite")
    return found


def customer_of(profile: dict[str, Any], body: dict[str, Any], now: datetime) -> Customer:
    """Typed attributes, windows summed, risk, life cycle, segments, protective states and the moment, if it has not faded."""
    today = now.astimezone(ZoneInfo(profile.get("timezone", body["pack"]["timezone"]))).date()
    names: dict[str, Any] = {
        a["key"]: _typed(a, profile["attributes"].get(a["key"])) for a in body["attributes"]["attribute"]
    }
    for f in body["facts"]["fact"]:
        names[f["key"]] = _fact(f, profile.get("facts", {}), today)
    risk = _risk(body["churn"], names)
    names |= {"churn_risk": risk, "today": today.isoformat(), "weekday": today.isoweekday()}
    state = next(s["key"] for s in body["lifecycle"]["state"] if _holds(s["rule"], names))
    names["life_cycle"] = state
    segments = [s["key"] for s in body["segments"]["segment"] if _holds(s["rule"], names)]
    names["segments"] = segments
    protective = [p["key"] for p in body["pack"]["protective"] if _holds(p["rule"], names)]
    names["protective"] = protective
    moment = profile.get("moment")
    live = moment is not None and now < moment["fades_at"]
    key = "0" if moment is None else f"{moment['version']}" if live else f"{moment['version']}/faded"
    stage, intent = (moment["stage"], moment["intent"]) if live else (None, None)
    stated = bool(live and moment["source"] == "stated")
    consents = dict(profile.get("consents", {}))
    names |= {"stage": stage or "", "intent": intent or "", "intent_stated": stated}
    names["consents"] = sorted(k for k, s in consents.items() if s == "granted")
    holdings = _holdings(profile, body)
    return Customer(today, names, state, segments, protective, risk, stage, intent, stated, key, consents, holdings)


def _typed(attribute: dict[str, Any], given: Any) -> Any:
    """In the attribute's type; its default, or the empty value of its type, where nothing is known."""
    if given is None:
        given = attribute.get("default")
    if given is None:
        given = EMPTY[attribute["type"]]
    return {"int": int, "number": float, "bool": bool}.get(attribute["type"], str)(given)


def _holdings(profile: dict[str, Any], body: dict[str, Any]) -> list[dict[str, Any]]:
    kinds = {kind["key"]: kind["attribute"] for kind in body.get("holdings", {}).get("holding", ())}
    return [
        {
            "holding_id": h["holding_id"],
            "kind": h["kind"],
            "names": {
                f"{h['kind']}_{a['key']}": _typed(a, h["attributes"].get(a["key"])) for a in kinds.get(h["kind"], ())
            },
        }
        for h in profile.get("holdings", ())
    ]


def _holds(rule: Any, names: dict[str, Any]) -> bool:
    try:
        return bool(answer_of(rule, names))
    except Failed:
        return False


def _fact(fact: dict[str, Any], known: dict[str, Any], today: date) -> int:
    if "window" in fact:
        buckets = known.get("days", {}).get(fact["of"], {})
        first = today - timedelta(days=fact["window"] - 1)
        return int(sum(n for day, n in buckets.items() if first <= date.fromisoformat(day) <= today))
    if "since" in fact:
        last = known.get("dates", {}).get(fact["since"])
        return max(0, (today - date.fromisoformat(last)).days) if last else fact["default"]
    return int(known.get("values", {}).get(fact["value"], fact.get("default", 0)))


def _risk(churn: dict[str, Any], names: dict[str, Any]) -> float:
    total = churn["intercept"]
    for term in churn["term"]:
        raw = names[term["attribute"]]
        if "level" in term:
            x = 1.0 if raw == term["level"] else 0.0
        else:
            number = math.log(1 + raw) if term.get("transform") == "log1p" else float(raw)
            x = (number - term.get("mean", 0)) / term.get("scale", 1)
        total += term["coefficient"] * x
    return 1 / (1 + math.exp(-total))
