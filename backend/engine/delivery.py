"""What a channel may deliver of a decision. A channel never re-ranks: it only withholds, and says why. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.engine.catalogue import Treatment
from backend.engine.deciding import Ranked, Withheld
from backend.engine.facts import Configuration
from backend.matrix.service import Pack, effective_cell
from backend.profiles.snapshot import Snapshot
from backend.rules.service import Context, Expression, RuleFailed


@dataclass(frozen=True)
class Delivery:
    """The ranked that this channel can deliver, in the decision's own order, and those that it cannot, with the rule."""

    channel: str
    here: tuple[Ranked, ...]
    elsewhere: tuple[tuple[Ranked, Withheld], ...]


def deliver(ranked: Sequence[Ranked], snapshot: Snapshot, configuration: Configuration, channel: str) -> Delivery:
    """Splits a decision for one channel. The order stays as it is."""
    here: list[Ranked] = []
    elsewhere: list[tuple[Ranked, Withheld]] = []
    for item in ranked:
        treatment = configuration.catalogue_of(item.catalogue_version).treatments[item.treatment]
        refused = refusal(treatment, snapshot, configuration.catalogue.pack, channel)
        if refused is None:
            here.append(item)
        else:
            elsewhere.append((item, Withheld(item.treatment, "deliverable", *refused, subject=item.subject)))
    return Delivery(channel, tuple(here), tuple(elsewhere))


def refusal(treatment: Treatment, snapshot: Snapshot, pack: Pack, channel: str) -> tuple[str, str] | None:
    """The rule by which this channel cannot deliver the treatment in the customer's stage, and why; None when it can."""
    stage = snapshot.stage or pack.default_stage
    cell = effective_cell(pack, snapshot.segments, stage, channel)
    if cell is None or treatment.objective not in cell.objectives:
        return (
            f"cell:{stage}/{channel}",
            f"In this stage, {channel} does not pursue the objective {treatment.objective}.",
        )
    if (why := _against(cell.cell.rule, snapshot)) is not None:
        return f"cell:{stage}/{channel}", why
    if not treatment.rendered_in(channel):
        return f"rendering:{channel}", f"It has no words for {channel}."
    if not consented(snapshot.consents, pack, treatment.purpose, channel):
        purpose = next((p for p in pack.purposes if p.key == treatment.purpose), None)
        label = purpose.label.lower() if purpose else treatment.purpose
        return f"consent:{treatment.purpose}/{channel}", f"No consent to {label} by {channel}."
    return None


def consented(states: Mapping[str, str], pack: Pack, purpose: str, channel: str) -> bool:
    """Whether the customer may be approached for this purpose in this channel; `states` by "purpose/channel".

    Who refused, or took a yes back, may not; who was never asked may only where the purpose needs no consent.
    """
    known = next((p for p in pack.purposes if p.key == purpose), None)
    state = states.get(f"{purpose}/{channel}")
    if state in ("denied", "withdrawn"):
        return False
    return state == "granted" or (known is not None and not known.needed)


def _against(rule: Expression, snapshot: Snapshot) -> str | None:
    """Why the interaction's own rule speaks against it; None where it does not."""
    if rule.text == "true":
        return None
    try:
        held = rule.test(Context(snapshot.names(), rule.names))
    except RuleFailed as failed:
        return f"The rule of this interaction could not be decided: {failed}."
    return None if held else f"This interaction is not for this customer: {rule.text}."
