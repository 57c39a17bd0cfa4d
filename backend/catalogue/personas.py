"""Personas: made-up customers that a pack carries, with the treatments that they must and must not get. Pure.

They are decided for by the engine itself, on the day that the file names, whenever the pack is checked: a change of a rule
that takes from somebody what they should have is told before anything is published.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from uuid import NAMESPACE_OID, UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError

from backend.engine import service as engine
from backend.engine.catalogue import Catalogue
from backend.engine.facts import ANSWERED, Configuration, Ledger, OfferFact
from backend.engine.service import Ruling, Withheld
from backend.matrix.parts import Key, Labelled, Part
from backend.matrix.service import Pack, PackError, Problem, Source, body_of
from backend.matrix.types import Fact
from backend.profiles.snapshot import Snapshot, snapshot
from backend.profiles.types import Consent, Moment, Profile
from backend.proving.rules import TREATED, rule_of

FILE, TABLE = "personas.toml", "persona"
_NOON = time(12)
Value = bool | int | float | str


class Moments(Part):
    """Why the persona is here: as `Moment`, without its clock."""

    intent: Key | None = None
    stage: Key | None = None
    stated: bool = True


class Past(Part):
    """An offer that the persona had: which, what became of it, and how many days ago."""

    treatment: Key
    state: Literal["presented", "accepted", "fulfilled", "declined"]
    days_ago: int = Field(ge=0, le=3650)
    concession: float = Field(default=0, ge=0, allow_inf_nan=False)


class Persona(Labelled):
    """One example customer. `made_up` must be said: nobody's real data belongs in a pack."""

    made_up: Literal[True]
    attributes: Mapping[str, Value] = Field(default_factory=dict)
    facts: Mapping[str, Value] = Field(default_factory=dict)
    """By the facts' own keys, as a rule would read them; a fact left out has its default."""
    moment: Moments | None = None
    consents: tuple[Key, ...] = ()
    """The purposes to which they consented, in every channel."""
    history: tuple[Past, ...] = ()
    must: tuple[Key, ...] = ()
    must_not: tuple[Key, ...] = ()
    first: Key | None = None


