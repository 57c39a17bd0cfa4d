"""Runs the telecom pack over all its customers and stages: who would be offered what first, and where nothing.

`python -m tests.unit.telecom_pairs` prints the table; the tests hold it to its bounds.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from multiprocessing import get_context
from uuid import UUID

from backend.engine.catalogue import Catalogue
from backend.engine.deciding import decide
from backend.engine.delivery import deliver
from backend.engine.facts import Configuration, Ledger, OfferFact
from backend.engine.ruling import Ranked
from backend.matrix.service import folder_of, read_body
from backend.packs.telecom.making import MadeCustomer, people, read_customers
from backend.profiles.service import Snapshot, snapshot
from backend.profiles.types import Consent, Holding, Profile
from backend.treatments.plan_changes import changes_of, made

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
NOTHING = "(nothing)"
DEFAULT = "(default)"


@cache
def configuration() -> Configuration:
    return Configuration(version=1, catalogue=Catalogue(1, read_body(folder_of("telecom"))))


def profile_of(place: int, made: MadeCustomer) -> Profile:
    """The profile that a load of this made-up customer would give."""
    consents = tuple(Consent(c.purpose, c.channel, c.state, c.source, c.wording, c.at) for c in made.consents)  # type: ignore[arg-type]
    return Profile(
        customer_id=UUID(int=place + 1),
        number=made.number,
        name=made.name,
        attributes=dict(made.attributes),
        facts=made.facts,
        version=1,
        timezone=made.timezone,
        language=made.language,
        made_up=True,
        moment=None,
        consents=consents,
        phone=made.phone,
        email=made.email,
        holdings=tuple(
            Holding(f"{made.number}-{nth}", h.kind, h.label, dict(h.attributes))
            for nth, h in enumerate(made.holdings, 1)
        ),
    )


def profiles() -> Iterator[Profile]:
    """Each customer, without a moment."""
    for place, made_up in enumerate(people(read_customers(), NOW)):
        yield profile_of(place, made_up)


def here(base: Snapshot, stage: str) -> Snapshot:
    """The customer in this stage, without an intent."""
    return replace(base, stage=stage, moment_version=1, moment_key="1", stated=True)


def fulfilled(profile: Profile, item: Ranked, days: int) -> tuple[Snapshot, Ledger]:
    """The customer so many days after this was done for them: what it changes of them, and the ledger that says so."""
    catalogue = configuration().catalogue
    t, on = catalogue.treatments[item.treatment], NOW.date() - timedelta(days=days)
    layer = changes_of(t.fulfilment, item.terms, profile.attributes, catalogue.pack.currency)
    after = snapshot(replace(profile, attributes=made(layer, profile.attributes)), NOW, catalogue.pack)
    offer = OfferFact(
        offer_id=str(UUID(int=1)), treatment=t.key, subject="", state="fulfilled", catalogue_version=catalogue.version,
        terms=item.terms, valid_until=on + timedelta(days=t.valid_days), presented_at=(NOW - timedelta(days=days)).isoformat(),
        presented_on=on, answered_on=on,
    )  # fmt: skip
    return after, Ledger(1, (offer,))


@dataclass
class Table:
    """Counts over the pairs of customers and stages."""

    first: Counter[tuple[str, str]] = field(default_factory=Counter)  # (stage, treatment): first in the decision
    helped: Counter[bool] = field(default_factory=Counter)  # at (support, no intent): something by phone and by portal
    followed: Counter[str] = field(
        default_factory=Counter
    )  # follow-up: customers for whom what comes before it was done
    after: Counter[tuple[str, str]] = field(default_factory=Counter)  # (stage, follow-up): first in their decisions
    same: Counter[bool] = field(default_factory=Counter)  # without a moment: same non-empty first by phone and portal
    unhelped: list[str] = field(default_factory=list)

    def add(self, other: "Table") -> "Table":
        self.first += other.first
        self.helped += other.helped
        self.followed += other.followed
        self.after += other.after
        self.same += other.same
        self.unhelped += other.unhelped
        return self

    def share(self, treatment: str) -> float:
        """Of all pairs, those in which this treatment is first."""
        pairs = {pair: n for pair, n in self.first.items() if pair[0] != DEFAULT}
        return sum(n for (_, first), n in pairs.items() if first == treatment) / sum(pairs.values())

    def best(self, treatment: str) -> float:
        """Of one stage's pairs, those in which this treatment is first, in the stage where that is most.

        For a follow-up the pairs are those of the customers for whom what comes before it was done.
        """
        if configuration().catalogue.treatments[treatment].follows is not None:
            most = max((n for (_, first), n in self.after.items() if first == treatment), default=0)
            return most / max(self.followed[treatment], 1)
        stages = {stage for stage, _ in self.first} - {DEFAULT}
        customers = {s: sum(n for (stage, _), n in self.first.items() if stage == s) for s in stages}
        return max(self.first[stage, treatment] / customers[stage] for stage in stages)


def count(customers: Iterable[Profile]) -> Table:
    table = Table()
    config = configuration()
    empty = Ledger(version=0)
    for profile in customers:
        base = snapshot(profile, NOW, config.catalogue.pack)
        offered: dict[str, Ranked] = {}
        for stage in config.catalogue.pack.stages:
            seen = here(base, stage.key)
            ranked = decide(seen, empty, config).ranked
            offered |= {r.treatment: r for r in ranked}
            table.first[stage.key, ranked[0].treatment if ranked else NOTHING] += 1
            if stage.key == "support":
                phone, portal = (
                    {r.treatment for r in deliver(ranked, seen, config, c).here} for c in ("phone", "portal")
                )
                table.helped[bool(phone & portal)] += 1
                if not phone & portal:
                    table.unhelped.append(f"{base.customer_id} {base.life_cycle}")
        follow(table, profile, offered)
        ranked = decide(base, empty, config).ranked
        table.first[DEFAULT, ranked[0].treatment if ranked else NOTHING] += 1
        phone_first, portal_first = (
            next((r.treatment for r in deliver(ranked, base, config, c).here), None) for c in ("phone", "portal")
        )
        table.same[phone_first is not None and phone_first == portal_first] += 1
    return table


def follow(table: Table, profile: Profile, offered: dict[str, Ranked]) -> None:
    """Counts what stands first on the first day on which something may follow what this customer could have had."""
    config = configuration()
    for t in config.catalogue.treatments.values():
        if t.follows is None or t.follows.after not in offered:
            continue
        after, ledger = fulfilled(profile, offered[t.follows.after], t.follows.from_days)
        table.followed[t.key] += 1
        for stage in config.catalogue.pack.stages:
            ranked = decide(here(after, stage.key), ledger, config).ranked
            if ranked and ranked[0].treatment == t.key:
                table.after[stage.key, t.key] += 1


def whole(processes: int = 2) -> Table:
    """The table over all customers, decided by several processes while this one makes the customers."""
    table = Table()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(count, part) for part in batched(profiles(), 250)]
        for done in waiting:
            table.add(done.result())
    return table


def batched(customers: Iterator[Profile], size: int) -> Iterator[list[Profile]]:
    while part := list(islice(customers, size)):
        yield part


def as_text(table: Table) -> str:
    stages = [DEFAULT, *(s.key for s in configuration().catalogue.pack.stages)]
    keys = [*configuration().catalogue.treatments, NOTHING]
    lines = [f"{'':20}" + "".join(f"{s[:9]:>10}" for s in stages) + f"{'share %':>10}{'best %':>10}"]
    for key in sorted(keys, key=lambda k: -table.share(k)):
        best = table.best(key) if key != NOTHING else 0.0
        counts = "".join(f"{table.first[s, key]:>10}" for s in stages)
        lines.append(f"{key:20}{counts}{100 * table.share(key):>10.2f}{100 * best:>10.2f}")
    lines.append(f"after what they follow was done, of {dict(table.followed)}: {dict(table.after)}")
    lines.append(f"helped by phone and portal at (support, no intent): {dict(table.helped)} {table.unhelped[:5]}")
    lines.append(f"same first by phone and portal without a moment: {dict(table.same)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(as_text(whole()) + "\n")
