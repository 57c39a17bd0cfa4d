"""Gives the engine the same customer, ledger and configuration that the reference was given, and compares what both made of them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.engine import deciding as engine
from backend.engine.catalogue import Catalogue
from backend.engine.deciding import Ranked, Ruling, Withheld
from backend.engine.delivery import deliver
from backend.engine.facts import Configuration, Ledger, OfferFact, TermValue
from backend.profiles.service import Consent, Moment, Profile, snapshot
from backend.profiles.types import Holding
from tests.unit.reference import decision as reference

_catalogues: dict[tuple[int, int], tuple[dict[str, Any], Catalogue]] = {}


def catalogue_of(version: int, body: dict[str, Any]) -> Catalogue:
    """Compiled once per body object: the known cases share one. The body is kept, so that its id stays its own."""
    kept = _catalogues.get((version, id(body)))
    if kept is None:
        kept = _catalogues[version, id(body)] = (body, Catalogue(version, body))
    return kept[1]


def configuration_of(given: dict[str, Any]) -> Configuration:
    return Configuration(
        version=given["version"],
        catalogue=catalogue_of(given["version"], given["catalogue"]),
        older={version: catalogue_of(version, body) for version, body in given.get("older", {}).items()},
        levers=given.get("levers", {}),
        prices=given.get("prices", {}),
        exhausted=frozenset(given.get("exhausted", ())),
    )


def profile_of(given: dict[str, Any], body: dict[str, Any]) -> Profile:
    moment = given.get("moment")
    return Profile(
        customer_id=UUID(int=given.get("number", 1)),
        number="C1",
        name="Ada Lovelace",
        attributes=given["attributes"],
        facts=given.get("facts", {}),
        version=given.get("version", 1),
        timezone=given.get("timezone", body["pack"]["timezone"]),
        language="en",
        made_up=True,
        moment=Moment(channel="phone", **moment) if moment else None,
        consents=tuple(
            Consent(*key.split("/"), state=state, source="test", wording="Yes", at=datetime.min)  # noqa: DTZ901
            for key, state in given.get("consents", {}).items()
        ),
        holdings=tuple(Holding(**{"label": h["holding_id"], **h}) for h in given.get("holdings", ())),
    )


def ledger_of(offers: list[dict[str, Any]], configuration: Configuration) -> Ledger:
    facts = []
    for nth, o in enumerate(offers):
        t = configuration.catalogue_of(o["version"]).treatments[o["treatment"]]
        units = {term.key: (term.label, term.unit) for term in t.term}
        facts.append(
            OfferFact(
                offer_id=str(UUID(int=1000 + nth)),
                treatment=o["treatment"],
                subject=o.get("subject", ""),
                state=o["state"],
                catalogue_version=o["version"],
                terms=tuple(TermValue(key, *units[key], value) for key, value in o["terms"]),
                valid_until=o["valid_until"],
                presented_at=o["presented_at"],
                presented_on=o["presented_on"],
                presented_first=bool(o.get("first")),
                moment_key=o["moment"],
                answered_on=o.get("answered_on"),
                until=o.get("until"),
                concession=o.get("concession", 0.0),
                reason=o.get("reason"),
            )
        )
    return Ledger(1, tuple(sorted(facts, key=lambda f: (f.presented_at or "", f.offer_id))))


def ruling_of(
    profile: dict[str, Any], offers: list[dict[str, Any]], given: dict[str, Any], now: datetime
) -> tuple[Any, Ruling]:
    """The engine's snapshot of the customer and its ruling."""
    configuration = configuration_of(given)
    seen = snapshot(profile_of(profile, given["catalogue"]), now, configuration.catalogue.pack)
    return seen, engine.decide(seen, ledger_of(offers, configuration), configuration)


def overridable_of(
    profile: dict[str, Any], offers: list[dict[str, Any]], given: dict[str, Any], now: datetime
) -> dict[tuple[str, str], Ranked]:
    """What an agent may choose besides, by treatment and subject."""
    configuration = configuration_of(given)
    seen = snapshot(profile_of(profile, given["catalogue"]), now, configuration.catalogue.pack)
    return engine.overridable(seen, ledger_of(offers, configuration), configuration)


def assert_equal(expected: reference.Decision, seen: Any, ruling: Ruling) -> None:
    """The engine's decision is the reference's: factors to 1e-9, order, terms, dates; step, rule and evidence of each withheld."""
    c = expected.customer
    assert (seen.today, seen.life_cycle, list(seen.segments), list(seen.protective)) == (
        c.today.isoformat(), c.life_cycle, c.segments, c.protective,
    )  # fmt: skip
    assert (seen.stage, seen.intent, seen.stated, seen.moment_key) == (c.stage, c.intent, c.stated, c.moment_key)
    assert close(seen.churn_risk, c.risk)
    assert {o: round(w, 9) for o, w in ruling.weights.items()} == {o: round(w, 9) for o, w in expected.weights.items()}
    assert [name_of(r) for r in ruling.ranked] == [p.name for p in expected.ranked]
    for got, wanted in zip(ruling.ranked, expected.ranked, strict=True):
        assert_same_place(got, wanted)
    assert {name_of(w): (w.step, w.rule) for w in ruling.withheld} == {t: v[:2] for t, v in expected.withheld.items()}
    assert len(ruling.withheld) == len(expected.withheld)
    for withheld in ruling.withheld:
        evidence = expected.withheld[name_of(withheld)][2]
        assert set(withheld.values) == set(evidence), withheld
        assert all(close(withheld.values[name], evidence[name]) for name in evidence), withheld


def name_of(found: Ranked | Withheld) -> str:
    """As the reference names it: `films`, or `speed@line1` for one of several subjects."""
    return reference.name_of(found.treatment, found.subject)


def assert_same_overridable(
    expected: dict[tuple[str, str], reference.Place], found: dict[tuple[str, str], Ranked]
) -> None:
    """An agent may choose the same, for the same worth and on the same terms."""
    assert found.keys() == expected.keys()
    for place, wanted in expected.items():
        assert_same_place(found[place], wanted)


def assert_same_place(got: Ranked, wanted: reference.Place) -> None:
    for name in ("propensity", "context", "value", "lever", "price", "attention"):
        assert close(getattr(got.factors, name), getattr(wanted, name)), (got.treatment, name)
    assert got.factors.draw is None
    assert close(got.priority, wanted.priority), got.treatment
    assert [t.key for t in got.terms] == [key for key, _ in wanted.terms]
    assert all(
        close(t.value, value) and type(t.value) is type(value)
        for t, (_, value) in zip(got.terms, wanted.terms, strict=True)
    )
    assert (got.valid_until, got.live, got.pinned, got.catalogue_version) == (
        wanted.valid_until, wanted.live, wanted.pinned, wanted.version,
    )  # fmt: skip


def assert_equal_delivery(
    expected: reference.Decision, given: dict[str, Any], seen: Any, ruling: Ruling, channel: str
) -> None:
    """The channel delivers what the reference says that it can, in the same order, and names the same rule for the rest."""
    delivery = deliver(ruling.ranked, seen, configuration_of(given), channel)
    refused = {p.name: rule for p in expected.ranked if (rule := reference.undeliverable(expected, p, given, channel))}
    assert [name_of(r) for r in delivery.here] == [p.name for p in expected.ranked if p.name not in refused]
    assert {name_of(r): w.rule for r, w in delivery.elsewhere} == refused
    assert {w.step for _, w in delivery.elsewhere} <= {"deliverable"}


def close(a: Any, b: Any) -> bool:
    if isinstance(a, float) or isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
    return bool(a == b)
