"""What the faces and the API are shown of a customer: frozen, formatted where words are wanted, free of the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from backend.cases.types import Case
from backend.interactions.service import ByPhone, FloorWord
from backend.interactions.types import Call, Hand, Interaction, Visit
from backend.matrix.service import Labelled, Pack, Way
from backend.overview.belonging import Belonging
from backend.overview.described import Described
from backend.profiles.service import Moved
from backend.profiles.types import Credit, Match, Representative
from backend.treatments.cards import AgentRecommendation, CustomerRecommendation, OfferLine
from shared.kernel.money import Money


@dataclass(frozen=True, slots=True)
class CustomerHeader:
    id: UUID
    number: str
    name: str
    email: str | None
    phone: str | None
    birth_date: date | None
    since_text: str
    life_cycle: str
    life_cycle_label: str
    language: str
    timezone: str
    made_up: bool
    version: int
    born_text: str = ""
    """What stands in place of a birth date that this viewer must not read."""
    masked: tuple[str, ...] = ()
    """What is masked until the caller is verified."""


@dataclass(frozen=True, slots=True)
class Warning:
    """Something to know before saying a word. `kind` is protective, bad_experience, overdue or callback."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Worth:
    """What the customer pays: a month now, over the last twelve months, and for how long already."""

    monthly: Money
    last_12_months: Money
    tenure_months: int | None
    """None where it must not be read."""


@dataclass(frozen=True, slots=True)
class ExperienceView:
    """The running score of the customer's experience, 0 to 100, and the moments of truth that move it, newest first."""

    score: float
    tone: str
    """good, warn or bad."""
    moves: tuple[Moved, ...]


@dataclass(frozen=True, slots=True)
class Risk:
    """The chance (0 to 1) that the customer leaves, in a band, with its strongest drivers in words."""

    score: float
    band: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceLine:
    name: str
    detail: str
    has: bool


@dataclass(frozen=True, slots=True)
class BillLine:
    bill_id: UUID
    reference: str
    issued_on: date
    due_on: date
    amount: Money
    status: str
    paid_on: date | None
    lines: tuple[tuple[str, Money], ...]


@dataclass(frozen=True, slots=True)
class ConsentWay:
    """One channel of a purpose: `state` is granted, denied, withdrawn, or "" where nobody has asked yet."""

    key: str
    label: str
    state: str
    at: datetime | None

    @property
    def granted(self) -> bool:
        return self.state == "granted"


@dataclass(frozen=True, slots=True)
class ConsentLine:
    """A purpose, the words in which it is asked, and what the customer says of it in each of its channels."""

    purpose: str
    label: str
    wording: str
    needed: bool
    ways: tuple[ConsentWay, ...]

    @property
    def granted(self) -> tuple[str, ...]:
        """The labels of the channels in which they allow it."""
        return tuple(way.label for way in self.ways if way.granted)

    @property
    def asked(self) -> bool:
        return any(way.state for way in self.ways)


@dataclass(frozen=True, slots=True)
class ConsentSaid:
    """One entry of the ledger, in words."""

    at: datetime
    label: str
    channel: str
    state: str
    source: str
    wording: str
    wording_version: int
    by: str


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """What the customer allows, what they said before, and that they may have a copy of all that is kept of them."""

    consents: tuple[ConsentLine, ...]
    history: tuple[ConsentSaid, ...]
    timezone: str
    phone: str


@dataclass(frozen=True, slots=True)
class MomentView:
    stage: str
    stage_label: str
    intent: str | None
    intent_label: str
    source: str
    channel: str
    set_at: datetime
    fades_at: datetime
    live: bool
    evidence: str | None = None
    sign: str = ""
    """How much what they did tells of it now, in words; nothing where they said it."""


@dataclass(frozen=True, slots=True)
class Online:
    """The customer is at the portal now. `page` is the one that they look at, where they let us see it."""

    page: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Spoke:
    """A contact by phone that the customer may be reminded of."""

    at: datetime
    name: str


@dataclass(frozen=True, slots=True)
class CallerPage:
    """A call, with those who may be calling, surest first; `taken_for` names whose it is believed to be, if anyone's."""

    call: Call
    candidates: tuple[Match, ...]
    taken_for: str | None


@dataclass(frozen=True, slots=True)
class Unmentioned:
    """A treatment that stood on the agent's page and was not put to the customer, as far as anyone has said."""

    offer_id: UUID
    headline: str


@dataclass(frozen=True, slots=True)
class Promised:
    """Something that was promised in the contact: what, and by when."""

    what: str
    until: datetime


