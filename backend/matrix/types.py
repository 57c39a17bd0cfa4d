"""What a pack holds, as typed and checked data. A pack is one vertical: its words, its matrix, its rules.

Treatments are parsed by the treatments room; here they are kept as they were written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field

from backend.matrix.alerting import Alerting
from backend.matrix.casework import Casework
from backend.matrix.holding_out import Holdout as Holdout
from backend.matrix.keeping import FurtherRole as FurtherRole
from backend.matrix.keeping import Kept as Kept
from backend.matrix.keeping import Retention as Retention
from backend.matrix.keeping import Role as Role
from backend.matrix.learning import Learning
from backend.matrix.leaving import Leaving, UsageKind
from backend.matrix.limits import Budget as Budget
from backend.matrix.limits import Cap as Cap
from backend.matrix.limits import Gap as Gap
from backend.matrix.limits import Policies as Policies
from backend.matrix.limits import QuietHours as QuietHours
from backend.matrix.parts import Amount, Chance, Key, Labelled, Part, Rule, Vector
from backend.matrix.quality import Quality
from backend.matrix.queues import Telephony
from backend.matrix.restricting import Restricted
from backend.matrix.talking import Disclosure, Verifying, Way
from backend.matrix.theming import Theme
from backend.matrix.tracking import Experience, TrackingPlan
from backend.rules.service import Name
from shared.kernel.languages import base, spoken

IssueKey = Literal["retention", "service", "sales", "collections", "care"]
Audience = Literal["agent", "customer"]
_NONE: Mapping[str, str] = {}


class Attribute(Labelled):
    """One thing that is known of a customer: its type and unit, who may see it, and how it may be used."""

    type: Literal["bool", "int", "number", "text", "choice", "date"]
    unit: str = ""
    visible: tuple[Audience, ...] = ("agent",)
    sees: tuple[Role, ...] = ()
    """The roles of staff who may see it at the desk; all of them where none is named."""
    masked: bool = False
    """Whether staff see it only once the caller is verified; before, its place alone."""
    personal: bool = False
    protected: bool = False
    actionable: bool = False
    """Whether someone can act on it today: an act of the pack may change it, and an explanation may say so."""
    choices: tuple[str, ...] = ()
    default: bool | int | float | str | None = None
    column: str = ""
    ibm: str = ""
    survivorship: Literal["trust", "newest"] = "trust"
    """Which of two sources is believed: the one trusted more, then the newer; or simply the newer."""


class Fact(Labelled):
    """A whole-day summary of what happened: a count in a window of days, a value kept, or days since a date."""

    type: Literal["int", "number", "bool"] = "int"
    of: str = ""
    window: int | None = Field(default=None, ge=1, le=800)
    value: str = ""
    since: str = ""
    experience: bool = False
    """The running score of the customer's experience, 0 to 100."""
    joins: Literal["", "survivor", "sum", "latest", "earliest"] = ""
    """What becomes of it where two customers are merged; nothing said: a value that is a whole number adds up, any other is the survivor's, and of two dates the later counts."""
    actionable: bool = False
    default: bool | int | float = 0


class Cell(Part):
    """An interaction of one stage and channel: the objectives that it may pursue, its cost to serve, its value, its rule.

    `rule`: for whom the interaction may pursue anything. `next`: the stages expected after it, with their probabilities; those
    of the process from this stage, where the cell names none.
    """

    stage: Key
    channel: Key
    objectives: frozenset[str]
    cost: Amount = 0
    value: Amount = 0
    rule: Rule = Field(default="true", validate_default=True)
    next: Mapping[Key, Chance] = Field(default_factory=dict)


class CellChange(Part):
    """A segment's own version of a cell: only the fields that it names; the base, or a later segment, gives the others."""

    stage: Key
    channel: Key
    objectives: frozenset[str] = frozenset()
    cost: Amount = 0
    value: Amount = 0
    rule: Rule = Field(default="true", validate_default=True)
    next: Mapping[Key, Chance] = Field(default_factory=dict)


class Stage(Labelled):
    """A stage of being a customer. `own`: as a customer says it who looks for help; empty where they are not asked."""

    own: str = ""


class StageWeights(Part):
    stage: Key
    weights: Vector


class Step(Part):
    """One expected move of the process: from a stage to the next, with its probability."""

    start: Key = Field(alias="from")
    end: Key = Field(alias="to")
    probability: float = Field(ge=0, le=1)


class Intent(Labelled):
    """Why a customer may be here: the desk's label, the portal's choice, its stage, and how long it stays true."""

    choice: str
    stage: Key
    fade_hours: float = Field(gt=0, le=24 * 60)
    weights: Vector
    pages: tuple[Key, ...] = ()
    """Pages of the portal that tell of this intent: who looks at one may be here for it."""


