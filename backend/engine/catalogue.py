"""The catalogue: treatments as typed data with compiled rules. One version is immutable, and decisions name it. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import date
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError

from backend.engine.scripts import Phone
from backend.engine.wanted import Input as Input
from backend.matrix.parts import Key, Labelled, Part, Rule, Vector
from backend.matrix.service import Body, Pack, PackError, pack_from
from backend.matrix.types import FurtherRole, IssueKey

Unit = Literal["money", "percent", "months", "days", "count", "text"]
Channel = Literal["phone", "portal", "email", "sms", "chat", "branch"]


def _text_rule(value: Any) -> str:
    """A term of unit text is CEL too: a plain word is written in quotes."""
    return value if isinstance(value, str) else json.dumps(value)


class Rules(Part):
    """The engagement policy: may they, is it relevant now, is it good for them."""

    eligible: Rule
    applicable: Rule
    suitable: Rule


class Worth(Part):
    """What acceptance is worth over twelve months against doing nothing, in major units, each side with its evidence."""

    equity: Rule
    cost: Rule
    experience: Rule
    equity_evidence: str
    experience_evidence: str


class Authority(Part):
    """How far those of one role may set a term by themselves; a bound that is left out is everybody's."""

    role: FurtherRole
    low: float | None = None
    high: float | None = None


class Term(Labelled):
    """One term of the offer, computed per customer between its bounds, frozen when first presented."""

    unit: Unit
    value: Annotated[Rule, BeforeValidator(_text_rule)]
    low: float | None = None
    high: float | None = None
    concession: bool = False
    authority_low: float | None = None
    authority_high: float | None = None
    """An agent may set the term between these by themselves; as far as `low` and `high` only with an approval."""
    authority: tuple[Authority, ...] = ()
    """The roles that may go further than that by themselves."""

    @property
    def alterable(self) -> bool:
        return self.authority_low is not None or self.authority_high is not None

    def authority_of(self, role: str) -> tuple[float | None, float | None]:
        """Between which bounds those of the role set the term without anybody's approval."""
        own = next((one for one in self.authority if one.role == role), None)
        if own is None:
            return self.authority_low, self.authority_high
        return (
            self.authority_low if own.low is None else own.low,
            self.authority_high if own.high is None else own.high,
        )


class Use(Part):
    """How much of a budget one acceptance takes: places, or money in major units."""

    budget: Key
    amount: Rule = Field(default="1", validate_default=True)
    term: str = ""
    """The money term that says how much, in place of `amount`."""


class Follow(Part):
    """What comes after another treatment: only from so many days after it was taken, and only for so long."""

    after: Key
    from_days: int = Field(default=0, ge=0, le=730)
    within_days: int = Field(default=90, ge=1, le=730)


class Portal(Part):
    headline: str = Field(max_length=90)
    body: str
    accept: str = Field(max_length=40)


class Everyone(Part):
    """What anybody may read of it, signed in or not: the same for all, so that nothing in it is filled in."""

    headline: str = Field(max_length=90)
    body: str


class Message(Part):
    text: str


class Reason(Part):
    """Why this treatment: words for the agent, and for the customer where the reason is theirs to hear."""

    when: Rule = Field(default="true", validate_default=True)
    agent: str
    customer: str = ""


class Fulfilment(Part):
    """What happens after acceptance; `promise` says so in the customer's words, `what` names the work or the bill's line.

    A change of the plan sets attributes outright (`set`), or an amount of money by one of the offer's terms: it `becomes`
    the term, or is so much `more` or `less`. An appointment is `lead_days` working days ahead. Within `undo_days` after
    acceptance (that day counted as 0) the customer may take it back; 0 means that it cannot be taken back.
    """

    kind: Literal["attributes", "credit", "booking", "callback", "case", "message"]
    promise: str
    what: str = Field(default="", max_length=120)
    term: str = ""
    set: Mapping[str, bool | int | float | str] = Field(default_factory=dict)
    becomes: Mapping[str, str] = Field(default_factory=dict)
    more: Mapping[str, str] = Field(default_factory=dict)
    less: Mapping[str, str] = Field(default_factory=dict)
    lead_days: int = Field(default=2, ge=1, le=60)
    undo_days: int = Field(default=0, ge=0, le=365)


