"""The models as authors read them: how much was learned, how well it comes true, what has changed, and what is not believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from backend.catalogue import service as catalogues
from backend.learning import service as learning
from backend.learning.service import Bin
from backend.matrix.service import Learning, Pack
from shared.kernel.errors import NotFound

CHANGED = 3.0
"""Standard deviations from which on a share of answers is said to have changed."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """How one treatment, in all channels or in one, was foretold lately and what has changed. None: too little to say."""

    answers: int
    taken: int
    recent: int
    judged: int
    foretold: float | None
    """The mean chance of those that a model foretold."""
    came: float | None
    """The share of them that was taken."""
    gap: float | None
    surprise: float | None
    area: float | None
    shifted: float | None
    drift: float | None
    drift_of: str
    curve: tuple[Bin, ...]
    told: bool
    """Whether enough answers were foretold to say how far off they were: a few differ by accident."""

    @property
    def share(self) -> float | None:
        return self.taken / self.answers if self.answers else None

    @property
    def answers_changed(self) -> bool:
        return self.shifted is not None and abs(self.shifted) >= CHANGED


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One treatment's model."""

    key: str
    name: str
    group: str
    prior: float
    chance: float
    """For a customer who is typical in every feature."""
    low: float
    high: float
    """Between these the chance lies nine times in ten."""
    mature: bool
    fallen: str
    turned: date | None
    """The day from which on its answers were others; what was learned before hardly counts."""
    whole: Judgement


@dataclass(frozen=True, slots=True)
class FeatureLine:
    """What a feature was like lately and before, scaled, and how far it moved."""

    label: str
    now: float | None
    before: float | None
    drift: float | None


@dataclass(frozen=True, slots=True)
class EpochLine:
    number: int
    made_at: datetime
    examples: int


@dataclass(frozen=True, slots=True)
class ModelsPage:
    """All models of the epoch in force; `epoch` None: nothing was learned yet, and every chance is the catalogue's."""

    pack: Pack
    epoch: EpochLine | None
    lines: tuple[ModelLine, ...]
    channels: tuple[tuple[str, float, Judgement | None], ...]
    """Channel, its share in what was learned, and how it was foretold there."""
    features: tuple[FeatureLine, ...]
    epochs: tuple[EpochLine, ...]
    waiting: int
    """Answers since the epoch."""


@dataclass(frozen=True, slots=True)
class WeightLine:
    """What a feature does from its least to its most: the odds are multiplied by so much, and how sure that is."""

    label: str
    weight: float
    spread: float
    channel: bool

    @property
    def sure(self) -> bool:
        """Whether nine times in ten it lies on this side of nothing."""
        return abs(self.weight) > 1.645 * self.spread


@dataclass(frozen=True, slots=True)
class ModelPage:
    """One treatment's model with its weights, its curve and its channels."""

    pack: Pack
    epoch: EpochLine
    line: ModelLine
    weights: tuple[WeightLine, ...]
    channels: tuple[tuple[str, Judgement], ...]


def models(session: Session) -> ModelsPage:
    """Every treatment of the catalogue in force. Raises NotFound without a catalogue."""
    catalogue = catalogues.in_force(session).catalogue
    row = learning.report_of(session)
    waiting, _ = learning.learned_since(session, row.made_at if row else None)
    if row is None:
        return ModelsPage(catalogue.pack, None, (), (), (), (), waiting)
    epoch, report = learning.latest(session), row.report
    lines = tuple(
        _line(key, catalogue.treatments[key].name, one, epoch, catalogue.pack)
        for key, one in report["arms"].items()
        if key in catalogue.treatments
    )
    return ModelsPage(
        catalogue.pack, EpochLine(row.number, row.made_at, row.examples),
        tuple(sorted(lines, key=lambda one: (not one.fallen, -one.whole.answers, one.name))), _channels(report, catalogue.pack),
        _features(report, catalogue.pack.learning),
        tuple(EpochLine(one.number, one.made_at, one.examples) for one in learning.epochs(session, 8)), waiting,
    )  # fmt: skip


def model(session: Session, treatment: str) -> ModelPage:
    """One treatment's model. Raises NotFound where there is none."""
    catalogue = catalogues.in_force(session).catalogue
    row = learning.report_of(session)
    known = catalogue.treatments.get(treatment)
    if row is None or known is None or treatment not in row.report["arms"]:
        raise NotFound("There is no model of such a treatment.")
    epoch, one, pack = learning.latest(session), row.report["arms"][treatment], catalogue.pack
    return ModelPage(
        pack, EpochLine(row.number, row.made_at, row.examples), _line(treatment, known.name, one, epoch, pack),
        _weights(treatment, epoch, pack),
        tuple((pack.label_of(pack.channels, key), _judgement(told, pack.learning)) for key, told in one["channels"].items()),
    )  # fmt: skip


def _line(key: str, name: str, one: Mapping[str, Any], epoch: learning.Epoch, pack: Pack) -> ModelLine:
    aligned = epoch.aligned(("base",))
    place = aligned.place_of(key, one["group"])
    odds = aligned.odds(place, _ONE, one["prior"]) if place is not None else None
    chance, low, high = (odds.chance, odds.draw(0.05), odds.draw(0.95)) if odds else (one["prior"],) * 3
    return ModelLine(
        key, name, one["group"], one["prior"], chance, low, high, one["mature"], one["fallen"],
        date.fromisoformat(one["turned"]) if one.get("turned") else None, _judgement(one, pack.learning),
    )  # fmt: skip


def _judgement(one: Mapping[str, Any], wanted: Learning) -> Judgement:
    judged = one["judged"]
    return Judgement(
        one["answers"], one["taken"], one["recent"], judged["many"], judged["chance"],
        judged["taken"] / judged["many"] if judged["many"] else None, judged["gap"], judged["surprise"], judged["area"],
        one["shifted"], one["drift"], wanted.labels.get(one["drift_of"], one["drift_of"]),
        tuple(Bin(*point) for point in judged["curve"]), judged["many"] >= wanted.least_answers,
    )  # fmt: skip


def _channels(report: Mapping[str, Any], pack: Pack) -> tuple[tuple[str, float, Judgement | None], ...]:
    found = []
    for channel in pack.channels:
        told = report["channels"].get(channel.key)
        share = report["mix"].get(f"channel:{channel.key}", 0.0)
        if told or share:
            found.append((channel.label, share, _judgement(told, pack.learning) if told else None))
    return tuple(found)


def _features(report: Mapping[str, Any], wanted: Learning) -> tuple[FeatureLine, ...]:
    return tuple(
        FeatureLine(wanted.labels.get(name, name), one["now"], one["before"], one["drift"])
        for name, one in report["features"].items()
    )


def _weights(treatment: str, epoch: learning.Epoch, pack: Pack) -> tuple[WeightLine, ...]:
    place = next((n for n, arm in enumerate(epoch.arms) if arm.key == treatment), None)
    if place is None:
        return ()
    found = []
    for n, name in enumerate(epoch.columns[1:], 1):
        channel = name.partition("channel:")[2]
        label = pack.label_of(pack.channels, channel) if channel else pack.learning.labels.get(name, name)
        spread = float(epoch.spread[place][n][n]) ** 0.5
        found.append(WeightLine(label, float(epoch.weights[place][n]), spread, bool(channel)))
    return tuple(sorted(found, key=lambda one: (one.channel, -abs(one.weight), one.label)))


_ONE = learning.vector((1.0,))
