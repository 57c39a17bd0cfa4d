"""What is wrong with a pack's alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from backend.matrix.alerting import OWN_NAMES, names_for
from backend.matrix.tracking_checks import Fault
from backend.matrix.types import Pack
from backend.rules.service import lint

FILE = "alerts.toml"
PROTECTED = "protected attributes may not say whom one watches"


def alerting_faults(pack: Pack) -> Iterator[Fault]:
    """Rules that read what they may not or what there is not, and keys that stand twice."""
    keys = Counter(pack.alerting.keys)
    forbidden = {key: PROTECTED for key, one in pack.attributes.items() if one.protected}
    names = {
        "channels": tuple(one.key for one in pack.channels),
        "stages": tuple(one.key for one in pack.stages),
        "intents": tuple(pack.intents),
    }
    for nth, one in enumerate(pack.alerting.alert):
        if keys[one.key] > 1:
            yield FILE, "alert", nth, one.key, "stands twice"
        for why in lint(one.rule.text, names_for(one.about, pack.segment_names, **names), "bool", forbidden):
            yield FILE, "alert", nth, one.key, why
    if pack.alerting.about("contact"):
        for name in sorted(OWN_NAMES & {*pack.attributes, *pack.facts}):
            yield (
                FILE,
                "alert",
                0,
                name,
                "an attribute or fact has the name of something that a contact gives alerts to read",
            )
