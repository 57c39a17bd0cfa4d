"""Why a treatment is not offered, as the agent reads it: the step, the rule, and what the rule saw. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backend.engine.service import Withheld
from backend.matrix.service import attribute_text
from backend.treatments.inputs import Inputs
from backend.treatments.labels import STEP_LABELS


@dataclass(frozen=True)
class WithheldLine:
    """Why not: the step and rule by which a treatment left the decision, and what the rule saw."""

    treatment: str
    name: str
    step: str
    step_label: str
    rule: str
    text: str
    values: tuple[tuple[str, str], ...]
    failed: bool = False
    """The rule itself could not be decided."""


def withheld_line(w: Withheld, inputs: Inputs) -> WithheldLine:
    catalogues = [inputs.configuration.catalogue, *inputs.configuration.older.values()]
    name = next((c.treatments[w.treatment].name for c in catalogues if w.treatment in c.treatments), w.treatment)
    return WithheldLine(
        treatment=w.treatment,
        name=name,
        step=w.step,
        step_label=STEP_LABELS[w.step],
        rule=w.rule,
        text=w.detail or "The rule does not hold for this customer.",
        values=tuple((_label(key, inputs), _value(key, value, inputs)) for key, value in w.values.items()),
        failed=w.failed,
    )


def _label(key: str, inputs: Inputs) -> str:
    known = inputs.pack.attributes.get(key) or inputs.pack.facts.get(key)
    return known.label if known else key.replace("_", " ")


def _value(key: str, value: Any, inputs: Inputs) -> str:
    attribute = inputs.pack.attributes.get(key)
    if attribute is not None:
        return attribute_text(attribute, value, inputs.pack.currency, inputs.profile.language) or "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "none"
    return str(value)
