"""How far each role may go with an offer's terms: said in the pack, checked, obeyed."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from backend.catalogue.service import check_pack
from backend.engine.catalogue import Term
from backend.engine.service import AlterableTerm
from backend.matrix.types import FurtherRole
from backend.people.permissions import ROLES, STAFF_ROLES, Permission
from tests.unit.test_catalogue_check import pack as pack
from tests.unit.test_catalogue_check import spoil

RETENTION = "treatments/retention.toml"
SAID = '{ role = "senior_agent", high = 20 }'


def credit(**more: object) -> Term:
    asked = {
        "key": "credit",
        "label": "Credit",
        "unit": "money",
        "value": "10.0",
        "low": 5,
        "high": 30,
        "authority_high": 15,
    }
    return Term.model_validate({**asked, **more})


def test_a_role_that_is_named_goes_further_and_the_others_as_far_as_everybody() -> None:
    term = credit(authority=[{"role": "senior_agent", "high": 20}, {"role": "supervisor", "low": 5, "high": 30}])
    assert term.authority_of("agent") == (None, 15)
    assert term.authority_of("") == (None, 15)
    assert term.authority_of("senior_agent") == (None, 20)
    assert term.authority_of("supervisor") == (5, 30)


@pytest.mark.parametrize(
    ("own_low", "own_high", "beyond"),
    [(None, 15, True), (None, 30, False), (5, 30, False), (5, 20, True), (6, 30, True)],
)
def test_who_may_give_all_there_is_needs_nobody_to_agree(own_low: int | None, own_high: int, beyond: bool) -> None:
    assert AlterableTerm("credit", "Credit", "money", 10, 5, 30, own_low, own_high, "").has_beyond is beyond


def test_the_roles_with_more_authority_are_those_that_serve_customers() -> None:
    serve = {role for role in STAFF_ROLES if Permission.DECIDE_OFFERS in ROLES[role]}
    assert serve == {"agent", *get_args(FurtherRole)}


def test_every_role_of_staff_has_a_name_and_rights() -> None:
    assert set(STAFF_ROLES) == set(ROLES) - {"customer"}
    assert all(STAFF_ROLES.values())


@pytest.mark.parametrize("role", ["quality", "read_only"])
def test_who_reads_does_nothing_to_customers(role: str) -> None:
    acts = {
        Permission.SET_MOMENT, Permission.PRESENT_OFFERS, Permission.DECIDE_OFFERS, Permission.WORK_CASES, Permission.RECORD_CONSENT,
        Permission.RECORD_REPRESENTATIVES, Permission.SETTLE_PAYMENTS, Permission.MERGE_CUSTOMERS, Permission.HANDLE_PRIVACY,
        Permission.APPROVE_TERMS, Permission.AUTHOR, Permission.APPROVE_CATALOGUE, Permission.WRITE_ARTICLES, Permission.ADMIN,
    }  # fmt: skip
    assert not acts & ROLES[role]


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ('{ role = "senior_agent", high = 12 }', "the authority of senior_agent is less than everybody's"),
        ('{ role = "senior_agent", high = 99 }', "must lie between low and high"),
        (f"{SAID}, {SAID}", "the authority of one role is said twice"),
        ('{ role = "quality", high = 20 }', "senior_agent"),
    ],
)
def test_authority_that_makes_no_sense_is_told(pack: Path, new: str, said: str) -> None:
    spoil(pack, RETENTION, SAID, new)
    assert any(said in problem.message for problem in check_pack(pack)), [p.message for p in check_pack(pack)]


def test_a_role_alone_is_told_where_nobody_else_may_alter_the_term(pack: Path) -> None:
    spoil(pack, RETENTION, "authority_high = 15\n", "")
    assert any("say how far that is" in problem.message for problem in check_pack(pack))
