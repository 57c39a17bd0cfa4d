"""The tree of errors, and actors."""

from uuid import UUID

import pytest

from shared.kernel import errors
from shared.kernel.actors import SYSTEM, Actor


def tree(root: type[errors.EvenhandError]) -> list[type[errors.EvenhandError]]:
    return [root, *(one for child in root.__subclasses__() for one in tree(child))]


KINDS = tree(errors.EvenhandError)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_each_error_speaks_to_a_person_a_program_and_the_web(kind: type[errors.EvenhandError]) -> None:
    error = kind(UUID(int=1)) if kind is errors.Restricted else kind()
    assert str(error).endswith(".")
    assert 400 <= kind.status < 600
    assert kind.code.replace("_", "").isalpha()


def test_no_two_errors_share_a_code() -> None:
    assert len({kind.code for kind in KINDS}) == len(KINDS)


def test_an_error_carries_its_facts() -> None:
    assert errors.AlreadyAnswered("Taken.", who="Avery").extra == {"who": "Avery"}
    invalid = errors.Invalid("No.", {"until": "Too late."}, field="until")
    assert (invalid.errors, invalid.extra) == (
        {"until": "Too late."},
        {"errors": {"until": "Too late."}, "field": "until"},
    )


def test_an_actor_may_what_it_was_given_and_the_system_may_all() -> None:
    actor = Actor("staff", "1", "Avery", frozenset({"desk"}))
    assert actor.may("desk")
    assert not actor.may("admin")
    assert SYSTEM.may("admin")