@dataclass(frozen=True, slots=True)
class WrapUp:
    """What closing a contact asks: `code` and `summary` are prefilled with what happened, and may be changed."""

    contact: Interaction
    codes: tuple[Choice, ...]
    code: str
    summary: str
    not_mentioned: tuple[Unmentioned, ...]
    promised: tuple[Promised, ...] = ()
    """What follows from what was put off and asked for: prefilled, and may be changed."""
    zone: str = "UTC"
    """Where the house works: promised times are given as its clocks show them."""


@dataclass(frozen=True, slots=True)
class Choice:
    key: str
    label: str
    stage: str | None = None


@dataclass(frozen=True, slots=True)
class TimelineLine:
    event_id: UUID
    at: datetime
    kind: str
    channel: str | None
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """A part of the timeline; days are to be written as in `timezone`, where the customer lives."""

    items: tuple[TimelineLine, ...]
    next_cursor: str | None
    timezone: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What was told with an event, under a name for people: words, or an instant."""

    label: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventPage:
    """One event whole: in words, by whom and where, and all that was told with it that its viewer may read."""

    customer_id: UUID
    line: TimelineLine
    channel: str
    stage: str
    by: str
    facts: tuple[Fact, ...]
    case_id: UUID | None
    timezone: str


@dataclass(frozen=True, slots=True)
class Represents:
    """A representative as of the customer's today: `state` is holds, begins (later), over (its last day) or ended (by us)."""

    one: Representative
    state: str

    @property
    def holds(self) -> bool:
        return self.state == "holds"


@dataclass(frozen=True, slots=True)
class CustomerPage:
    """The 360° view for an agent."""

    customer: CustomerHeader
    warnings: tuple[Warning, ...]
    worth: Worth
    risk: Risk | None
    value: Money | None
    """What the customer is worth over the whole of the relation, so far and to come."""
    experience: ExperienceView
    services: tuple[ServiceLine, ...]
    bills: tuple[BillLine, ...]
    balance: Money
    consents: tuple[ConsentLine, ...]
    attributes: tuple[tuple[str, str], ...]
    moment: MomentView | None
    stages: tuple[Choice, ...]
    intents: tuple[Choice, ...]
    decline_reasons: tuple[Choice, ...]
    timeline: tuple[TimelineLine, ...]
    timeline_next: str | None
    recommendation: AgentRecommendation
    contact: Interaction | None
    """The agent's own contact with the customer, until it is wrapped up."""
    call: Call | None
    """The agent's call with the customer, while it rings or goes on."""
    came_by: Call | None
    """The call of that contact, while it may still turn out to be somebody else's."""
    others: tuple[str, ...]
    """Colleagues who have a contact with the customer open now."""
    online: Online | None
    cases: tuple[Case, ...]
    """What is still to be done for them, newest first."""
    credits: tuple[Credit, ...]
    """Credits that wait for the next bill."""
    representatives: tuple[Represents, ...]
    """Who may act or be told in their place, those whose authority holds first; none whose authority was ended."""
    person: Represents | None
    """With whom the agent speaks in that contact; None for the customer."""
    described: Described
    """The segments that they are in, and why."""
    hand: Hand
    """What the agent has in hand, with this customer and others."""
    by_phone: ByPhone | None = None
    """Where they left off at the portal to call us."""
    away_reasons: tuple[Labelled, ...] = ()
    words: tuple[FloorWord, ...] = ()
    """What supervision said to the agent about them, and they have not put away."""
    channels: tuple[Choice, ...] = ()
    verifications: tuple[Way, ...] = ()
    """How a caller may prove who they are; empty where nothing is masked by it."""
    belongings: tuple[Belonging, ...] = ()
    """The household and the accounts to which they belong now."""
    alike: tuple[UUID, ...] = ()
    """Who may be the same person, by open suggestions, the likeliest first; for those alone who may merge."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that needs the customer, and the one act for it: the name of a page, and whose, where it is one of many."""

    kind: str
    text: str
    act_label: str
    act_endpoint: str
    thing_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class PortalHome:
    """The customer's own first page; nothing in it is for agents only."""

    name: str
    first_name: str
    """How the pack's tone greets them: by the first name, or where it is formal by the whole one."""
    needs: tuple[Need, ...]
    moment: MomentView | None
    choices: tuple[Choice, ...]
    recommendation: CustomerRecommendation
    answered: tuple[OfferLine, ...]
    phone: str
    timezone: str
    spoke: Spoke | None
    reference: str | None
    """What to say when calling: it opens this page's first treatment at the desk."""
    watching: bool
    """Whether agents may see which page the customer is on."""
    cases: tuple[Case, ...]
    """What we are doing for them, newest first."""


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The customer's first page, and what was read for it that a face needs beside it."""

    home: PortalHome
    pack: Pack
    """What was in force."""
    visit: Visit | None
    """Where they were last at the portal, before this page."""


@dataclass(frozen=True, slots=True)
class OffersPage:
    recommendation: CustomerRecommendation
    answered: tuple[OfferLine, ...]
    timezone: str
