"""Reads golden decisions, makes them again, and says what differs."""

from __future__ import annotations

import json
import lzma
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.engine import deciding as engine
from backend.engine.catalogue import Catalogue
from backend.engine.deciding import Ruling
from backend.engine.facts import Configuration, Ledger
from backend.profiles.service import Snapshot
from backend.treatments.asking import ranked_json
from backend.treatments.inputs import canonical

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Golden:
    """The decisions of one engine version, and the one catalogue that they were made with."""

    engine: int
    digest: str
    catalogue: dict[str, Any]
    decisions: list[dict[str, Any]]
    """Each {"inputs", "result"}: what a replay starts from, and what came out."""


def files() -> list[Path]:
    return sorted(FOLDER.glob("engine-*.json.xz"))


def read(path: Path) -> Golden:
    return Golden(**json.loads(lzma.decompress(path.read_bytes())))


def write(golden: Golden) -> Path:
    path = FOLDER / f"engine-{golden.engine}.json.xz"
    # The order of the catalogue's keys is kept: it is that of the file, and sums are made in it.
    text = json.dumps({name: getattr(golden, name) for name in Golden.__dataclass_fields__}, separators=(",", ":"))
    path.write_bytes(lzma.compress(text.encode(), preset=9))
    return path


def result_of(ruling: Ruling) -> dict[str, Any]:
    """The whole result as it is kept: floats with all their digits."""
    withheld = [
        {"treatment": w.treatment, "step": w.step, "rule": w.rule, "detail": w.detail, "values": dict(w.values)}
        for w in ruling.withheld
    ]
    whole = {"ranked": [ranked_json(r) for r in ruling.ranked], "withheld": withheld, "weights": dict(ruling.weights)}
    plain: dict[str, Any] = json.loads(canonical(whole))
    return plain


def differences(golden: Golden) -> Counter[str]:
    """What comes out differently now, and in how many decisions."""
    catalogue = Catalogue(1, golden.catalogue)
    found: Counter[str] = Counter()
    for decision in golden.decisions:
        inputs = decision["inputs"]
        dials = inputs["configuration"]
        ruling = engine.decide(
            Snapshot.from_json(inputs["snapshot"]),
            Ledger.from_json(inputs["ledger"]),
            Configuration(
                dials["version"],
                catalogue,
                levers=dials["levers"],
                prices=dials["prices"],
                exhausted=frozenset(dials.get("exhausted", ())),
            ),
        )
        found.update(set(_differ(decision["result"], result_of(ruling))))
    return found


def _differ(then: dict[str, Any], now: dict[str, Any]) -> Iterator[str]:
    """Names of what differs. What a later engine tells besides is no difference."""
    if then["weights"] != now["weights"]:
        yield "weights"
    for part in ("ranked", "withheld"):
        before, after = ([(one["treatment"], one.get("subject", "")) for one in side[part]] for side in (then, now))
        if before != after:
            yield part
            continue
        for old, new in zip(then[part], now[part], strict=True):
            yield from (f"{part}.{name}" for name in old if old[name] != new.get(name))
