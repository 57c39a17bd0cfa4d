"""A batch of rows about customers, entered: who is new is entered whole, who is known is changed where the file says otherwise.

Each of the functions looks first and writes after, in the caller's transaction; a dry run only looks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from backend.interactions import service as interactions
from backend.interactions.service import Event, Past
from backend.loading.seen import Seen
from backend.loading.telling import Bad, Told
from backend.matrix.service import FileMapping, Pack
from backend.profiles import service as profiles
from backend.profiles.service import Details, NewConsent, NewCustomer
from shared.kernel import ids
from shared.kernel.actors import SYSTEM

UNDATED = ", undated"
DETAILS = ("name", "phone", "email", "birth_date", "timezone", "language")
_WORDS = {"birth_date": "Date of birth", "timezone": "Time zone", "email": "E-mail"}


@dataclass(frozen=True, slots=True)
class Run:
    """What holds for every batch of a file."""

    pack: Pack
    mapping: FileMapping
    file: str
    now: datetime
    dry: bool
    entering: Seen
    """In a dry run: the numbers of those who would have been entered."""

    @property
    def label(self) -> str:
        return self.mapping.label or self.mapping.source

    @property
    def undated(self) -> str:
        """The source of a consent that the file gives no instant for: whatever is dated counts for more."""
        return f"{self.mapping.source}{UNDATED}"


@dataclass(slots=True)
class Taken:
    """What came of a batch. `notices` are of rows that were taken, though not all that they say."""

    entered: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[tuple[Told, Bad]] = field(default_factory=list)
    notices: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class _Change:
    fields: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    dates: dict[str, Any] = field(default_factory=dict)
    identifiers: set[tuple[str, str]] = field(default_factory=set)
    consents: dict[tuple[str, str], str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any((self.fields, self.attributes, self.values, self.dates, self.identifiers, self.consents))


def customers(session: Session, batch: Sequence[Told], run: Run) -> Taken:
    """Rows of `customers` and `attributes`: one customer each. Only `customers` enters who is not known."""
    taken = Taken()
    owned = profiles.owners(session, "number", {told.key for told in batch})
    known = profiles.details(session, set(owned.values()))
    holders = _holders(session, batch)
    fresh: list[NewCustomer] = []
    for told in batch:
        if told.key in owned:
            change = _difference(told, known[owned[told.key]], holders, run, taken)
            taken.updated += bool(change)
            taken.unchanged += not change
            if change and not run.dry:
                _change(session, owned[told.key], change, run)
        elif run.entering.has(told.key):
            taken.updated += 1
        elif (fault := _stranger(told, run)) is not None:
            taken.refused.append((told, fault))
        else:
            fresh.append(_new(told, holders, run, taken))
            taken.entered += 1
            if run.dry:
                run.entering.add(told.key)
    if fresh and not run.dry:
        entered = profiles.enrol(session, fresh, run.pack).entered
        interactions.enter_past(session, [_entered(new, run) for new in fresh if new.customer_id in entered])
    return taken


def nobody(told: Told, run: Run) -> Bad:
    """The fault of a row whose number is nobody's."""
    column = next(column for column in run.mapping.column if column.to == "number")
    return Bad(
        column.headers[0], told.number, "is nobody's number: load the customers first, or in the same run before"
    )


def _stranger(told: Told, run: Run) -> Bad | None:
    if run.mapping.part != "customers":
        return nobody(told, run)
    if not told.fields.get("name"):
        column = next(column for column in run.mapping.column if column.to == "name")
        return Bad(column.headers[0], "", "is empty, and nobody is known by this number yet")
    return None


def _holders(session: Session, batch: Sequence[Told]) -> dict[tuple[str, str], UUID | str]:
    """Who holds the identifiers that the batch names: a customer, or the number of one who is entered by it."""
    wanted: dict[str, set[str]] = {}
    for told in batch:
        for kind, value in told.identifiers:
            wanted.setdefault(kind, set()).add(value)
    return {
        (kind, value): holder
        for kind, values in wanted.items()
        for value, holder in profiles.owners(session, kind, values).items()
    }


def _free(
    told: Told, whose: UUID | str, holders: dict[tuple[str, str], UUID | str], taken: Taken
) -> set[tuple[str, str]]:
    """Of the row's identifiers, those that are this customer's or nobody's yet; the others stay whose they are."""
    free = set()
    for kind, value in told.identifiers:
        if holders.setdefault((kind, value), whose) == whose:
            free.add((kind, value))
        else:
            taken.notices.append((told.line, f"{_word(kind)} belongs to another customer, and stays theirs"))
    return free


