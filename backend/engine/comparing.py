"""Two catalogues decided on side by side: what both have alike is worked out once. Pure.

A draft mostly changes a few treatments. Where the packs are alike but for those, a customer's ruling under the draft is that
under what is in force, without the changed treatments as they were and with them as they are; the order is then made anew.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, get_args

from backend.engine import deciding as engine
from backend.engine.catalogue import Catalogue, Channel
from backend.engine.facts import Configuration, Ledger
from backend.engine.ordering import first_of_each, in_order
from backend.engine.ruling import Ruling
from backend.matrix.service import Body, Pack
from backend.profiles.snapshot import Snapshot

FEW = 0.5
"""Of more treatments than this part of them, deciding anew for all is quicker."""
_EXCLUDED = "excludes:"
CHANNELS: tuple[str, ...] = get_args(Channel)


class Comparison:
    """The catalogue in force and a draft; `rulings` gives what both decide, exactly as the engine does for each alone."""

    def __init__(self, present: Catalogue, body: Body, version: int) -> None:
        """Raises PackError where the body is no catalogue."""
        self.draft = Catalogue(version, body)
        before, after = present.treatments, self.draft.treatments
        changed = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
        changed |= {t.key for t in [*before.values(), *after.values()] if changed & {*t.bundle}}
        self.changed = frozenset(changed)
        self.alike = seen_alike(present.pack, self.draft.pack)
        few = len(changed) <= FEW * len(after) and _same_but_treatments(present.pack, self.draft.pack)
        self._few: Catalogue | None = self._of_changed(body, version) if few else None

    def rulings(
        self, seen: tuple[Snapshot, Snapshot], ledger: Ledger, present: Configuration, draft: Configuration
    ) -> tuple[Ruling, Ruling]:
        """What is decided now, and what would be; of the second only where each treatment stands and why is meant to be read:
        what is alike in both names the version in force."""
        now = engine.decide(seen[0], ledger, present)
        if self._few is None or _excluding(now):
            return now, engine.decide(seen[1], ledger, draft)
        few = engine.decide(seen[1], ledger, replace(draft, catalogue=self._few))
        if _excluding(few):
            return now, engine.decide(seen[1], ledger, draft)
        changed = self.changed
        ranked = [r for r in now.ranked if r.live or r.treatment not in changed]
        ranked += [r for r in few.ranked if not r.live and r.treatment in changed]
        kept, excluded = first_of_each(in_order(ranked, seen[1], ledger, draft), draft.catalogue.conflicts)
        withheld = [w for w in now.withheld if w.treatment not in changed]
        withheld += [w for w in few.withheld if w.treatment in changed]
        return now, Ruling(kept, (*withheld, *excluded), now.weights)

    def _of_changed(self, body: Body, version: int) -> Catalogue:
        """The draft with no other treatments than those changed, and what they bundle."""
        wanted = set(self.changed)
        for key in self.changed & self.draft.treatments.keys():
            wanted.update(self.draft.treatments[key].bundle)

        def fewer(content: dict[str, Any]) -> dict[str, Any]:
            return {"treatment": [t for t in content.get("treatment", ()) if t.get("key") in wanted]}

        return Catalogue(version, {**body, "treatments": {stem: fewer(c) for stem, c in body["treatments"].items()}})


def seen_alike(one: Pack, other: Pack) -> bool:
    """Whether both packs see customers alike: then one snapshot serves both."""
    fields = (
        "attributes",
        "facts",
        "life_cycle",
        "segments",
        "churn",
        "protective",
        "stage_weights",
        "intents",
        "holdings",
    )
    return all(getattr(one, name) == getattr(other, name) for name in fields)


def _same_but_treatments(one: Pack, other: Pack) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in Pack.model_fields if name != "treatments")


WORDS = frozenset({"name", "phone", "portal", "everyone", "sms", "email", "chat", "branch", "reason"})
"""The parts of a treatment that say it, and change nothing of who gets it."""


def changed_treatments(one: Catalogue, other: Catalogue) -> frozenset[str] | None:
    """The treatments that the two have otherwise; None where they differ in more than treatments."""
    if not _same_but_treatments(one.pack, other.pack):
        return None
    keys = one.treatments.keys() | other.treatments.keys()
    return frozenset(key for key in keys if one.treatments.get(key) != other.treatments.get(key))


def only_words(one: Catalogue, other: Catalogue, keys: Collection[str]) -> bool:
    """Whether both say these treatments otherwise and decide on them alike."""
    for key in keys:
        a, b = one.treatments.get(key), other.treatments.get(key)
        if a is None or b is None:
            return False
        names = {name for name in type(a).model_fields if getattr(a, name) != getattr(b, name)}
        if names - WORDS or any(a.rendered_in(c) != b.rendered_in(c) for c in CHANNELS):
            return False
    return True


def _excluding(ruling: Ruling) -> bool:
    """Whether something was left out beside another: with others about, that might be otherwise."""
    return any(w.rule.startswith(_EXCLUDED) for w in ruling.withheld)
