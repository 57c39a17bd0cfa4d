"""Everything that a decision reads of a customer, at one instant: typed, windowed, complete, and free of the clock. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from backend.matrix.types import Fact, Pack
from backend.profiles.experience import score
from backend.profiles.risk import churn_risk
from backend.profiles.types import Holding, Profile
from backend.rules.service import Context, Expression, RuleFailed
from shared.kernel import clock

_EMPTY: dict[str, Any] = {"bool": False, "int": 0, "number": 0.0, "text": "", "choice": "", "date": ""}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One customer as decisions see them. Equal profiles on the same local day, moment and pack give equal snapshots."""

    customer_id: str
    profile_version: int
    today: str
    timezone: str
    language: str
    moment_version: int
    moment_key: str
    """"3" while moment 3 is live, "3/faded" after, "0" when there never was one."""
    stage: str | None
    intent: str | None
    stated: bool
    moment_set_on: str | None
    moment_fades_at: str | None
    attributes: dict[str, bool | int | float | str | None]
    facts: dict[str, bool | int | float]
    life_cycle: str
    segments: tuple[str, ...]
    churn_risk: float | None
    risk_reasons: tuple[tuple[str, float], ...]
    protective: tuple[str, ...]
    consents: dict[str, str]
    bad_experience: dict[str, Any] | None
    holdings: tuple[Holding, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The snapshot as plain JSON; `from_json` gives back an equal one."""
        plain = {f.name: getattr(self, f.name) for f in fields(self)}
        plain["segments"], plain["protective"] = list(self.segments), list(self.protective)
        plain["risk_reasons"] = [list(pair) for pair in self.risk_reasons]
        plain["holdings"] = [{f.name: getattr(h, f.name) for f in fields(h)} for h in self.holdings]
        return plain

    @staticmethod
    def from_json(plain: Mapping[str, Any]) -> Snapshot:
        """The snapshot that `to_json` wrote. Raises KeyError or TypeError when it is not one."""
        rest = dict(plain)
        rest["segments"], rest["protective"] = tuple(rest["segments"]), tuple(rest["protective"])
        rest["risk_reasons"] = tuple((str(a), float(c)) for a, c in rest["risk_reasons"])
        rest["holdings"] = tuple(Holding(**holding) for holding in rest.get("holdings", ()))
        return Snapshot(**rest)

    def names(self) -> dict[str, Any]:
        """The values of the names that a rule may read of a customer; what a decision adds (ledger counts) is not here."""
        return {
            **self.attributes,
            **self.facts,
            "churn_risk": self.churn_risk or 0.0,
            "today": self.today,
            "weekday": date.fromisoformat(self.today).isoweekday(),
            "life_cycle": self.life_cycle,
            "segments": list(self.segments),
            "protective": list(self.protective),
            "stage": self.stage or "",
            "intent": self.intent or "",
            "intent_stated": self.stated,
            "consents": sorted(key for key, state in self.consents.items() if state == "granted"),
        }


def snapshot(profile: Profile, now: datetime, pack: Pack) -> Snapshot:
    """The customer as a decision of this instant sees them, with life cycle, segments and risk by the pack's rules."""
    today = clock.local_day(now, profile.timezone)
    attributes = {key: _typed(a.type, profile.attributes.get(key), a.default) for key, a in pack.attributes.items()}
    facts = {key: kept_fact(fact, profile.facts, today, pack) for key, fact in pack.facts.items()}
    risk, reasons = churn_risk(pack.churn, attributes) if pack.churn else (None, ())
    life_cycle, segments, protective = _states(pack, attributes, facts, risk, today)
    moment = profile.moment
    live = moment is not None and moment.live(now)
    return Snapshot(
        customer_id=str(profile.customer_id),
        profile_version=profile.version,
        today=today.isoformat(),
        timezone=profile.timezone,
        language=profile.language,
        moment_version=moment.version if moment else 0,
        moment_key="0" if moment is None else str(moment.version) if live else f"{moment.version}/faded",
        # A pack published since may know neither: then the moment still holds, and tells nothing.
        stage=moment.stage if moment and live and moment.stage in pack.stage_weights else None,
        intent=moment.intent if moment and live and moment.intent in pack.intents else None,
        stated=bool(moment and live and moment.source == "stated"),
        moment_set_on=clock.local_day(moment.set_at, profile.timezone).isoformat() if moment and live else None,
        moment_fades_at=moment.fades_at.astimezone(UTC).isoformat() if moment and live else None,
        attributes=attributes,
        facts=facts,
        life_cycle=life_cycle,
        segments=segments,
        churn_risk=risk,
        risk_reasons=reasons,
        protective=protective,
        consents={f"{c.purpose}/{c.channel}": c.state for c in profile.consents},
        bad_experience=profile.facts.get("bad_experience"),
        holdings=tuple(_holding(h, pack) for h in profile.holdings),
    )


def _holding(holding: Holding, pack: Pack) -> Holding:
    """With its attributes in the types of the pack's schema; one of a kind that the pack dropped keeps none."""
    kind = next((k for k in pack.holdings if k.key == holding.kind), None)
    known = holding.attributes
    typed = {a.key: _typed(a.type, known.get(a.key), a.default) for a in kind.attribute} if kind else {}
    return replace(holding, attributes=typed)


def with_known(seen: Snapshot, pack: Pack, known: Mapping[str, bool | int | float | str]) -> Snapshot:
    """The same customer with these attributes and facts instead; risk, life cycle and states are worked out anew from them."""
    attributes = seen.attributes | {
        key: _typed(pack.attributes[key].type, value, None) for key, value in known.items() if key in pack.attributes
    }
    facts = dict(seen.facts)
    for key in known.keys() & pack.facts.keys():
        facts[key] = _kept(pack.facts[key], known[key])
    risk, reasons = churn_risk(pack.churn, attributes) if pack.churn else (None, ())
    life_cycle, segments, protective = _states(pack, attributes, facts, risk, date.fromisoformat(seen.today))
    return replace(
        seen, attributes=attributes, facts=facts, churn_risk=risk, risk_reasons=reasons, life_cycle=life_cycle,
        segments=segments, protective=protective,
    )  # fmt: skip


def _typed(type_: str, value: Any, default: Any) -> bool | int | float | str | None:
    """The value in the schema's type; the default, or the type's empty value, where nothing is known."""
    if value is None:
        value = default if default is not None else _EMPTY[type_]
    if type_ == "number":
        return float(value)
    if type_ == "int":
        return int(value)
    if type_ == "bool":
        return bool(value)
    return value if isinstance(value, str) else str(value)


def kept_fact(fact: Fact, known: Mapping[str, Any], today: date, pack: Pack) -> bool | int | float:
    """What the fact comes to today, out of what is kept for it."""
    if fact.window is not None:
        days = known.get("days", {}).get(fact.of)
        raw: Any = _in_window(days, today, fact.window) if days else 0
    elif fact.since:
        last = known.get("dates", {}).get(fact.since)
        raw = max((today - date.fromisoformat(last)).days, 0) if last else fact.default
    elif fact.experience:
        raw = score(known.get("truths", ()), pack.experience, today)
    else:
        raw = known.get("values", {}).get(fact.value)
        raw = fact.default if raw is None else raw
    return _kept(fact, raw)


def _kept(fact: Fact, raw: Any) -> bool | int | float:
    """The value in the fact's type."""
    if fact.type == "bool":
        return bool(raw)
    return float(raw or 0) if fact.type == "number" else int(raw or 0)


def _in_window(days: Mapping[str, float], today: date, window: int) -> float:
    """The sum over today and the window - 1 days before it. ISO days sort as text, so no date is parsed."""
    first, last = _window(today, window)
    return sum(count for day, count in days.items() if first <= day <= last)


@lru_cache(maxsize=256)
def _window(today: date, window: int) -> tuple[str, str]:
    """Its first and last day."""
    return (today - timedelta(days=window - 1)).isoformat(), today.isoformat()


def _states(
    pack: Pack, attributes: Mapping[str, Any], facts: Mapping[str, Any], risk: float | None, today: date
) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    values = {
        **attributes,
        **facts,
        "churn_risk": risk or 0.0,
        "today": today.isoformat(),
        "weekday": today.isoweekday(),
    }
    context = Context(values, needed=_needed(pack))
    life_cycle = next((s.key for s in pack.life_cycle if _holds(s.rule, context)), pack.life_cycle[-1].key)
    context.add("life_cycle", life_cycle)
    described = _described(pack, facts)
    segments = tuple(
        s.key for s in pack.segments if (s.key in described if s.kind == "descriptive" else _holds(s.rule, context))
    )
    context.add("segments", list(segments))
    protective = tuple(p.key for p in pack.protective if _holds(p.rule, context))
    return life_cycle, segments, protective


def _described(pack: Pack, facts: Mapping[str, Any]) -> frozenset[str]:
    """The descriptive segments that these scores come to; who is not scored is in none. There are few scores, so each answer is kept."""
    kept = pack.worked_out.setdefault("described", {})
    if not kept:
        rules = [s for s in pack.segments if s.kind == "descriptive"]
        kept["rules"], kept["names"] = rules, sorted({name for s in rules for name in s.rule.names})
    scores = tuple(facts.get(name, 0) for name in kept["names"])
    if not any(scores):
        return frozenset()
    found: frozenset[str] | None = kept.get(scores)
    if found is None:
        context = Context(dict(zip(kept["names"], scores, strict=True)))
        found = kept[scores] = frozenset(s.key for s in kept["rules"] if _holds(s.rule, context))
    return found


def _holds(rule: Expression, context: Context) -> bool:
    """A rule that cannot be decided for this customer does not hold; the pack's check finds such rules beforehand."""
    try:
        return rule.test(context)
    except RuleFailed:
        return False


_plans: dict[int, tuple[Pack, frozenset[str]]] = {}


def _needed(pack: Pack) -> frozenset[str]:
    """The names that the pack's own states read, found once per pack: converting all for the evaluator is the slow part."""
    kept = _plans.get(id(pack))
    if kept is not None and kept[0] is pack:
        return kept[1]
    rules = (
        [s.rule for s in pack.life_cycle]
        + [s.rule for s in pack.segments if s.kind == "rule"]
        + [p.rule for p in pack.protective]
    )
    names: frozenset[str] = frozenset().union(*(rule.names for rule in rules))
    if len(_plans) >= 16:
        _plans.clear()
    _plans[id(pack)] = (pack, names)
    return names