class Personas(Part):
    """The file: its personas, and the day on which they are decided for, so that every check gives the same."""

    today: date
    persona: tuple[Persona, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a persona got, best first."""

    persona: Persona
    snapshot: Snapshot
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class Expected:
    """What a persona should get, and in words what a check found wrong about that."""

    key: str
    label: str
    must: tuple[str, ...]
    must_not: tuple[str, ...]
    first: str | None
    wrong: tuple[str, ...]


def expected(texts: Mapping[str, str], found: Sequence[Problem]) -> tuple[Expected, ...]:
    """The personas of this pack with what a check, which found these problems, says of each.

    Empty without personas, and where anything else is wrong with the pack: then they were not tried.
    """
    if FILE not in texts or any(problem.file != FILE for problem in found):
        return ()
    try:
        read = Personas.model_validate(body_of({FILE: texts[FILE]})["personas"])
    except (PackError, ValidationError):
        return ()
    return tuple(
        Expected(
            one.key, one.label, one.must, one.must_not, one.first,
            tuple(problem.message for problem in found if problem.rule.partition(".")[0] == one.key),
        )
        for one in read.persona
    )  # fmt: skip


def problems(texts: Mapping[str, str]) -> list[Problem]:
    """Where the personas of this pack, which is in order otherwise, do not get what they should; empty without personas."""
    if FILE not in texts:
        return []
    body, source = body_of(texts), Source.of(texts)
    try:
        read = Personas.model_validate(body["personas"])
    except ValidationError as e:
        return [_misread(error["loc"], error["msg"], source) for error in e.errors()]
    catalogue = Catalogue(0, body)
    found = list(_unfit(read, catalogue, source))
    return found or [
        wrong for nth, one in enumerate(read.persona) for wrong in _disappointed(one, nth, read, catalogue, source)
    ]


def outcome(persona: Persona, today: date, catalogue: Catalogue) -> Outcome:
    """The decision for a persona on this day. Raises ValueError for facts that no history can have."""
    pack = catalogue.pack
    now = datetime.combine(today, _NOON, ZoneInfo(pack.timezone)).astimezone(UTC)
    seen = snapshot(_profile(persona, today, now, pack), now, pack)
    offers = tuple(_offer(past, nth, today, catalogue) for nth, past in enumerate(persona.history))
    # What a persona must get is what those get who are in no control group.
    assigned = dict.fromkeys(map(rule_of, pack.holdouts), TREATED)
    ledger = Ledger(len(offers), tuple(sorted(offers, key=lambda o: (o.presented_at or "", o.offer_id))), assigned)
    return Outcome(persona, seen, engine.decide(seen, ledger, Configuration(0, catalogue)))


def _disappointed(one: Persona, nth: int, read: Personas, catalogue: Catalogue, source: Source) -> Iterator[Problem]:
    def problem(field: str, message: str) -> Problem:
        return Problem(FILE, source.line(FILE, TABLE, nth, field), f"{one.key}.{field}", message)

    try:
        got = outcome(one, read.today, catalogue)
    except ValueError as impossible:
        yield problem("facts", str(impossible))
        return
    order = [item.treatment for item in got.ruling.ranked]
    left = {w.treatment: w for w in got.ruling.withheld}
    for key in one.must:
        if key not in order:
            yield problem("must", f"{_who(one)} must get {key}, which {_left(left.get(key))}")
    for key in one.must_not:
        if key in order:
            yield problem(
                "must_not", f"{_who(one)} must not get {key}, which is number {order.index(key) + 1} of {len(order)}"
            )
    if one.first is not None and order[:1] != [one.first]:
        instead = f"{order[0]} is" if order else "there is nothing"
        missing = (
            f"; it {_left(left.get(one.first))}"
            if one.first not in order
            else f"; it is number {order.index(one.first) + 1}"
        )
        yield problem(
            "first", f"{_who(one)} should get {one.first} first, but {instead}{'' if order else ' at all'}{missing}"
        )


def _who(one: Persona) -> str:
    return f"{one.label} (made up)"


def _left(withheld: Withheld | None) -> str:
    if withheld is None:
        return "was no candidate"
    saw = ", ".join(f"{name} = {value!r}" for name, value in withheld.values.items())
    why = withheld.detail or f"the rule {withheld.rule}"
    return f"left at {withheld.step.replace('_', ' ')} by {withheld.rule if withheld.detail else 'its rule'}: {why}" + (
        f" (saw {saw})" if saw else ""
    )


def _unfit(read: Personas, catalogue: Catalogue, source: Source) -> Iterator[Problem]:
    """Names in the personas that the pack does not know, and values that it does not allow."""
    pack, seen = catalogue.pack, set()
    for nth, one in enumerate(read.persona):

        def problem(field: str, message: str, nth: int = nth, key: str = one.key) -> Problem:
            return Problem(FILE, source.line(FILE, TABLE, nth, field), f"{key}.{field}", message)

        if one.key in seen:
            yield problem("key", "stands twice in this file")
        seen.add(one.key)
        for name, value in one.attributes.items():
            attribute = pack.attributes.get(name)
            if attribute is None:
                yield problem("attributes", _unknown(name, pack.attributes))
            elif attribute.choices and value not in attribute.choices:
                yield problem("attributes", f'{name} is never "{value}"; it is one of {", ".join(attribute.choices)}')
            elif not _fits(value, attribute.type):
                yield problem("attributes", f"{name} is of type {attribute.type}; {value!r} is not")
        for name, value in one.facts.items():
            fact = pack.facts.get(name)
            if fact is None:
                yield problem("facts", _unknown(name, pack.facts))
            elif not _fits(value, fact.type):
                yield problem("facts", f"{name} is of type {fact.type}; {value!r} is not")
        if one.moment is not None:
            if one.moment.intent is not None and one.moment.intent not in pack.intents:
                yield problem("moment", _unknown(one.moment.intent, pack.intents))
            if one.moment.stage is not None and one.moment.stage not in {s.key for s in pack.stages}:
                yield problem("moment", _unknown(one.moment.stage, [s.key for s in pack.stages]))
        for purpose in set(one.consents) - {p.key for p in pack.purposes}:
            yield problem("consents", _unknown(purpose, [p.key for p in pack.purposes]))
        named = [("must", one.must), ("must_not", one.must_not), ("first", (one.first,) if one.first else ())]
        for field, keys in [*named, ("history", tuple(past.treatment for past in one.history))]:
            for key in keys:
                if key not in catalogue.treatments:
                    yield problem(field, _unknown(key, catalogue.treatments))
        for both in set(one.must) & set(one.must_not):
            yield problem("must_not", f"{both} stands under must too")


def _unknown(name: str, known: Sequence[str] | Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"nothing is called {name}" + (f"; did you mean {near[0]}?" if near else "")


def _fits(value: Value, type_: str) -> bool:
    if type_ == "bool" or isinstance(value, bool):
        return type_ == "bool" and isinstance(value, bool)
    if type_ in ("int", "number"):
        return isinstance(value, int) or (type_ == "number" and isinstance(value, float))
    return isinstance(value, str)


def _misread(path: tuple[int | str, ...], message: str, source: Source) -> Problem:
    if len(path) > 2 and path[0] == TABLE and isinstance(path[1], int):
        return Problem(FILE, source.line(FILE, TABLE, path[1], str(path[2])), ".".join(map(str, path[2:])), message)
    line = source.line(FILE, TABLE, path[1]) if len(path) > 1 and isinstance(path[1], int) else 1
    return Problem(FILE, line, ".".join(map(str, path)), message)


def _profile(one: Persona, today: date, now: datetime, pack: Pack) -> Profile:
    return Profile(
        customer_id=_id(one.key),
        number=one.key,
        name=one.label,
        attributes=dict(one.attributes),
        facts=_facts(one.facts, today, pack),
        version=1,
        timezone=pack.timezone,
        language=pack.language,
        made_up=True,
        moment=_moment(one.moment, now, pack) if one.moment else None,
        consents=tuple(
            Consent(purpose, channel.key, "granted", "persona", "", now)
            for purpose in one.consents
            for channel in pack.channels
        ),
    )


def _facts(given: Mapping[str, Value], today: date, pack: Pack) -> dict[str, Any]:
    """A history that gives these facts today: counts are put just outside the next shorter window of the same thing."""
    days: dict[str, dict[str, float]] = {}
    values: dict[str, Any] = {}
    dates: dict[str, str] = {}
    windows: dict[str, list[tuple[int, Fact]]] = {}
    for fact in pack.facts.values():
        if fact.window is not None:
            windows.setdefault(fact.of, []).append((fact.window, fact))
        elif fact.key in given:
            if fact.since:
                dates[fact.since] = (today - timedelta(days=int(given[fact.key]))).isoformat()
            else:
                values[fact.value] = given[fact.key]
    for of, facts in windows.items():
        outside, total = 0, 0.0
        for window, fact in sorted(facts, key=lambda pair: pair[0]):
            count = float(given.get(fact.key, total))
            if count < total:
                raise ValueError(f"{fact.key} is {count:g}, but a shorter window holds {total:g} already")
            if count > total:
                days.setdefault(of, {})[(today - timedelta(days=outside)).isoformat()] = count - total
            outside, total = window, count
    return {"days": days, "values": values, "dates": dates}


def _moment(given: Moments, now: datetime, pack: Pack) -> Moment:
    stage = given.stage or (pack.intents[given.intent].stage if given.intent else pack.default_stage)
    return Moment(
        version=1,
        stage=stage,
        intent=given.intent,
        source="stated" if given.stated else "inferred",
        channel=pack.channels[0].key,
        set_at=now,
        fades_at=now + timedelta(hours=24),
    )


def _offer(past: Past, nth: int, today: date, catalogue: Catalogue) -> OfferFact:
    on = today - timedelta(days=past.days_ago)
    return OfferFact(
        offer_id=str(_id(f"{past.treatment} {nth}")),
        treatment=past.treatment,
        subject="",
        state=past.state,
        catalogue_version=catalogue.version,
        terms=(),
        valid_until=on + timedelta(days=catalogue.treatments[past.treatment].valid_days),
        presented_at=datetime.combine(on, _NOON, UTC).isoformat(),
        presented_on=on,
        answered_on=on if past.state in ANSWERED else None,
        concession=past.concession,
    )


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_OID, f"persona {name}")