def _difference(
    told: Told, known: Details, holders: dict[tuple[str, str], UUID | str], run: Run, taken: Taken
) -> _Change:
    free = _free(told, known.customer_id, holders, taken)
    change = _Change(identifiers=free - known.identifiers)
    for name in DETAILS:
        given_here = name in told.fields and told.fields[name] != getattr(known, name)
        if given_here and (name not in ("phone", "email") or (name, told.fields[name]) in free):
            change.fields[name] = told.fields[name]
    given = _attributes(told, run.pack)
    source = run.mapping.source
    change.attributes = {
        key: value
        for key, value in given.items()
        # What stands already, and what this source said before though another is believed, is nothing new.
        if known.attributes.get(key) != value and known.claims.get(key, {}).get(source, [None])[0] != value
    }
    values, dates = known.facts.get("values", {}), known.facts.get("dates", {})
    change.values = {key: value for key, value in told.values.items() if values.get(key) != value}
    change.dates = {key: day for key, day in told.dates.items() if dates.get(key) != day.isoformat()}
    for key, state in told.consents.items():
        said, source, _ = known.consents.get(key, (None, run.undated, None))
        if said is not None and yes_or_no(said) == state:
            continue
        # What the customer refused elsewhere, a file without an instant does not grant.
        if said in profiles.REFUSED and source != run.undated:
            taken.notices.append(
                (told.line, f"consent to {'/'.join(key)} stays denied, as it was said in another place")
            )
        else:
            change.consents[key] = state
    return change


def yes_or_no(state: str) -> str:
    """A consent as files tell of it: whoever took a yes back says no."""
    return "denied" if state in profiles.REFUSED else state


def _attributes(told: Told, pack: Pack) -> dict[str, Any]:
    """A birth date is a detail of the customer, and where the pack has it as an attribute, that too."""
    born = told.fields.get("birth_date")
    also = {"birth_date": born.isoformat()} if born and "birth_date" in pack.attributes else {}
    return {**also, **told.attributes}


def _change(session: Session, customer_id: UUID, change: _Change, run: Run) -> None:
    if change.attributes or change.values or change.dates:
        profiles.learn_from(
            session, customer_id, run.mapping.source, change.attributes, run.pack, run.now, values=change.values, dates=change.dates
        )  # fmt: skip
    if change.fields or change.identifiers:
        profiles.amend(session, customer_id, change.fields, change.identifiers, run.now)
    for (purpose, channel), state in change.consents.items():
        mapping = run.mapping
        profiles.set_consent(
            session, customer_id, purpose, channel, state, run.undated, mapping.wording or mapping.source, run.now
        )
    labels = [run.pack.attributes[key].label for key in change.attributes]
    labels += [_word(name) for name in change.fields if name != "birth_date" or "birth_date" not in change.attributes]
    labels += [_word(kind) for kind, value in sorted(change.identifiers) if change.fields.get(kind) != value]
    labels += [f"consent to {'/'.join(key)}" for key in change.consents]
    told = ", ".join(labels) or "figures"
    data = {"summary": f"{told} (from {run.label})", "source": run.mapping.source, "file": run.file}
    interactions.record(session, customer_id, "profile.changed", None, SYSTEM, data, run.now)


def _new(told: Told, holders: dict[tuple[str, str], UUID | str], run: Run, taken: Taken) -> NewCustomer:
    free = _free(told, told.key, holders, taken)
    facts: dict[str, Any] = {}
    if told.values:
        facts["values"] = dict(told.values)
    if told.dates:
        facts["dates"] = {key: day.isoformat() for key, day in told.dates.items()}
    wording = run.mapping.wording or run.mapping.source
    return NewCustomer(
        customer_id=ids.uuid7(),
        number=told.number,
        name=told.fields["name"],
        phone=_if_free("phone", told, free),
        email=_if_free("email", told, free),
        birth_date=told.fields.get("birth_date"),
        attributes=_attributes(told, run.pack),
        facts=facts,
        identifiers=(("number", told.number), *sorted(free)),
        bills=(),
        consents=tuple(
            NewConsent(purpose, channel, state, run.undated, wording, run.now)
            for (purpose, channel), state in told.consents.items()
        ),
        timezone=told.fields.get("timezone", run.pack.timezone),
        language=told.fields.get("language", run.pack.language),
        made_up=False,
        created_at=run.now,
        told_by=run.mapping.source,
    )


def _if_free(kind: str, told: Told, free: set[tuple[str, str]]) -> str | None:
    value = told.fields.get(kind)
    return value if (kind, value) in free else None


def _entered(new: NewCustomer, run: Run) -> Past:
    data = {"summary": f"entered from {run.label}", "source": run.mapping.source, "file": run.file}
    event = Event(
        event_id=interactions.ordered_id(run.now), customer_id=new.customer_id, at=run.now, kind="profile.changed",
        channel=None, stage=None, interaction_id=None, actor_kind=SYSTEM.kind, actor_name=SYSTEM.name, data=data,
    )  # fmt: skip
    return Past(new.customer_id, (), (event,))


def _word(name: str) -> str:
    return _WORDS.get(name, name.capitalize())
