"""The models: what was learned of each treatment, how well it comes true, what has changed, and what is not believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from backend import db
from backend.people.service import Permission, requires
from backend.teaching import service as teaching
from backend.teaching.service import ModelLine, WeightLine
from shared.ui.formats import speak_of
from shared.ui.pages import page

bp = Blueprint("models", __name__, template_folder="templates")

WIDE, HIGH, EDGE = 300, 260, 36
"""The curve's drawing: its size, and the room for what its axes say."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A reliability curve ready to be drawn: points, the line where chances come true, and what the axes say."""

    points: str
    dots: tuple[tuple[float, float, float, str], ...]
    """x, y, radius, and the point in words."""
    ideal: tuple[float, float, float, float]
    marks: tuple[tuple[float, float, str], ...]
    """Where on the x axis, where on the y axis, and the share."""


@bp.get("/models")
@requires(Permission.SEE_CATALOGUE)
def show() -> Response:
    with db.reading() as session:
        models = teaching.models(session)
    speak_of(models.pack.timezone)
    return page("authoring/models.html", models=models, state=state_of, times=times_of)


@bp.get("/models/<treatment>")
@requires(Permission.SEE_CATALOGUE)
def one(treatment: str) -> Response:
    with db.reading() as session:
        model = teaching.model(session, treatment)
    speak_of(model.pack.timezone)
    most = max((abs(line.weight) for line in model.weights), default=0.0) or 1.0
    return page(
        "authoring/model.html", model=model, curve=drawn(model.line.whole.curve), bars=[_bar(line, most) for line in model.weights],
        state=state_of, times=times_of,
    )  # fmt: skip


def state_of(line: ModelLine) -> tuple[str, str]:
    """How the model stands, in a word, with the word's colour."""
    if line.fallen:
        return "not believed", "bad"
    return ("mature", "good") if line.mature else ("still learning", "")


def times_of(weight: float) -> str:
    """What a weight does to the odds, in words."""
    by = exp(abs(weight))
    if by < 1.05:
        return "hardly anything"
    return f"odds × {by:.1f}" if weight > 0 else f"odds ÷ {by:.1f}"


def drawn(curve: Sequence[Any]) -> Curve | None:
    """The curve's drawing, from nothing to the highest share; None where there is nothing to draw."""
    if not curve:
        return None
    highest = max(max(one.chance, one.taken) for one in curve)
    top = next((share for share in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.8) if share >= highest), 1.0)
    most = max(one.many for one in curve)

    def at(chance: float, taken: float) -> tuple[float, float]:
        x = EDGE + chance / top * (WIDE - EDGE - 12)
        return round(x, 1), round(HIGH - EDGE - taken / top * (HIGH - EDGE - 24), 1)

    dots = tuple(
        (*at(one.chance, one.taken), round(3 + 3 * (one.many / most) ** 0.5, 1), f"Foretold {one.chance:.1%}, came {one.taken:.1%}, of {one.many:,} answers")
        for one in curve
    )  # fmt: skip
    marks = tuple((at(share, 0)[0], at(0, share)[1], f"{share:.0%}") for share in (0.0, top / 2, top))
    return Curve(" ".join(f"{x},{y}" for x, y, *_ in dots), dots, (*at(0, 0), *at(top, top)), marks)


def _bar(line: WeightLine, most: float) -> tuple[WeightLine, float, float]:
    """The line with where its bar begins and how long it is, of 100, nothing in the middle."""
    length = 48 * abs(line.weight) / most
    return line, round(50 - length if line.weight < 0 else 50, 2), round(max(length, 0.4), 2)
