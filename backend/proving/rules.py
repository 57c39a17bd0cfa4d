"""Who is in which group: by a hash of the customer's id and a salt, unless it was written down already. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any, Literal

from backend.matrix.holding_out import Holdout

CONTROL, TREATED = "control", "treated"
HOLDOUT, EXPERIMENT = "holdout:", "experiment:"
"""What the names of rules begin with in what is stored of a customer."""
_WHOLE = float(2**64)

Trigger = Literal["decision", "ranked"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One face of an experiment. Without a version and levers it is the control: what everybody gets."""

    key: str
    label: str
    version: int | None = None
    """The catalogue that its customers are decided on by."""
    levers: tuple[tuple[str, float], ...] = ()
    """Treatment → by how much its lever is multiplied."""
    stopped: bool = False
    """Its customers get what everybody gets; they are counted with it all the same."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A running experiment as decisions read it."""

    key: str
    label: str
    arms: tuple[Arm, ...]
    """The control first; all of one size."""
    share: float = 1.0
    """The part of customers that takes part."""
    segment: str = ""
    treatments: tuple[str, ...] = ()
    """Those that its catalogues change; empty: an arm's catalogue is taken as a whole."""
    trigger: Trigger = "decision"
    """`ranked`: a customer counts from the first decision that ranks one of its treatments. Only where no arm can change that."""

    @property
    def rule(self) -> str:
        return EXPERIMENT + self.key

    def arm(self, key: str) -> Arm | None:
        return next((one for one in self.arms if one.key == key), None)

    def to_json(self) -> dict[str, Any]:
        """`from_json` gives an equal one back."""
        return asdict(self)

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Experiment:
        arms = tuple(Arm(**{**arm, "levers": tuple((t, f) for t, f in arm["levers"])}) for arm in given["arms"])
        return cls(**{**given, "arms": arms, "treatments": tuple(given["treatments"])})


def place_of(customer_id: str, salt: str) -> float:
    """Where the customer falls between 0 and 1: evenly over customers, and by each salt anew."""
    told = blake2b(f"{salt}\x00{customer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(told, "big") / _WHOLE


def rule_of(holdout: Holdout) -> str:
    """The holdout's name in what is stored of a customer: another salt is another group, with another name."""
    return HOLDOUT + (holdout.key if holdout.salt == holdout.key else f"{holdout.key}/{holdout.salt}")


def group_in(
    holdout: Holdout, customer_id: str, stored: Mapping[str, str], segments: Collection[str] | None = None
) -> str | None:
    """`control` or `treated`; None where the holdout is none of this customer's. What was written down holds."""
    known = stored.get(rule_of(holdout))
    if known is not None:
        return known
    if holdout.segment and (segments is None or holdout.segment not in segments):
        return None
    return CONTROL if place_of(customer_id, holdout.salt) < holdout.share else TREATED


def arm_in(
    experiment: Experiment, customer_id: str, stored: Mapping[str, str], segments: Collection[str] = ()
) -> str | None:
    """The key of the customer's arm; None where they take no part. What was written down holds."""
    known = stored.get(experiment.rule)
    if known is not None:
        return known
    if experiment.segment and experiment.segment not in segments:
        return None
    place = place_of(customer_id, experiment.key)
    if place >= experiment.share:
        return None
    return experiment.arms[min(int(place / experiment.share * len(experiment.arms)), len(experiment.arms) - 1)].key
