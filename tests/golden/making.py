"""Writes the golden decisions of the engine as it is now: `python -m tests.golden.making`. Refuses to replace a file unless told `again`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import Any

from backend.engine import deciding as engine
from backend.engine.catalogue import Catalogue, digest_of
from backend.engine.deciding import ENGINE_VERSION, Ranked
from backend.engine.facts import Configuration, Ledger, OfferFact
from backend.engine.terms import concession_of
from backend.loading import translating
from backend.matrix.service import folder_of, read_body
from backend.packs.telecom.making import people, read_customers
from backend.profiles.service import Consent, Moment, NewCustomer, Profile, snapshot
from backend.treatments.inputs import document_of
from shared.kernel import clock
from tests.golden.replaying import FOLDER, Golden, result_of, write

ANCHOR = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CUSTOMERS = 120
EVERY = 58
"""Every so many of the file's customers, so that all kinds of them are met."""
DECISIONS = 3
"""Of each customer, days or weeks apart, with what was answered in between."""


def decisions(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The inputs and results, the same each time that they are made."""
    catalogue = Catalogue(1, body)
    dials = {"levers": {"referral": 1.5, "plan_check": 0.5}, "prices": {"technician": 4.0, "goodwill": 0.1}}
    plenty = Configuration(1, catalogue, **dials)
    scarce = replace(plenty, exhausted=frozenset({"technician"}))
    rows = islice(read_customers(), 0, CUSTOMERS * EVERY, EVERY)
    for place, made in enumerate(people(rows, ANCHOR)):
        chance = Random(f"golden/{made.number}")
        customer = translating.life(made, place, ANCHOR, 1).customer
        offers: list[OfferFact] = []
        now = ANCHOR
        for version in range(DECISIONS):
            profile = _profile(customer, _moment(chance, now, catalogue))
            seen, configuration = snapshot(profile, now, catalogue.pack), chance.choice([plenty, plenty, scarce])
            ledger = Ledger(version, tuple(offers))
            ruling = engine.decide(seen, ledger, configuration)
            yield {"inputs": document_of(seen, ledger, configuration), "result": result_of(ruling)}
            _answer(offers, ruling.ranked, seen.moment_key, now, profile, catalogue, chance)
            now += timedelta(days=chance.choice([1, 2, 7, 21, 45]), hours=chance.randint(0, 9))


def _profile(customer: NewCustomer, moment: Moment | None) -> Profile:
    consents = tuple(Consent(c.purpose, c.channel, c.state, c.source, c.wording, c.at) for c in customer.consents)
    return Profile(
        customer.customer_id, customer.number, customer.name, customer.attributes, customer.facts, 1, customer.timezone,
        customer.language, True, moment, consents,
    )  # fmt: skip


def _moment(chance: Random, now: datetime, catalogue: Catalogue) -> Moment | None:
    if chance.random() < 0.4:
        return None
    intent = chance.choice(sorted(catalogue.pack.intents))
    set_at = now - timedelta(hours=chance.randint(0, 60))
    return Moment(
        version=chance.randint(1, 3), stage=catalogue.pack.intents[intent].stage, intent=intent,
        source="stated" if chance.random() < 0.6 else "inferred", channel="phone", set_at=set_at,
        fades_at=set_at + timedelta(hours=catalogue.pack.intents[intent].fade_hours),
    )  # fmt: skip


def _answer(
    offers: list[OfferFact], ranked: tuple[Ranked, ...], moment_key: str, now: datetime, profile: Profile,
    catalogue: Catalogue, chance: Random,
) -> None:  # fmt: skip
    """Presents the first two of what is new, and answers some of it."""
    today = clock.local_day(now, profile.timezone)
    for nth, item in enumerate(r for r in ranked[:2] if not r.live):
        treatment = catalogue.treatments[item.treatment]
        state: Any = chance.choice(["presented", "presented", "accepted", "fulfilled", "declined", "deferred"])
        answered = None if state == "presented" else today
        until = min(today + timedelta(days=chance.randint(1, 14)), item.valid_until) if state == "deferred" else None
        offers.append(
            OfferFact(
                offer_id=f"{profile.number}-{len(offers)}",
                treatment=item.treatment,
                subject=item.subject,
                state=state,
                catalogue_version=1,
                terms=item.terms,
                valid_until=item.valid_until,
                presented_at=(now + timedelta(seconds=nth)).isoformat(),
                presented_on=today,
                presented_first=nth == 0,
                moment_key=moment_key,
                answered_on=answered,
                until=until,
                concession=concession_of(treatment, item.terms, catalogue.pack.currency),
                reason=chance.choice(catalogue.pack.decline_reasons).key if state == "declined" else None,
            )
        )


def main(again: bool) -> None:
    path = FOLDER / f"engine-{ENGINE_VERSION}.json.xz"
    if path.exists() and not again:
        raise SystemExit(f"{path.name} is there: golden decisions stay as they were. Raise ENGINE_VERSION first.")
    body = json.loads(json.dumps(read_body(folder_of("telecom")), default=str))
    golden = Golden(ENGINE_VERSION, digest_of(body), body, list(decisions(body)))
    write(golden)
    sys.stderr.write(f"{path.name}: {len(golden.decisions)} decisions, {path.stat().st_size:,} bytes\n")


if __name__ == "__main__":
    main(again="again" in sys.argv[1:])
