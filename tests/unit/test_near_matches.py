"""Two records of one person are found by what they agree in, and two people are told apart."""

from __future__ import annotations

import random

import numpy as np
import pytest

from backend.identities import blocking, comparing, estimating, pairing
from tests.febrl import people, true_pairs

BLANK = dict.fromkeys(comparing.People.COLUMNS, "")
SIZES = {"given_name": 4, "family_name": 4, "name_order": 2, "birth_date": 4, "street": 4, "postcode": 3}


def measured(number: int) -> tuple[float, float, pairing.Result]:
    columns, whose = people(number)
    result = pairing.all_pairs(columns, comparing.model())
    truth = true_pairs(whose)
    found = {(one.left, one.right) for one in result.found}
    right = len(found & truth)
    return right / len(found), right / len(truth), result


def test_the_threshold_was_set_on_data_set_1() -> None:
    precision, recall, _ = measured(1)
    assert precision == 1.0
    assert recall >= 0.99


def test_on_data_set_3_suggestions_are_right_and_nearly_all_found() -> None:
    precision, recall, _ = measured(3)
    assert precision >= 0.99
    assert recall >= 0.95


def levels(ours: dict[str, str], theirs: dict[str, str]) -> dict[str, str]:
    columns = pairing.columns_of([BLANK | ours, BLANK | theirs])
    found = comparing.People(columns).compare(np.array([0]), np.array([1]))
    return {one.field: one.level for one in pairing.agreements(found, 0, comparing.model())}


@pytest.mark.parametrize(
    ("ours", "theirs", "level"),
    [
        ({"birth": "19561229"}, {"birth": "19561229"}, {"birth_date": "same"}),
        ({"birth": "19561229"}, {"birth": "19561292"}, {"birth_date": "mistyped"}),
        ({"birth": "19560312"}, {"birth": "19561203"}, {"birth_date": "mistyped"}),
        ({"birth": "19561229"}, {"birth": "19681229"}, {"birth_date": "one part off"}),
        ({"birth": "19561229"}, {"birth": "19770314"}, {"birth_date": "different"}),
        ({"phone": "13105550123"}, {"phone": "12135550123"}, {"phone": "same but for the area"}),
        ({"phone": "13105550123"}, {"phone": "13105550132"}, {"phone": "mistyped"}),
        ({"email": "ada@example.com"}, {"email": "ada@example.org"}, {"email": "same name elsewhere"}),
        ({"postcode": "90210"}, {"postcode": "90201"}, {"postcode": "mistyped"}),
        ({"phone": "13105550123"}, {}, {}),
    ],
)
def test_a_field_agrees_by_levels(ours: dict[str, str], theirs: dict[str, str], level: dict[str, str]) -> None:
    assert levels(ours, theirs) == level
    assert levels(theirs, ours) == level


def test_names_that_were_entered_crosswise_agree_and_say_so() -> None:
    found = levels({"given": "margaret", "family": "hamilton"}, {"given": "hamilton", "family": "margarett"})
    assert found == {"given_name": "misspelled", "family_name": "same", "name_order": "swapped"}


def test_better_agreement_never_weighs_less() -> None:
    for field in comparing.model().fields:
        if field.key == "name_order":
            continue  # swapped names are rarer still among two people
        assert field.weights[0] == max(field.weights), field.key
        assert field.weights[0] > 0 > field.weights[-1], field.key


def test_chances_of_every_field_add_up() -> None:
    for field in comparing.model().fields:
        assert len(field.levels) == len(field.m) == len(field.u)
        assert sum(field.m) == pytest.approx(1, abs=1e-3)
        assert sum(field.u) == pytest.approx(1, abs=1e-3)


def test_names_that_sound_alike_share_a_code() -> None:
    assert [blocking.soundex(name) for name in ("Robert", "Rupert", "Tymczak", "Pfister", "Honeyman", "Ашот")] == [
        "R163", "R163", "T522", "P236", "H555", "",
    ]  # fmt: skip


def test_a_key_that_too_many_share_is_left_out_and_counted() -> None:
    crowd = [BLANK | {"given": "ada", "family": "king"} for _ in range(blocking.LARGEST + 1)]
    result = pairing.all_pairs(pairing.columns_of(crowd), comparing.model())
    assert (result.found, result.compared, result.skipped) == ((), 0, 1)


def test_nobody_and_one_alone_make_no_pair() -> None:
    for many in ([], [BLANK | {"given": "ada", "family": "king", "birth": "18151210"}]):
        assert pairing.all_pairs(pairing.columns_of(many), comparing.model()).found == ()


def test_the_estimate_comes_to_the_chances_that_made_the_pairs() -> None:
    """Expectation maximisation over pairs whose levels were drawn from known chances, of which nobody says which are true."""
    draw = np.random.default_rng(4)
    m = {"given_name": (0.8, 0.1, 0.05, 0.05), "birth_date": (0.9, 0.05, 0.03, 0.02), "street": (0.6, 0.3, 0.05, 0.05)}
    u = dict.fromkeys(m, (0.01, 0.02, 0.07, 0.9))
    true, many = 3_000, 20_000
    drawn = {key: np.concatenate([draw.choice(4, true, p=m[key]), draw.choice(4, many - true, p=u[key])]) for key in m}
    found = estimating.estimate(drawn, u, dict.fromkeys(m, 4), share=0.5)
    assert found.share == pytest.approx(true / many, abs=0.01)
    for key, chances in m.items():
        assert found.m[key] == pytest.approx(chances, abs=0.03)


def test_the_weights_of_names_are_near_what_data_set_1_estimates() -> None:
    columns, whose = people(1)
    compared = comparing.People(columns)
    rng = random.Random(1)
    drawn = np.array([(rng.randrange(len(whose)), rng.randrange(len(whose))) for _ in range(100_000)])
    owners = np.array(whose)
    two = drawn[owners[drawn[:, 0]] != owners[drawn[:, 1]]]
    u = estimating.chances(compared.compare(two[:, 0], two[:, 1]), SIZES)
    pairs, _ = pairing.candidates(columns)
    m = estimating.estimate(compared.compare(pairs[:, 0], pairs[:, 1]), u, SIZES).m
    by = {field.key: field for field in comparing.model().fields}
    for key in SIZES:
        assert by[key].m == pytest.approx(m[key], abs=0.02), key
