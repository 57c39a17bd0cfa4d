"""The churn score is what the kept script fits, is good, and knows nothing that it must not know."""

import math
import tomllib
from itertools import islice

import numpy as np
import pytest

from backend.matrix.service import folder_of, load_pack
from backend.packs.telecom import fit_churn
from backend.packs.telecom.rows import read_customers
from backend.profiles.risk import churn_risk, in_words

PACK = load_pack(folder_of("telecom"))
FITTED = fit_churn.data()


def test_five_fold_auc_is_084_or_better() -> None:
    x, y, _, _ = FITTED
    assert np.mean(fit_churn.cross_validated(x, y)) >= 0.84


def test_auc_is_a_half_for_a_constant_and_one_for_the_truth() -> None:
    y = np.array([0.0, 1.0, 0.0, 1.0])
    assert fit_churn.auc(y, np.zeros(4)) == pytest.approx(0.5)
    assert fit_churn.auc(y, y) == pytest.approx(1.0)


def test_the_kept_coefficients_are_what_the_script_fits() -> None:
    x, y, mean, scale = FITTED
    again = tomllib.loads(fit_churn.as_toml(fit_churn.fit(x, y), mean, scale))
    kept = tomllib.loads(fit_churn.OUT.read_text(encoding="utf-8"))
    assert kept["intercept"] == pytest.approx(again["intercept"], abs=1e-5)
    assert [t["coefficient"] for t in kept["term"]] == pytest.approx(
        [t["coefficient"] for t in again["term"]], abs=1e-5
    )
    assert [t["attribute"] for t in kept["term"]] == [t["attribute"] for t in again["term"]]


def test_our_code_gives_the_scripts_risk() -> None:
    x, y, _, _ = FITTED
    weights = fit_churn.fit(x, y)
    for row, line in islice(zip(read_customers(), x, strict=True), 200):
        expected = 1 / (1 + math.exp(-(weights[0] + line @ weights[1:])))
        risk, reasons = churn_risk(PACK.churn, row)
        assert risk == pytest.approx(expected, abs=1e-5)
        assert len(reasons) <= 3
        assert len(in_words(PACK.churn, row, reasons)) <= len(reasons)


def test_the_mean_risk_is_the_share_that_left() -> None:
    rows = list(read_customers())
    assert np.mean([churn_risk(PACK.churn, row)[0] for row in rows]) == pytest.approx(1_869 / 7_043, abs=1e-3)


def test_no_protected_and_no_made_up_attribute_is_in_the_score() -> None:
    for term in PACK.churn.term:
        attribute = PACK.attributes[term.attribute]
        assert not attribute.protected
        assert attribute.column, f"{attribute.key} is made up"


def test_every_customer_at_high_risk_has_a_reason_in_words() -> None:
    for row in read_customers():
        risk, reasons = churn_risk(PACK.churn, row)
        if risk >= 0.6:
            assert len(in_words(PACK.churn, row, reasons)) == 3
