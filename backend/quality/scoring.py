"""What a review comes to: its score, whether it failed, and how far two reviewers agree. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.matrix.service import ReviewQuestion

WORTH = {"yes": 1.0, "partly": 0.5, "no": 0.0}
NOT_APPLICABLE = "na"


@dataclass(frozen=True, slots=True)
class Score:
    """`points` of 100, None where nothing that counts is answered; `open` are the questions without an answer.

    `failed` names the critical questions that were answered by no: then there are no points.
    """

    points: float | None
    open: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two reviewers gave one answer, of `pairs`; `kappa` is Cohen's, None where chance alone would agree always."""

    pairs: int
    same: int
    kappa: float | None

    @property
    def share(self) -> float:
        return self.same / self.pairs if self.pairs else 0.0


def answers_of(question: ReviewQuestion) -> tuple[str, ...]:
    """The answers that the question takes."""
    return ("yes", "partly", "no", NOT_APPLICABLE) if question.partly else ("yes", "no", NOT_APPLICABLE)


def score(questions: Sequence[ReviewQuestion], answers: Mapping[str, str]) -> Score:
    """100 × Σ weight × worth / Σ weight over the questions that applied; a failed critical one leaves nothing of it."""
    counted = [(one.weight, WORTH[answers[one.key]]) for one in questions if answers.get(one.key) in WORTH]
    failed = tuple(one.key for one in questions if one.critical and answers.get(one.key) == "no")
    whole = sum(weight for weight, _ in counted)
    points = 100 * sum(weight * worth for weight, worth in counted) / whole if whole else None
    return Score(0.0 if failed else points, tuple(one.key for one in questions if not answers.get(one.key)), failed)


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Cohen's kappa, (pₒ − pₑ) / (1 − pₑ), pₑ the agreement of two who answer each as often, at random.

    J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960).
    """
    many, same = len(pairs), sum(one == other for one, other in pairs)
    if not many:
        return Agreement(0, 0, None)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    by_chance = sum(first[answer] * second[answer] for answer in first) / many**2
    kappa = None if by_chance >= 1 else (same / many - by_chance) / (1 - by_chance)
    return Agreement(many, same, kappa)
