"""The order of what survived: what was put first and still stands, then priority, and of those that exclude each other one. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from backend.engine.catalogue import Treatment
from backend.engine.facts import Configuration, Ledger
from backend.engine.ruling import Ranked, Withheld
from backend.profiles.snapshot import Snapshot


def in_order(
    ranked: Sequence[Ranked], snapshot: Snapshot, ledger: Ledger, configuration: Configuration
) -> list[Ranked]:
    """What was presented first and still stands; then priority, ties by key; no sale above what resolves the stated intent."""
    presented = {o.offer_id: o.presented_at or "" for o in ledger.offers}
    pinned = sorted(
        (r for r in ranked if r.pinned), key=lambda r: (presented[r.offer_id or ""], r.treatment, r.subject)
    )
    rest = sorted((r for r in ranked if not r.pinned), key=lambda r: (-r.priority, r.treatment, r.subject))
    if not snapshot.stated or snapshot.intent is None or _resolved(snapshot, ledger, configuration):
        return pinned + rest
    treatments = [configuration.catalogue_of(r.catalogue_version).treatments[r.treatment] for r in rest]
    last = max((n for n, t in enumerate(treatments) if _resolves(t, snapshot.intent)), default=-1)
    sales = [r for r, t in zip(rest[: last + 1], treatments, strict=False) if t.issue == "sales"]
    others = [r for r, t in zip(rest[: last + 1], treatments, strict=False) if t.issue != "sales"]
    return pinned + others + sales + rest[last + 1 :]


def resolvable(
    unpinned: Sequence[Ranked], snapshot: Snapshot, ledger: Ledger, configuration: Configuration
) -> list[Ranked] | None:
    """Those that may come first where something resolves the stated intent: no sale. None where nothing does, or has to."""
    if not snapshot.stated or snapshot.intent is None or _resolved(snapshot, ledger, configuration):
        return None
    known = [(r, configuration.catalogue_of(r.catalogue_version).treatments[r.treatment]) for r in unpinned]
    if not any(_resolves(t, snapshot.intent) for _, t in known):
        return None
    return [r for r, t in known if t.issue != "sales"]


def first_of_each(
    ordered: Sequence[Ranked], conflicts: Mapping[str, frozenset[str]]
) -> tuple[tuple[Ranked, ...], list[Withheld]]:
    """Of treatments that exclude each other for the same subject the first alone; what stands already was promised, and stays."""
    kept: list[Ranked] = []
    withheld: list[Withheld] = []
    stands = [(r.treatment, r.subject) for r in ordered if r.live]
    chosen = list(stands)
    for item in ordered:
        others = conflicts.get(item.treatment)
        if item.live or not others:
            kept.append(item)
            chosen.append((item.treatment, item.subject))
            continue
        if against := beside(others, item.subject, chosen):
            first = min(against)
            words = f"It cannot be had beside {first}, which comes before it."
            values = {"priority": item.priority}
            withheld.append(Withheld(item.treatment, "arbitration", f"excludes:{first}", words, values, item.subject))
        else:
            kept.append(item)
            chosen.append((item.treatment, item.subject))
    return tuple(kept), withheld


def beside(conflicts: Collection[str], subject: str, those: Iterable[tuple[str, str]]) -> list[str]:
    """Of those treatments and subjects, the ones in conflict: for the same subject, or where one is for the whole customer."""
    return [t for t, other in those if t in conflicts and (other == subject or not (other and subject))]


def pinned_first(ranked: Sequence[Ranked], ledger: Ledger, moment_key: str) -> tuple[Ranked, ...]:
    """A stored ranking as presentations since then have it: what was presented first in this moment goes before the rest.

    Presenting moves no version, so that a decision goes on standing; this keeps the same first in every channel meanwhile.
    """
    pins = {
        (o.treatment, o.subject): o
        for o in ledger.offers
        if o.presented_first and o.moment_key == moment_key and o.state == "presented"
    }
    held = [r for r in ranked if r.pinned or (r.treatment, r.subject) in pins]
    if [*ranked[: len(held)]] == held:
        return tuple(ranked)
    held.sort(
        key=lambda r: (
            not r.pinned,
            pins[r.treatment, r.subject].presented_at or "" if (r.treatment, r.subject) in pins else "",
        )
    )
    return (*(r._replace(pinned=True) for r in held), *(r for r in ranked if r not in held))


def _resolves(t: Treatment, intent: str) -> bool:
    return intent in t.resolves and t.issue != "sales"


def _resolved(snapshot: Snapshot, ledger: Ledger, configuration: Configuration) -> bool:
    """Whether a treatment that resolves the stated intent was answered in this very moment."""
    return any(
        o.moment_key == snapshot.moment_key
        and o.answered_on is not None
        and _resolves(configuration.treatment_of(o), snapshot.intent or "")
        for o in ledger.offers
    )
