"""What of a customer raises or lowers a learned chance, in words for an agent. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp

import numpy as np

from backend.engine.facts import Configuration
from backend.engine.ruling import Ranked
from backend.matrix.service import UNKNOWN, Feature, Learning

LEAST = 0.02
"""A contribution to the log odds below this says nothing worth hearing."""
MOST = 4


@dataclass(frozen=True, slots=True)
class Weighed:
    """What one feature does to a chance: its contribution to the log odds, and the same in words."""

    feature: str
    label: str
    contribution: float
    words: str


def weighed(
    item: Ranked, features: tuple[float, ...], seen: Mapping[str, str], configuration: Configuration
) -> tuple[Weighed, ...]:
    """What moved the chance most, the strongest first; empty where nothing was learned of it, or its model is not believed.

    `features` as the decision kept them; `seen`: by feature what the customer's value is, in words.
    """
    learning, epoch = configuration.catalogue.pack.learning, configuration.epoch
    if not epoch.learned or item.treatment in epoch.fallen or not features:
        return ()
    treatment = configuration.catalogue_of(item.catalogue_version).treatments[item.treatment]
    aligned = epoch.aligned(learning.columns)
    place = aligned.place_of(item.treatment, treatment.group)
    if place is None:
        return ()
    x = np.array((*features, *(item.history or (0.0,) * len(learning.histories))))
    if len(x) != len(learning.columns):
        return ()
    found = []
    for name, contribution in zip(learning.columns[1:], aligned.contributions(place, x)[1:], strict=True):
        if abs(contribution) >= LEAST:
            found.append(_weighed(name, contribution, learning, seen, item))
    return tuple(sorted(found, key=lambda one: (-abs(one.contribution), one.label))[:MOST])


def fallen(item: Ranked, configuration: Configuration) -> str:
    """Why the model of this treatment is not believed just now; empty where it is, or nothing was learned."""
    return configuration.epoch.fallen.get(item.treatment, "")


def _weighed(name: str, contribution: float, learning: Learning, seen: Mapping[str, str], item: Ranked) -> Weighed:
    feature = next(one for one in learning.feature if one.column == name.removesuffix(UNKNOWN))
    label = learning.labels[name]
    if feature.history:
        said = f"{label}: {_times(feature, learning, item)}"
    else:
        said = label if name.endswith(UNKNOWN) else f"{label}: {seen[feature.key]}" if seen.get(feature.key) else label
    times = exp(abs(contribution))
    way = "raises" if contribution > 0 else "lowers"
    # Odds times so much: under a twentieth more or less is hardly anything.
    how = "clearly " if times >= 1.35 else "" if times >= 1.1 else "slightly "
    return Weighed(feature.key, label, contribution, f"{said}: {how}{way} the chance.")


def _times(feature: Feature, learning: Learning, item: Ranked) -> str:
    scaled = item.history[learning.histories.index(feature)] if item.history else 0.0
    many = round(scaled * (feature.high - feature.low))
    more = " or more" if many >= feature.high else ""
    return "once" if many == 1 and not more else f"{many} times{more}"
