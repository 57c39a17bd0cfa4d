"""The check of what a treatment sets in motion: each mistake is told before anything is published."""

from pathlib import Path

import pytest

from backend.catalogue.service import check_pack
from backend.engine.catalogue import Treatment, read_treatments
from backend.matrix.service import folder_of, load_pack
from tests.unit.test_catalogue_check import spoil, written

TREATMENTS = {t.key: t for t in read_treatments(load_pack(folder_of("telecom")))}


@pytest.mark.parametrize(
    ("kind", "lines", "said"),
    [
        ("message", "undo_days = 3", "its undo_days must be 0"),
        ("credit", 'term = "price"\nundo_days = 14', "its undo_days must be 0"),
        ("case", "undo_days = 400", "less than or equal to 365"),
        ("booking", "lead_days = 0", "greater than or equal to 1"),
        ("case", 'set = { contract = "One year" }', "only a fulfilment of kind attributes changes contract"),
        ("case", 'more = { monthly_charges = "price" }', "only a fulfilment of kind attributes"),
        ("attributes", "undo_days = 3", "changes at least one"),
        ("attributes", 'set = { contrac = "One year" }', "nothing is called contrac"),
        ("attributes", 'set = { contract = "For ever" }', 'contract is never "For ever"'),
        ("attributes", 'more = { tenure = "price" }', "tenure is no amount of money"),
        ("attributes", 'less = { monthly_charges = "prise" }', "prise is none of this treatment"),
        (
            "attributes",
            'more = { monthly_charges = "price" }\nless = { monthly_charges = "price" }',
            "monthly_charges is changed twice",
        ),
        ("attributes", 'becomes = { monthly_charge = "price" }', "nothing is called monthly_charge"),
    ],
)
def test_each_mistake_of_a_fulfilment_is_told(tmp_path: Path, kind: str, lines: str, said: str) -> None:
    folder = written(tmp_path, fulfil=kind)
    spoil(folder, "treatments/one.toml", 'promise = "p"', f'promise = "p"\n{lines}')
    problems = check_pack(folder)
    assert any(said in p.message for p in problems), [str(p) for p in problems]
    assert {p.file for p in problems} == {"treatments/one.toml"}


@pytest.mark.parametrize(
    ("kind", "lines"),
    [
        ("attributes", 'set = { contract = "One year" }\nbecomes = { monthly_charges = "price" }\nundo_days = 14'),
        ("attributes", 'less = { monthly_charges = "price" }'),
        ("credit", 'term = "price"\nwhat = "A credit"'),
        ("booking", 'what = "A visit"\nlead_days = 5\nundo_days = 60'),
        ("callback", "undo_days = 30"),
        ("case", "undo_days = 365"),
    ],
)
def test_what_is_right_is_let_through(tmp_path: Path, kind: str, lines: str) -> None:
    folder = written(tmp_path, fulfil=kind)
    spoil(folder, "treatments/one.toml", 'promise = "p"', f'promise = "p"\n{lines}')
    assert check_pack(folder) == []


@pytest.mark.parametrize("treatment", TREATMENTS.values(), ids=TREATMENTS)
def test_the_telecom_pack_lets_people_change_their_mind_where_that_makes_sense(treatment: Treatment) -> None:
    act = treatment.fulfilment
    assert (act.undo_days > 0) is (act.kind not in ("credit", "message"))
    if "14 days to change your mind" in f"{act.promise} {treatment.portal.body if treatment.portal else ''}":
        assert act.undo_days == 14