class LifeCycleState(Labelled):
    rule: Rule
    weights: Vector


class Rfm(Part):
    """By which facts customers are scored: days since the last payment, how many of them, and how much, in a window."""

    recency: Key
    frequency: Key
    monetary: Key

    def facts(self) -> dict[str, str]:
        return {"recency": self.recency, "frequency": self.frequency, "monetary": self.monetary}


class Segment(Labelled):
    """A set of customers, with its own version of cells, of weights or of the balance dial, merged over the base.

    A `descriptive` one says what customers are like by their scores, and changes nothing.
    """

    kind: Literal["rule", "descriptive"] = "rule"
    rule: Rule
    beta: float | None = Field(default=None, ge=0, le=1)
    cell: tuple[CellChange, ...] = ()
    stage_weights: Mapping[Key, Vector] = Field(default_factory=dict)
    life_cycle_weights: Mapping[Key, Vector] = Field(default_factory=dict)
    intent_weights: Mapping[Key, Vector] = Field(default_factory=dict)


class ScoreTerm(Part):
    """One coefficient. Without a level: (transform(value) − mean) / scale; with one: 1 when the attribute is that level."""

    attribute: Key
    level: str | bool | None = None
    transform: Literal["", "log1p"] = ""
    mean: float = 0
    scale: float = Field(default=1, gt=0)
    coefficient: float
    reason: str = ""
    reason_low: str = ""


class Score(Part):
    """A logistic regression as text: p = 1 / (1 + exp(−(intercept + Σ coefficient · x)))."""

    intercept: float
    term: tuple[ScoreTerm, ...]


