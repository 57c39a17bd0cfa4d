"""What makes rules quick changes no answer: cut at && and ||, kept per customer, rewritten, worked out together; as CEL itself says."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.rules import expressions, splitting
from backend.rules.expressions import FUNCTIONS, Expression, Together, cel
from backend.rules.service import Context, RuleFailed

VALUES: dict[str, Any] = {
    "tenure": 5, "zero": 0, "monthly": 9.5, "none": 0.0, "fibre": True, "churned": False, "contract": "yearly", "note": "a && b || \"c\"",
    "declined": ["films", "tip"], "nothing": [], "great": 2**62, "tiny": 1e-300,
}  # fmt: skip
"""`missing` is read by rules too, and is not among them."""
NUMBERS = (
    "tenure",
    "zero",
    "monthly",
    "none",
    "great",
    "tiny",
    "1",
    "0",
    "-3",
    "2.5",
    "1e3",
    "missing",
    "double(tenure)",
    "size(declined)",
)
TEXTS = ("contract", "note", '"yearly"', "'yearly'", '"a && b || \\"c\\""', "'it\\'s, (or) isn\\'t ? no : yes'", '"//"', '""', "missing",
         'r"\\d && "', '"""long && "text" || """', '"least(1, 2)"')  # fmt: skip
LISTS = ("declined", "nothing", '["films", "a || b"]', "[1, 2.0]", "missing", "declined + nothing")
FAILED = "failed"
MANY = settings(
    max_examples=1500, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
_SEEDS = st.integers(0, 2**32)


def number(chance: Random, depth: int) -> str:
    kind = chance.randint(0, 9) if depth else 0
    if kind < 4:
        return chance.choice(NUMBERS)
    a, b = (number(chance, depth - 1) for _ in "ab")
    if kind < 6:
        return f"{a} {chance.choice('+-*/%')} {b}"
    if kind == 6:
        return f"({truth(chance, depth - 1)} ? {a} : {b})"
    if kind == 7:
        return f"(-({a}))"
    space = chance.choice(["", "", " ", "\n"])
    odd = text(chance, 0) if chance.random() < 0.05 else b
    return f"{chance.choice(['least', 'greatest'])}{space}({a},{space}{odd})"


def text(chance: Random, depth: int) -> str:
    if depth and chance.random() < 0.2:
        return f"({truth(chance, depth - 1)} ? {text(chance, 0)} : {text(chance, 0)})"
    return chance.choice(TEXTS)


def truth(chance: Random, depth: int) -> str:
    kind = chance.randint(0, 15) if depth else chance.randint(0, 6)
    if kind == 0:
        return chance.choice(["true", "false", "fibre", "churned", "!fibre", "missing", "tenure", "contract"])
    if kind < 4:
        sign = chance.choice(["<", "<=", ">", ">=", "==", "!="])
        return f"{number(chance, depth and depth - 1)} {sign} {number(chance, depth and depth - 1)}"
    if kind == 4:
        return f"{text(chance, depth and depth - 1)} {chance.choice(['==', '!=', '<'])} {text(chance, depth and depth - 1)}"
    if kind == 5:
        return f"{text(chance, 0)} in {chance.choice(LISTS)}"
    if kind == 6:
        inner = chance.choice(['x == "tip" || x == "films"', "x == contract && fibre", "missing || x == note", "x < 3"])
        return f"{chance.choice(LISTS)}.{chance.choice(['exists', 'all'])}(x, {inner})"
    if kind < 13:
        operator = chance.choice(["&&", "||", "&&", "||", " &&\n", "||"])
        parts = [truth(chance, depth - 1) for _ in range(chance.randint(2, 4))]
        joined = f" {operator} ".join(parts)
        return f"({joined})" if chance.random() < 0.4 else joined
    if kind == 13:
        return f"!({truth(chance, depth - 1)})"
    if kind == 14:
        return f"{truth(chance, 0)} ? {truth(chance, depth - 1)} : {truth(chance, depth - 1)}"
    return (
        f"{truth(chance, depth - 1)}{chance.choice([' // or && not', ' // it is least(1, 2) (', ' //'])}"
        + chance.choice(["\n", f"\n || {truth(chance, 0)}"])
    )


def rule(seed: int) -> str:
    chance = Random(seed)
    made = truth if chance.random() < 0.7 else number
    return made(chance, chance.randint(0, 4))


def as_cel_says(written: str) -> Any:
    """The value by the evaluator alone, in a context that nothing was kept in; FAILED where there is none."""
    try:
        return cel.compile(written).execute(cel.Context(variables=dict(VALUES), functions=FUNCTIONS))
    except Exception:
        return FAILED


def asked(ask: str, expression: Expression, context: Context) -> Any:
    try:
        return getattr(expression, ask)(context)
    except RuleFailed:
        return FAILED


def known(written: str) -> Expression | None:
    """The rule; None where it is none, by the evaluator too or by a cap on its length and depth."""
    try:
        return Expression(written)
    except expressions.RuleError:
        return None


def same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and (a == b or (a != a and b != b))


def assert_as_cel_says(written: str, context: Context) -> None:
    expression = known(written)
    if expression is None or ("none" in written and splitting.without_calls(written) != written):
        return  # 0.0 / 0.0: CEL compares nothing with it, so that such a rule fails where Python's own least gives something
    wanted = as_cel_says(written)
    assert same(asked("value", expression, context), wanted), written
    verdict = wanted if isinstance(wanted, bool) else FAILED
    assert same(asked("test", expression, context), verdict), written
    assert same(asked("test", expression, context), verdict), f"asked again: {written}"
    figure = float(wanted) if isinstance(wanted, (int, float)) and not isinstance(wanted, bool) else FAILED
    if figure not in (float("inf"), float("-inf")) and figure == figure:
        assert same(asked("number", expression, context), figure), written


@MANY
@given(_SEEDS)
def test_a_rule_that_was_cut_and_rewritten_says_what_it_says_as_written(seed: int) -> None:
    assert_as_cel_says(rule(seed), Context(VALUES))


@pytest.mark.parametrize(
    "written",
    ["12", "-3", "0", "-0", "007", "2.5", "-0.25", "1e3", "1E-3", " 12 ", "true", "false", "9223372036854775807", "1e18", ".5", "0x10", "5u",
     "nan", "inf", "-inf", "Infinity", "+5", "5.", "1_000", "1e999", "99999999999999999999", "\u0663", "True"],
)  # fmt: skip
def test_a_number_alone_is_what_cel_takes_for_one(written: str) -> None:
    expression, context = known(written), Context(VALUES)
    assert same(asked("value", expression, context) if expression else FAILED, as_cel_says(written))


_shared = Context(VALUES)


@MANY
@given(_SEEDS)
def test_what_was_kept_of_other_rules_changes_no_rule(seed: int) -> None:
    assert_as_cel_says(rule(seed), _shared)


@settings(MANY, max_examples=300)
@given(_SEEDS, st.integers(1, 9), st.integers(1, 5))
def test_rules_worked_out_together_come_to_what_each_comes_to_alone(seed: int, size: int, most: int) -> None:
    chance = Random(seed)
    found = [known(rule(chance.getrandbits(32))) for _ in range(size)]
    rules = [r for r in found if r is not None]
    wanted = [as_cel_says(r.text) for r in rules]
    context = Context(VALUES)
    together = Together(rules, most=most)
    held, undecided = together.verdicts(context)
    for one, says in zip(rules, wanted, strict=True):
        bit = together.bit(one)
        assert bool(held & bit) is (says is True), one.text
        assert bool(undecided & bit) is (not isinstance(says, bool)), one.text
    try:
        values: Any = together.values(Context(VALUES))
    except RuleFailed:
        assert FAILED in wanted
    else:
        assert all(same(a, b) for a, b in zip(values, wanted, strict=True)), [r.text for r in rules]


@settings(MANY, max_examples=300)
@given(_SEEDS)
def test_the_conditions_of_a_rule_decide_it_where_it_is_flat(seed: int) -> None:
    """What the decision reads of kept verdicts: all, or one, of the conditions."""
    expression = known(rule(seed))
    if expression is None:
        return
    context = Context(VALUES)
    every, conditions = expression.connects()
    held = [asked("test", c, context) for c in conditions]
    if FAILED not in held:
        assert asked("test", expression, context) is (all(held) if every else any(held)), expression.text


def test_the_rules_are_worth_trying() -> None:
    """Most parse, many have an answer, many are cut, many are rewritten, and some hold what must not be cut."""
    met: Counter[str] = Counter()
    for seed in range(1500):
        written = rule(seed)
        expression = known(written)
        if expression is None:
            met["no rule"] += 1
            continue
        value = as_cel_says(written)
        met["failed" if value is FAILED else type(value).__name__] += 1
        met["cut"] += bool(splitting.connected(written)[0])
        met["rewritten"] += splitting.without_calls(written) != written
        met["left whole"] += "//" in written
        met["settled though a part failed"] += value is not FAILED and "missing" in written and "||" in written
        met["signs in texts"] += "&& b" in written
    assert met["no rule"] < 300, met
    for what in (
        "failed",
        "bool",
        "int",
        "float",
        "cut",
        "rewritten",
        "left whole",
        "settled though a part failed",
        "signs in texts",
    ):
        assert met[what] >= 40, met


def cut_anywhere(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(expressions, "connected", lambda t: ("&&", t.split("&&")) if t.count("&&") == 1 else ("", [t]))


def choice_the_wrong_way_round(patch: pytest.MonkeyPatch) -> None:
    real = splitting.without_calls
    patch.setattr(expressions, "without_calls", lambda t: real(t).replace(") < (", ") > ("))


def verdicts_mixed_up(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Expression, "__hash__", lambda self: len(self.text))
    patch.setattr(Expression, "__eq__", lambda self, other: self.text[:4] == other.text[:4])


@pytest.mark.parametrize("fault", [cut_anywhere, choice_the_wrong_way_round, verdicts_mixed_up])
def test_a_planted_fault_is_found_out(fault: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    expressions.compiled.cache_clear()
    fault(monkeypatch)
    context = Context(VALUES)
    with pytest.raises((AssertionError, expressions.RuleError)):
        tried(context)
    expressions.compiled.cache_clear()


def tried(context: Context) -> None:
    for seed in range(1500):
        assert_as_cel_says(rule(seed), context)
