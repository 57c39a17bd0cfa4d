"""How a report's numbers are written and drawn: values with their unit, changes in words, trends as lines. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.reporting.service import Dealt, Figure, Point, Share

WIDTH, HEIGHT = 240, 48
_EDGE = 4


@dataclass(frozen=True, slots=True)
class Drawn:
    """A trend: lines through the days that have a value, the lone ones as dots, and where the last of them lies."""

    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    last: tuple[float, float] | None
    low: float | None
    high: float | None


def shown(value: float | None, unit: str) -> str:
    """ "6 min 20 s", "63 %", "4.2 of 5"; a dash where there is none."""
    if value is None:
        return "–"
    if unit == "seconds":
        return seconds(value)
    if unit == "share":
        return f"{100 * value:.1f} %" if value not in (0, 1) else f"{100 * value:.0f} %"
    if unit == "score":
        return f"{value:.1f} of 5"
    return f"{value:,.2f}" if unit == "times" else f"{value:,.0f}"


def seconds(value: float) -> str:
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {left} s" if left else f"{minutes} min"


def change(figure: Figure, days: int) -> str:
    """ "40 s less than in the 30 days before"."""
    before = "the day before" if days == 1 else f"the {days:,} days before"
    if figure.before is None:
        return f"Nothing to compare with in {before}."
    if figure.value is None or figure.change is None:
        return f"{shown(figure.before, figure.measure.unit)} in {before}."
    much, word = abs(figure.change), "more" if figure.change > 0 else "less"
    if shown(figure.value, figure.measure.unit) == shown(figure.before, figure.measure.unit):
        return f"As in {before}."
    if figure.measure.unit == "share":
        return f"{100 * much:.1f} points {word} than in {before}."
    if figure.measure.unit == "score":
        return f"{much:.1f} {'better' if figure.change > 0 else 'worse'} than in {before}."
    return f"{shown(much, figure.measure.unit)} {word} than in {before}."


def between(share: Share) -> str:
    """ "41 to 63 %": where the true share lies, nineteen times of twenty."""
    return f"{100 * share.low:.0f} to {100 * share.high:.0f} %" if share.of else ""


def stands(dealt: Dealt) -> str:
    return {1: "above peers", -1: "below peers"}.get(dealt.stands, "")


def trend(points: Sequence[Point]) -> Drawn:
    """The days from left to right; the scale begins at nothing, so that a small change looks small."""
    values = [one.value for one in points if one.value is not None]
    high = max(values, default=0.0)
    places: list[tuple[float, float] | None] = [
        None if one.value is None else (_across(nth, len(points)), _down(one.value, high))
        for nth, one in enumerate(points)
    ]
    lines, dots, run = [], [], []
    for place in (*places, None):
        if place is not None:
            run.append(place)
            continue
        if len(run) == 1:
            dots.append(run[0])
        elif run:
            lines.append(" ".join(f"{x:g},{y:g}" for x, y in run))
        run = []
    known = [place for place in places if place is not None]
    return Drawn(
        tuple(lines), tuple(dots), known[-1] if known else None, min(values, default=None), max(values, default=None)
    )


def _across(nth: int, many: int) -> float:
    return round(_EDGE + nth * (WIDTH - 2 * _EDGE) / max(1, many - 1), 1)


def _down(value: float, high: float) -> float:
    return round(HEIGHT - _EDGE - (value / high if high > 0 else 0) * (HEIGHT - 2 * _EDGE), 1)