class Ending(Part):
    """What is so once a service is cancelled alone: attributes, and by how much others are less. `loses` says it to the customer."""

    set: Mapping[Key, bool | int | float | str] = Field(min_length=1)
    less: Mapping[Key, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = Field(default_factory=dict)
    loses: str = ""


class Service(Labelled):
    """A line of the services list: which values of the attribute mean that the customer has it, and in which words."""

    attribute: Key
    values: Mapping[str, str]
    ending: Ending | None = None
    """None: it cannot be cancelled without all the others."""


class Protective(Labelled):
    """A state that silences some issues in every channel, never care."""

    rule: Rule
    silences: frozenset[IssueKey]


class Act(Labelled):
    """Something that the customer or we can do today, and what is then known of the customer; the label says it in words."""

    by: Literal["customer", "us"] = "customer"
    when: Rule = Field(default="true", validate_default=True)
    set: Mapping[Key, bool | int | float | str] = Field(min_length=1)


class Acknowledgement(Part):
    """What is said first while a bad experience of this kind is unresolved: by the agent, and on the card."""

    kind: Key
    agent: str
    customer: str


class DeclineReason(Labelled):
    """Why a customer says no. `cool_off_days`: how long that keeps the treatment away, where longer than its own time."""

    cool_off_days: int = Field(default=0, ge=0, le=3650)
    own: str = ""
    """As a customer says it; empty where customers are not asked for it."""


class Purpose(Labelled):
    """A purpose of contact. `needed`: nothing is offered for it without the customer's consent.

    `wording` is what the customer is asked, word for word: shown at the portal, read out at the desk. A changed text is a new
    version of it. `channels`: those in which it is asked; all of the pack where none is named.
    """

    needed: bool
    wording: str = ""
    channels: tuple[Key, ...] = ()


class HoldingKind(Labelled):
    """A thing of which a customer may have several (a line, an account), and what is known of each."""

    attribute: tuple[Attribute, ...] = ()


class Pack(Part):
    """One vertical, parsed and compiled. `treatments` are as written, for the treatments room to read."""

    name: Key
    label: str
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    timezone: str
    language: str
    languages: tuple[Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")], ...] = ()
    """The tags of the languages that customers may choose, the house's own among them: "es-US" is Spanish with the numbers of the US."""
    sentences: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    """Language → what the pack says to customers, by the text as it is written here. What has no translation is said as it is written."""
    theme: Theme | None = None
    logo: str = ""
    """The picture beside the name, as SVG."""
    record_words: tuple[str, ...] = ()
    """What records bring along in the house's language, such as the lines of bills: named here so that it can be said in others."""
    phone: str
    default_stage: Key
    policies: Policies
    purposes: tuple[Purpose, ...]
    attributes: Mapping[str, Attribute]
    facts: Mapping[str, Fact]
    objectives: tuple[Key, ...]
    stages: tuple[Stage, ...]
    channels: tuple[Labelled, ...]
    cells: Mapping[tuple[str, str], Cell]
    stage_weights: Mapping[str, Vector]
    process: tuple[Step, ...]
    life_cycle: tuple[LifeCycleState, ...]
    intents: Mapping[str, Intent]
    segments: tuple[Segment, ...]
    rfm: Rfm | None = None
    churn: Score | None
    services: tuple[Service, ...]
    services_held: Rule
    leaving: Leaving | None = None
    usage: tuple[UsageKind, ...] = ()
    """Whether the customer has any service at all: someone who left has none, whatever the attributes still say."""
    protective: tuple[Protective, ...]
    restricted: tuple[Restricted, ...] = ()
    """Groups of customers that only some teams may open."""
    acknowledgements: Mapping[str, Acknowledgement]
    caps: tuple[Cap, ...] = ()
    gaps: tuple[Gap, ...] = ()
    budgets: tuple[Budget, ...] = ()
    holdings: tuple[HoldingKind, ...] = ()
    quiet_hours: QuietHours | None = None
    kept: tuple[Kept, ...] = ()
    retention: tuple[Retention, ...] = ()
    masked_contact: tuple[Literal["phone", "email"], ...] = ()
    """Which of these staff see only once the caller is verified."""
    verifications: tuple[Way, ...] = ()
    """The ways in which a caller proves who they are."""
    verifying: Verifying = Field(default_factory=Verifying)
    disclosures: tuple[Disclosure, ...] = ()
    decline_reasons: tuple[DeclineReason, ...]
    wrap_ups: tuple[Labelled, ...]
    away_reasons: tuple[Labelled, ...] = ()
    """Why an agent is away from the desk for a while."""
    treatments: Mapping[str, Any]
    acts: tuple[Act, ...] = ()
    tracking: TrackingPlan = Field(default_factory=TrackingPlan)
    experience: Experience = Field(default_factory=Experience)
    casework: Casework = Field(default_factory=Casework)
    telephony: Telephony = Field(default_factory=Telephony)
    alerting: Alerting = Field(default_factory=Alerting)
    quality: Quality = Field(default_factory=Quality)
    learning: Learning = Field(default_factory=Learning)
    holdouts: tuple[Holdout, ...] = ()

    @property
    def offered(self) -> tuple[str, ...]:
        """The tags of the languages that customers may choose, the house's own first."""
        return (self.language, *(tag for tag in self.languages if tag != self.language))

    def said(self, text: str) -> str:
        """One of the pack's texts in the language that is spoken just now; as it is written where it has no translation."""
        tag = spoken()
        return text if tag == self.language else self.sentences.get(base(tag), _NONE).get(text, text)

    def label_of(self, things: Iterable[Labelled], key: str | None) -> str:
        """The label of a stage, channel or reason; the key itself when the pack has no label for it."""
        return next((t.label for t in things if t.key == key), key or "")

    def intent_label(self, key: str | None) -> str:
        return self.intents[key].label if key and key in self.intents else (key or "")

    @cached_property
    def worked_out(self) -> dict[Any, Any]:
        """Room for what is worked out of the pack once and asked for often; it goes with the pack."""
        return {}

    @cached_property
    def holding_names(self) -> Mapping[str, Mapping[str, Name]]:
        """The names that the rules of a treatment for one kind of holding may read besides: `line_speed` of a `line`."""
        return {
            kind.key: {f"{kind.key}_{a.key}": Name(a.type, a.choices) for a in kind.attribute} for kind in self.holdings
        }

    @cached_property
    def profile_names(self) -> Mapping[str, Name]:
        """The names that life-cycle rules may read, with their types."""
        names = {a.key: Name(a.type, a.choices) for a in self.attributes.values()}
        names |= {f.key: Name(f.type) for f in self.facts.values()}
        return names | {"churn_risk": Name("number"), "today": Name("date"), "weekday": Name("int")}

    @cached_property
    def segment_names(self) -> Mapping[str, Name]:
        """The names that segment and protective rules may read."""
        return {**self.profile_names, "life_cycle": Name("choice", tuple(s.key for s in self.life_cycle))}

    @cached_property
    def cell_names(self) -> Mapping[str, Name]:
        """The names that a cell's rule may read: all of the customer and their moment, nothing of the ledger."""
        ledger = ("accepted", "declined", "presentations_30d", "concessions_12m")
        return {key: name for key, name in self.names.items() if key not in ledger}

    @cached_property
    def names(self) -> Mapping[str, Name]:
        """Every name that a treatment's rules may read."""
        return {
            **self.segment_names,
            "segments": Name("list"),
            "protective": Name("list"),
            "stage": Name("choice", tuple(s.key for s in self.stages)),
            "intent": Name("choice", tuple(self.intents)),
            "intent_stated": Name("bool"),
            "consents": Name("list"),
            "accepted": Name("list"),
            "declined": Name("list"),
            "presentations_30d": Name("int"),
            "concessions_12m": Name("number"),
        }
