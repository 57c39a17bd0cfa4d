"""What is wrong with a pack's tracking plan, its sources and its moments of truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from backend.matrix.tracking import PlannedEvent
from backend.matrix.types import Pack

Fault = tuple[str, str, int, str, str]
"""The file, the table and which of its entries, what it is called, and what is wrong with it."""


def faults(pack: Pack) -> Iterator[Fault]:
    """All that points at nothing, stands twice, or is of another type than what it feeds."""
    plan, experience = pack.tracking, pack.experience
    for table, keys in (
        ("event", [event.key for event in plan.event]),
        ("source", [source.key for source in plan.source]),
        ("trait", [trait.name for trait in plan.trait]),
    ):
        yield from (("events.toml", table, nth, key, why) for nth, key, why in _twice(keys))
    names = [f"{event.call} {event.name.casefold()}" for event in plan.event]
    yield from (("events.toml", "event", nth, plan.event[nth].key, f"{n}: {why}") for nth, n, why in _twice(names))
    for nth, event in enumerate(plan.event):
        yield from (("events.toml", "event", nth, event.key, why) for why in _event(event, pack))
    for nth, trait in enumerate(plan.trait):
        if trait.attribute not in pack.attributes:
            yield "events.toml", "trait", nth, trait.name, f"{trait.attribute} is no attribute"
    for nth, key, why in _twice([truth.key for truth in experience.truth]):
        yield "experience.toml", "truth", nth, key, why
    for nth, truth in enumerate(experience.truth):
        if truth.again_days and not truth.kind:
            yield "experience.toml", "truth", nth, truth.key, "again_days needs a kind of event"


def _event(event: PlannedEvent, pack: Pack) -> Iterator[str]:
    properties = {one.name: one for one in event.property}
    for _nth, name, why in _twice([one.name for one in event.property]):
        yield f"property {name}: {why}"
    buckets = {fact.of for fact in pack.facts.values()}
    values = {fact.value for fact in pack.facts.values()}
    dates = {fact.since for fact in pack.facts.values()}
    for field, known, given in (
        ("count", buckets, event.count),
        ("add", buckets, tuple(event.add)),
        ("value", values, tuple(event.value)),
        ("date", dates, event.date),
        ("attribute", pack.attributes.keys(), tuple(event.attribute)),
    ):
        yield from (f"{field}: no fact or attribute reads {key}" for key in given if not key or key not in known)
    for name in {*event.add.values(), *event.value.values(), *event.attribute.values()} - properties.keys():
        yield f"the event has no property {name}"
    for name in {*event.add.values(), *event.value.values()} & properties.keys():
        if properties[name].type not in ("int", "number", "bool"):
            yield f"property {name} is {properties[name].type}: a fact needs a figure"
    for key, name in event.attribute.items():
        wanted = pack.attributes[key].type if key in pack.attributes else ""
        given_type = properties[name].type if name in properties else ""
        if wanted and given_type and not _becomes(given_type, wanted):
            yield f"property {name} is {given_type}, and attribute {key} is {wanted}"
    if event.intent is not None and event.intent not in pack.intents:
        yield f"{event.intent} is no intent"
    if event.intent is not None and event.channel is None:
        yield "an intent needs the channel in which it was told"
    if event.channel is not None and event.channel not in {channel.key for channel in pack.channels}:
        yield f"{event.channel} is no channel"
    if event.stage is not None and event.stage not in {stage.key for stage in pack.stages}:
        yield f"{event.stage} is no stage"
    if event.truth is not None and event.truth not in pack.experience.by_key:
        yield f"{event.truth} is no moment of truth"
    if event.low_rating is not None and (event.truth is None or properties.get("rating") is None):
        yield "low_rating needs a truth and a property called rating"


def _becomes(given: str, wanted: str) -> bool:
    return given == wanted or (given, wanted) in {("int", "number"), ("text", "choice")}


def _twice(keys: Iterable[str]) -> Iterator[tuple[int, str, str]]:
    given = list(keys)
    counted = Counter(given)
    yield from ((nth, key, "stands twice") for nth, key in enumerate(given) if counted[key] > 1)