class Treatment(Part):
    """What may be done for a customer, and all that is needed to decide, say, show and fulfil it."""

    key: Key
    name: str
    issue: IssueKey
    group: Key
    purpose: Key
    owner: str
    metric: str
    objective: Key
    resolves: tuple[Key, ...] = ()
    owed: bool = False
    """It is the customer's due: it is held out from nobody."""
    concession: bool = False
    acceptance: float = Field(gt=0, lt=1)
    acceptance_evidence: str
    valid_days: int = Field(ge=1, le=365)
    cool_off_days: int = Field(ge=0, le=730)
    repeat_days: int = Field(ge=0, le=3650)
    benefit: str = ""
    in_force_from: date | None = None
    in_force_until: date | None = None
    subject: str = ""
    """The kind of holding that it is for, one offer for each; "" for the customer as a whole."""
    excludes: tuple[Key, ...] = ()
    """Treatments that cannot be had beside it, in either order."""
    requires: tuple[Key, ...] = ()
    """Treatments that the customer must have taken before."""
    follows: Follow | None = None
    disclosures: tuple[Key, ...] = ()
    """What the customer must be told before they accept: the pack has the words."""
    input: tuple[Input, ...] = Field(default=(), max_length=8)
    """What they choose or say when they accept."""
    bundle: tuple[Key, ...] = ()
    """Treatments that are part of this one offer: what must hold for each must hold, and all are fulfilled."""
    objectives: Vector
    rules: Rules
    value: Worth
    use: tuple[Use, ...] = ()
    term: tuple[Term, ...] = ()
    phone: Phone | None = None
    portal: Portal | None = None
    everyone: Everyone | None = None
    sms: Message | None = None
    email: Message | None = None
    chat: Message | None = None
    branch: Message | None = None
    reason: tuple[Reason, ...] = Field(min_length=1)
    fulfilment: Fulfilment

    def rendered_in(self, channel: str) -> bool:
        """Whether there are words for this channel."""
        return getattr(self, channel, None) is not None

    def rendered_text(self, channel: str) -> str | None:
        """The words for a channel of plain text; None where there are none."""
        message = getattr(self, channel, None)
        return message.text if isinstance(message, Message) else None

    def expressions(self) -> list[tuple[str, Any]]:
        """Every expression with the name of its place."""
        return [
            *((name, getattr(self.rules, name)) for name in ("eligible", "applicable", "suitable")),
            *((name, getattr(self.value, name)) for name in ("equity", "cost", "experience")),
            *((f"use.{u.budget}", u.amount) for u in self.use),
            *((f"term.{t.key}", t.value) for t in self.term),
            *(("reason.when", r.when) for r in self.reason),
        ]


class Catalogue:
    """One immutable version: the pack and its treatments by key. `digest` names its content."""

    def __init__(self, version: int, body: Body, digest: str | None = None) -> None:
        """Raises PackError where the body is not a catalogue."""
        self.version = version
        self.digest = digest or digest_of(body)
        self.pack: Pack = pack_from(body)
        self.treatments: dict[str, Treatment] = {t.key: t for t in read_treatments(self.pack)}
        self.of_version: Mapping[str, int] = {}
        """Treatment → the version that it came of, of those that came of another: see `composed`."""
        self.worked_out: dict[str, Any] = {}
        """Room for what is worked out of this version once; it goes with it."""

    def narrowed(self, keys: Collection[str]) -> Catalogue:
        """The same version with these treatments alone: for asking about one of many."""
        narrow = object.__new__(Catalogue)
        narrow.version, narrow.digest, narrow.pack = self.version, self.digest, self.pack
        narrow.treatments = {key: t for key, t in self.treatments.items() if key in keys}
        narrow.of_version, narrow.worked_out = self.of_version, {}
        return narrow

    def composed(self, sources: Mapping[str, Catalogue]) -> Catalogue:
        """The same version with these treatments as others have them, or without, where they have none of the name."""
        made = object.__new__(Catalogue)
        made.version, made.digest, made.pack = self.version, self.digest, self.pack
        others = {key: one.treatments[key] for key, one in sources.items() if key in one.treatments}
        made.treatments = {key: t for key, t in self.treatments.items() if key not in sources or key in others} | others
        made.of_version = {key: sources[key].version for key in others}
        made.worked_out = {}
        return made

    def version_of(self, treatment: str) -> int:
        """The version under which an offer of this treatment is made."""
        return self.of_version.get(treatment, self.version)

    @cached_property
    def needed(self) -> frozenset[str]:
        """The names that any rule of any treatment reads, and any feature."""
        margin = self.pack.policies.margin.names if self.pack.policies.margin else ()
        return frozenset(name for t in self.treatments.values() for _, e in t.expressions() for name in e.names) | {
            *margin,
            *(name for one in self.pack.learning.shared for name in (*one.value.names, *one.missing.names)),
        }

    @cached_property
    def conflicts(self) -> Mapping[str, frozenset[str]]:
        """Treatment → those that a customer cannot have beside it: named by either, of one exclusive group, or bundled in it."""
        exclusive = set(self.pack.policies.exclusive_groups)
        found: dict[str, set[str]] = {key: set() for key in self.treatments}
        for key, t in self.treatments.items():
            others = {*t.excludes, *t.bundle}
            others |= {k for k, other in self.treatments.items() if t.group in exclusive and other.group == t.group}
            for other in (others - {key}) & found.keys():
                found[key].add(other)
                found[other].add(key)
        return {key: frozenset(others) for key, others in found.items()}


def read_treatments(pack: Pack) -> list[Treatment]:
    """The pack's treatments in order of file and place. Raises PackError; its paths start with the file and the number."""
    found, wrong = [], []
    for stem, content in pack.treatments.items():
        for nth, raw in enumerate(content.get("treatment", ())):
            try:
                found.append(Treatment.model_validate(raw))
            except ValidationError as e:
                wrong += [((f"treatments/{stem}.toml", nth, *error["loc"]), error["msg"]) for error in e.errors()]
    if wrong:
        raise PackError(wrong)
    return found


def digest_of(body: Body) -> str:
    """The name of a body's content: equal bodies have equal digests."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
