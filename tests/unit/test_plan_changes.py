"""What acceptances change and how it is taken back: in any order, exactly, and never over somebody else's change."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.engine.catalogue import Fulfilment
from backend.engine.facts import TermValue
from backend.treatments.plan_changes import Change, Layer, changes_of, made, taken_back

CURRENCY = "USD"
PLAN = {"contract": "Month-to-month", "monthly_charges": 70.35, "tenure": 12}


def act(**more: Any) -> Fulfilment:
    return Fulfilment(kind="attributes", promise="Done.", **more)


def price(minor: int) -> tuple[TermValue, ...]:
    return (TermValue("price", "Price", "money", minor),)


def accepted(fulfilment: Fulfilment, minor: int, attributes: dict[str, Any]) -> tuple[Layer, dict[str, Any]]:
    layer = changes_of(fulfilment, price(minor), attributes, CURRENCY)
    return layer, made(layer, attributes)


MORE = act(more={"monthly_charges": "price"})
LESS = act(less={"monthly_charges": "price"})
YEARLY = act(set={"contract": "One year"}, becomes={"monthly_charges": "price"})


def test_a_plan_is_changed_by_the_terms_that_were_accepted() -> None:
    layer, after = accepted(YEARLY, 6472, PLAN)
    assert after == PLAN | {"contract": "One year", "monthly_charges": 64.72}
    assert layer == (
        Change("contract", "set", "Month-to-month", "One year"),
        Change("monthly_charges", "set", 70.35, 64.72),
    )
    assert accepted(MORE, 500, PLAN)[1]["monthly_charges"] == 75.35
    assert accepted(LESS, 50, PLAN)[1]["monthly_charges"] == 69.85


def test_taking_back_puts_back_what_was_found() -> None:
    layer, after = accepted(YEARLY, 6472, PLAN)
    back = taken_back(layer, (), after, CURRENCY)
    assert (back.attributes, back.left) == (PLAN, ())


def test_what_was_unknown_is_unknown_again() -> None:
    layer, after = accepted(YEARLY, 6472, {})
    assert taken_back(layer, (), after, CURRENCY).attributes == {}


def test_what_somebody_changed_since_is_left_alone_and_named() -> None:
    layer, after = accepted(YEARLY, 6472, PLAN)
    since = after | {"contract": "Two year"}
    back = taken_back(layer, (), since, CURRENCY)
    assert back.attributes == since | {"monthly_charges": 70.35}
    assert back.left == ("contract",)


def test_one_of_two_additions_is_taken_out_from_under_the_other() -> None:
    first, after = accepted(MORE, 500, PLAN)
    second, after = accepted(MORE, 800, after)
    back = taken_back(first, (second,), after, CURRENCY)
    assert (back.attributes["monthly_charges"], back.left) == (78.35, ())
    assert back.later == ((Change("monthly_charges", "add", 70.35, 78.35),),)
    assert taken_back(back.later[0], (), back.attributes, CURRENCY).attributes == PLAN


def test_what_was_set_over_it_since_stays_and_remembers_the_first() -> None:
    one, after = accepted(YEARLY, 6472, PLAN)
    two, after = accepted(act(set={"contract": "Two year"}, becomes={"monthly_charges": "price"}), 6100, after)
    back = taken_back(one, (two,), after, CURRENCY)
    assert (back.attributes, back.left) == (after, ())
    assert taken_back(back.later[0], (), back.attributes, CURRENCY).attributes == PLAN


acts = st.sampled_from([MORE, LESS, YEARLY, act(set={"contract": "Two year"}), act(set={"fiber": True})])


@given(st.lists(st.tuples(acts, st.integers(0, 20_000)), max_size=6), st.randoms())
def test_all_taken_back_in_any_order_leaves_everything_as_it_was(done: list[tuple[Fulfilment, int]], rand: Any) -> None:
    attributes: dict[str, Any] = dict(PLAN)
    layers: list[Layer] = []
    for fulfilment, minor in done:
        layer, attributes = accepted(fulfilment, minor, attributes)
        layers.append(layer)
    standing = list(range(len(layers)))
    rand.shuffle(order := list(standing))
    for one in order:
        later = [n for n in standing if n > one]
        back = taken_back(layers[one], [layers[n] for n in later], attributes, CURRENCY)
        assert back.left == ()
        attributes = back.attributes
        for n, layer in zip(later, back.later, strict=True):
            layers[n] = layer
        standing.remove(one)
    assert attributes == PLAN


@given(st.lists(st.tuples(acts, st.integers(0, 20_000)), min_size=2, max_size=6), st.integers(0, 5))
def test_what_remains_is_what_the_others_alone_would_have_made(done: list[tuple[Fulfilment, int]], which: int) -> None:
    which %= len(done)
    attributes: dict[str, Any] = dict(PLAN)
    layers = []
    for fulfilment, minor in done:
        layer, attributes = accepted(fulfilment, minor, attributes)
        layers.append(layer)
    back = taken_back(layers[which], layers[which + 1 :], attributes, CURRENCY)
    without: dict[str, Any] = dict(PLAN)
    for fulfilment, minor in [*done[:which], *done[which + 1 :]]:
        without = accepted(fulfilment, minor, without)[1]
    assert back.attributes == without
