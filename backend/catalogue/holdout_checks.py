"""What is wrong with a pack's holdouts in the light of its treatments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backend.engine.catalogue import Treatment
from backend.engine.service import never_held
from backend.matrix.holding_out import FILE
from backend.matrix.service import Pack, Problem, Source


def holdout_problems(treatments: Sequence[Treatment], pack: Pack, source: Source) -> Iterator[Problem]:
    """Treatments and groups that there are not, and those that are kept from nobody."""
    by_key = {t.key: t for t in treatments}
    for nth, one in enumerate(pack.holdouts):
        for key in one.treatments:
            line = source.line(FILE, "holdout", nth, "treatments")
            if key not in by_key:
                yield Problem(FILE, line, one.key, f"there is no treatment {key}")
            elif why := never_held(by_key[key]):
                yield Problem(FILE, line, one.key, f"{key} is never held out: {why}")
        for group in one.groups:
            line = source.line(FILE, "holdout", nth, "groups")
            members = [t for t in treatments if t.group == group]
            if not members:
                yield Problem(FILE, line, one.key, f"there is no group {group}")
            for t in members:
                if why := never_held(t):
                    yield Problem(FILE, line, one.key, f"{t.key} of {group} is never held out: {why}")
        if one.universal and all(never_held(t) for t in treatments):
            yield Problem(FILE, source.line(FILE, "holdout", nth, "key"), one.key, "nothing may be held out")
