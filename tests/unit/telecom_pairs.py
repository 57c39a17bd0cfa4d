"""Runs the telecom pack over all its customers and stages: who would be offered what first, and where nothing.

`python -m tests.unit.telecom_pairs` prints the table; the tests hold it to its bounds.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from itertools import islice
from multiprocessing import get_context
from uuid import UUID

from backend.engine.catalogue import Catalogue
from backend.engine.deciding import decide
from backend.engine.delivery import deliver
from backend.engine.facts import Configuration, Ledger
from backend.matrix.service import folder_of, read_body
from backend.packs.telecom.making import MadeCustomer, people, read_customers
from backend.profiles.service import Snapshot, snapshot
from backend.profiles.types import Consent, Holding, Profile

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


def snapshots() -> Iterator[Snapshot]:
    """Each customer as decisions see them, without a moment."""
    pack = configuration().catalogue.pack
    for place, made in enumerate(people(read_customers(), NOW)):
        yield snapshot(profile_of(place, made), NOW, pack)


@dataclass
class Table:
    """Counts over the pairs of customers and stages."""

    first: Counter[tuple[str, str]] = field(default_factory=Counter)  # (stage, treatment): first in the decision
    helped: Counter[bool] = field(default_factory=Counter)  # at (support, no intent): something by phone and by portal
    same: Counter[bool] = field(default_factory=Counter)  # without a moment: same non-empty first by phone and portal
    unhelped: list[str] = field(default_factory=list)

    def add(self, other: "Table") -> "Table":
        self.first += other.first
        self.helped += other.helped
        self.same += other.same
        self.unhelped += other.unhelped
        return self

    def share(self, treatment: str) -> float:
        """Of all pairs, those in which this treatment is first."""
        pairs = {pair: n for pair, n in self.first.items() if pair[0] != DEFAULT}
        return sum(n for (_, first), n in pairs.items() if first == treatment) / sum(pairs.values())

    def best(self, treatment: str) -> float:
        """Of one stage's pairs, those in which this treatment is first, in the stage where that is most."""
        stages = {stage for stage, _ in self.first} - {DEFAULT}
        customers = {s: sum(n for (stage, _), n in self.first.items() if stage == s) for s in stages}
        return max(self.first[stage, treatment] / customers[stage] for stage in stages)


def count(customers: Iterable[Snapshot]) -> Table:
    table = Table()
    config = configuration()
    empty = Ledger(version=0)
    for base in customers:
        for stage in config.catalogue.pack.stages:
            here = replace(base, stage=stage.key, moment_version=1, moment_key="1", stated=True)
            ranked = decide(here, empty, config).ranked
            table.first[stage.key, ranked[0].treatment if ranked else NOTHING] += 1
            if stage.key == "support":
                phone, portal = (
                    {r.treatment for r in deliver(ranked, here, config, c).here} for c in ("phone", "portal")
                )
                table.helped[bool(phone & portal)] += 1
                if not phone & portal:
                    table.unhelped.append(f"{base.customer_id} {base.life_cycle}")
        ranked = decide(base, empty, config).ranked
        table.first[DEFAULT, ranked[0].treatment if ranked else NOTHING] += 1
        phone_first, portal_first = (
            next((r.treatment for r in deliver(ranked, base, config, c).here), None) for c in ("phone", "portal")
        )
        table.same[phone_first is not None and phone_first == portal_first] += 1
    return table


def whole(processes: int = 2) -> Table:
    """The table over all customers, decided by several processes while this one makes the customers."""
    table = Table()
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        waiting = [pool.submit(count, part) for part in batched(snapshots(), 250)]
        for done in waiting:
            table.add(done.result())
    return table


def batched(customers: Iterator[Snapshot], size: int) -> Iterator[list[Snapshot]]:
    while part := list(islice(customers, size)):
        yield part


def as_text(table: Table) -> str:
    stages = [DEFAULT, *(s.key for s in configuration().catalogue.pack.stages)]
    keys = [*configuration().catalogue.treatments, NOTHING]
    lines = [f"{'':20}" + "".join(f"{s[:9]:>10}" for s in stages) + f"{'share %':>10}{'best %':>10}"]
    for key in sorted(keys, key=lambda k: -table.share(k)):
        counts = "".join(f"{table.first[s, key]:>10}" for s in stages)
        lines.append(f"{key:20}{counts}{100 * table.share(key):>10.2f}{100 * table.best(key):>10.2f}")
    lines.append(f"helped by phone and portal at (support, no intent): {dict(table.helped)} {table.unhelped[:5]}")
    lines.append(f"same first by phone and portal without a moment: {dict(table.same)}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(as_text(whole()) + "\n")
