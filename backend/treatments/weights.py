"""What was learned of a treatment for this customer, in an agent's words: never a customer's to read."""

from __future__ import annotations

from backend.engine import service as engine
from backend.engine.facts import Configuration
from backend.engine.service import Ranked
from backend.matrix.service import Feature
from backend.treatments.inputs import Inputs
from shared.kernel import languages

_PLAIN = ("bool", "int", "number")


def learned_words(
    item: Ranked, features: tuple[float, ...], inputs: Inputs, configuration: Configuration
) -> tuple[str, ...]:
    """What moved the chance most, as far as this viewer may read what it rests on; or why the model is not believed just now."""
    if why := engine.fallen(item, configuration):
        return (f"What was learned of it is not believed just now: {why}",)
    hidden = {one.key for one in inputs.pack.learning.feature if inputs.mask.names(one.value.text, one.missing.text)}
    seen = {one.key: _seen(one, inputs) for one in inputs.pack.learning.shared if one.key not in hidden}
    return tuple(one.words for one in engine.weighed(item, features, seen, configuration) if one.feature not in hidden)


def _seen(feature: Feature, inputs: Inputs) -> str:
    """The customer's value in words; empty where the label says it all, or it is worked out of several."""
    name, snapshot = feature.value.text, inputs.snapshot
    if name in inputs.pack.attributes:
        attribute = inputs.pack.attributes[name]
        return inputs.mask.value(attribute, snapshot.attributes.get(name), inputs.pack.currency, languages.ENGLISH)
    if name == "churn_risk":
        return "" if snapshot.churn_risk is None else f"{snapshot.churn_risk:.0%}"
    if name in inputs.pack.facts and inputs.pack.facts[name].type in _PLAIN:
        return f"{snapshot.facts.get(name, 0):g}"
    return ""
