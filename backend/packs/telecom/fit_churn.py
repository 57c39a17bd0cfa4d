"""Fits the churn score to the 7,043 real customers and writes churn.toml: a logistic regression, by Newton's method in numpy.

Run by hand, with the development environment: `python -m backend.packs.telecom.fit_churn`. No protected attribute (gender,
senior citizen, birth date, partner, dependents) is read, and none that is made up.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backend.packs.telecom.rows import Row, read_customers

OUT = Path(__file__).with_name("churn.toml")
RIDGE = 1.0
FOLDS = 5


@dataclass(frozen=True)
class Term:
    """One column: the logarithm of a number, or one level of an attribute; and what a raised risk from it is called."""

    attribute: str
    level: str = ""
    reason: str = ""


# Levels are written so that what raises the risk has the positive coefficient: then the strongest reasons can be named.
TERMS = (
    Term("tenure", reason="Has been with us only a short time"),
    Term("contract", "Month-to-month", "No contract: can leave any month"),
    Term("contract", "One year", "Contract runs for one year only"),
    Term("internet_service", "Fiber optic", "Fiber customers leave more often"),
    Term("internet_service", "No"),
    Term("online_security", "No", "Has internet without online security"),
    Term("online_backup", "No", "Has internet without online backup"),
    Term("tech_support", "No", "Has internet without tech support"),
    Term("streaming_tv", "Yes", "Pays for TV streaming, which others offer too"),
    Term("streaming_movies", "Yes", "Pays for film streaming, which others offer too"),
    Term("multiple_lines", "Yes", "Pays for a second phone line"),
    Term("phone_service", "true"),
    Term("payment_method", "Electronic check", "Pays by electronic check, one bill at a time"),
    Term("paperless_billing", "true", "Bills come online, where they are easily compared"),
)


def column(term: Term, rows: list[Row]) -> np.ndarray:
    """The term's value for each customer, before centring: log(1 + number), or 1 where the attribute has the level."""
    if not term.level:
        return np.array([math.log1p(float(row[term.attribute] or 0)) for row in rows])
    return np.array([float(_level(row[term.attribute]) == term.level) for row in rows])


def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Intercept and coefficients of the ridge-penalised logistic regression (the intercept is not penalised)."""
    design = np.c_[np.ones(len(x)), x]
    weights = np.zeros(design.shape[1])
    penalty = np.eye(len(weights)) * RIDGE
    penalty[0, 0] = 0
    for _ in range(50):
        p = 1 / (1 + np.exp(-design @ weights))
        gradient = design.T @ (y - p) - penalty @ weights
        step = np.linalg.solve((design * (p * (1 - p))[:, None]).T @ design + penalty, gradient)
        weights = weights + step
        if np.abs(step).max() < 1e-12:
            return weights
    raise ArithmeticError("the fit did not settle")


def auc(y: np.ndarray, score: np.ndarray) -> float:
    """The chance that one who left scores above one who stayed, ties counting half (Mann and Whitney)."""
    _, inverse, counts = np.unique(score, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    left = y.sum()
    return float((ranks[y == 1].sum() - left * (left + 1) / 2) / (left * (len(y) - left)))


def cross_validated(x: np.ndarray, y: np.ndarray, seed: int = 2026) -> list[float]:
    """The AUC on each of five held-out fifths, drawn at random by the seed."""
    order = np.random.default_rng(seed).permutation(len(y))
    found = []
    for fold in range(FOLDS):
        held = order[fold::FOLDS]
        rest = np.setdiff1d(order, held)
        weights = fit(x[rest], y[rest])
        found.append(auc(y[held], weights[0] + x[held] @ weights[1:]))
    return found


def data() -> tuple[np.ndarray, np.ndarray, float, float]:
    """Columns (the logarithm of tenure centred and scaled), who left, and the centre and scale."""
    rows = list(read_customers())
    x = np.column_stack([column(term, rows) for term in TERMS])
    mean, scale = round(float(x[:, 0].mean()), 4), round(float(x[:, 0].std()), 4)
    x[:, 0] = (x[:, 0] - mean) / scale
    return x, np.array([float(bool(row["churned"])) for row in rows]), mean, scale


def as_toml(weights: np.ndarray, mean: float, scale: float) -> str:
    lines = [
        "# Written by fit_churn.py: the chance that a customer leaves, as a logistic regression on the 7,043 real customers.",
        "# p = 1 / (1 + exp(-(intercept + sum of coefficient * x))). No protected attribute is in it.",
        f"intercept = {weights[0]:.6f}",
    ]
    for term, weight in zip(TERMS, weights[1:], strict=True):
        lines += ["", "[[term]]", f'attribute = "{term.attribute}"']
        if term.level:
            lines.append(f"level = {'true' if term.level == 'true' else json.dumps(term.level)}")
        else:
            lines += ['transform = "log1p"', f"mean = {mean}", f"scale = {scale}"]
        lines.append(f"coefficient = {weight:.6f}")
        if term.reason:
            lines.append(f'reason = "{term.reason}"')
    return "\n".join(lines) + "\n"


def _level(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def main() -> None:
    x, y, mean, scale = data()
    folds = cross_validated(x, y)
    OUT.write_text(as_toml(fit(x, y), mean, scale), encoding="utf-8")
    print(f"5-fold AUC {np.mean(folds):.4f} (folds {', '.join(f'{a:.4f}' for a in folds)})")


if __name__ == "__main__":
    main()
