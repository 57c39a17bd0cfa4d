"""When answers turn: whether a treatment is taken so much more, or less, than was foreseen that what was learned no longer holds.

Page's test on the likelihood of each answer (Page 1954; Lorden 1971): for the odds as foreseen against odds so many times higher,
and against odds so many times lower. Where nothing changes, a false alarm comes once in exp(ALARM) answers at most (on average 3,000).
Answers must be in the order of presentation, and known whole: where a yes comes sooner than a silent no, the latest look too good.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, log

STEP = 1.5
"""The change of the log odds that is looked for; larger ones are found sooner."""
ALARM = 8.0
REMEMBERED = 0.005
"""The part of its weight that an answer from before its treatment turned keeps: a thousand of them are to weigh no more than five new."""


def turned_at(foreseen: Sequence[float], taken: Sequence[float]) -> int:
    """The place of the first answer since the last turn, of one treatment's answers in the order of time; 0: there was none.

    `foreseen`: the chance that each had by what was learned when it was presented; `taken`: 1 where it was.
    """
    last, sums, since = 0, [0.0, 0.0], [0, 0]
    higher, lower = exp(STEP) - 1, exp(-STEP) - 1
    for place, (chance, yes) in enumerate(zip(foreseen, taken, strict=True)):
        for side, (step, grown) in enumerate(((STEP, higher), (-STEP, lower))):
            sums[side] += step * yes - log(1 + chance * grown)
            if sums[side] <= 0:
                sums[side], since[side] = 0.0, place + 1
            elif sums[side] > ALARM:
                # It goes on since then until what is foreseen is right again; but the next turn is to be noticed in time.
                sums[side], last = min(sums[side], 2 * ALARM), max(last, since[side])
    return last
