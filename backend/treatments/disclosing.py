"""What a customer must be told before they accept: word for word, ticked as it was read out, and kept with the acceptance. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.engine.catalogue import Treatment
from backend.engine.facts import terms_from
from backend.engine.service import Words, fill
from backend.matrix.service import Pack
from backend.treatments.inputs import Inputs
from shared.kernel import languages
from shared.kernel.actors import Actor
from shared.kernel.errors import Invalid

UNTICKED = "Read it out, then tick it."


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One of them, in the words for this customer."""

    key: str
    version: str
    label: str
    text: str
    channels: tuple[str, ...]
    """Where it must be told; everywhere where none is named."""

    def here(self, channel: str) -> bool:
        return not self.channels or channel in self.channels


@dataclass(frozen=True, slots=True)
class Ticks:
    """What was ticked of what was shown: when that was, and per key the version and the seconds until the tick, if known."""

    shown_at: datetime
    ticked: Mapping[str, tuple[str, float | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """A disclosure as it stands with an acceptance: the words, when they were shown, how long until the tick, by whom."""

    key: str
    version: str
    label: str
    text: str
    at: str
    seconds: float | None
    by: str


def disclosures_of(t: Treatment, pack: Pack, words: Words) -> tuple[Disclosure, ...]:
    """All that the treatment needs, in the order of the treatment."""
    known = {one.key: one for one in pack.disclosures}
    found = (known[key] for key in t.disclosures if key in known)
    return tuple(
        Disclosure(
            one.key, one.version, fill(pack.said(one.label), words), fill(pack.said(one.wording), words), one.channels
        )
        for one in found
    )


def needed_of(row: Any, inputs: Inputs) -> tuple[Disclosure, ...]:
    """What must be told before this offer is accepted, word for word, whoever looks."""
    catalogue = inputs.configuration.catalogue_of(row.catalogue_version)
    words = Words(inputs.snapshot, inputs.pack, inputs.profile.first_name, terms_from(row.terms))
    with languages.speaking(languages.heard(inputs.profile.language)):
        return disclosures_of(catalogue.treatments[row.treatment], catalogue.pack, words)


def told_of(
    needed: tuple[Disclosure, ...], channel: str, ticks: Ticks | None, actor: Actor, now: datetime
) -> list[dict[str, Any]] | None:
    """What is kept with the acceptance; None where nothing had to be told here.

    Staff tick each as read out; a customer read it on the page where they accept. Raises Invalid with each that is missing.
    """
    here = [one for one in needed if one.here(channel)]
    if not here or actor.kind not in ("staff", "customer"):
        return None
    if actor.kind == "customer":
        return [_kept(one, now, None, actor.name) for one in here]
    missing = {f"tick-{one.key}": UNTICKED for one in here if not _ticked(one, ticks)}
    if missing or ticks is None:
        raise Invalid("Read out what must be said, and tick each as you do.", missing)
    most = max(0.0, (now - ticks.shown_at).total_seconds())
    return [_kept(one, ticks.shown_at, _seconds(ticks.ticked[one.key][1], most), actor.name) for one in here]


def told_from(kept: list[Mapping[str, Any]] | None) -> tuple[Told, ...]:
    return tuple(Told(**one) for one in kept or ())


def told_data(kept: list[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """The same for an event: all but the wording, which its version names."""
    return [{name: value for name, value in one.items() if name != "text"} for one in kept or ()]


def _ticked(one: Disclosure, ticks: Ticks | None) -> bool:
    """Whether this wording was: another version is another text."""
    return ticks is not None and one.key in ticks.ticked and ticks.ticked[one.key][0] == one.version


def _seconds(said: float | None, most: float) -> float:
    """What the browser says lies between showing and sending; without its word it was ticked when it was sent."""
    return round(most if said is None else min(max(said, 0.0), most), 1)


def _kept(one: Disclosure, at: datetime, seconds: float | None, by: str) -> dict[str, Any]:
    return {
        "key": one.key, "version": one.version, "label": one.label, "text": one.text, "at": at.isoformat(),
        "seconds": seconds, "by": by,
    }  # fmt: skip
