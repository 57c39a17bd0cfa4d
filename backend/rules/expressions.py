"""Compiled CEL expressions, and the context that they read. Pure: nothing here loops, waits or reaches outside.

CEL (the Common Expression Language) has no loops and no clock; time comes in as whole-day counts. Text is never evaluated
as Python.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from types import ModuleType
from typing import Any

# The library brings its own command line along, with prompt_toolkit and pygments: a third of each of our starts, for nothing.
sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
import cel  # noqa: E402 (the line above must come first)

from backend.rules.splitting import connected, without_calls  # noqa: E402

LONGEST_TEXT = 1_000
"""Characters that one rule may have: the evaluator has no step budget, so its input is bounded instead."""
DEEPEST_NESTING = 16
MOST_COMPREHENSIONS = 2
LONGEST_LIST = 100
"""Elements that a list written in a rule may have."""
_COMPREHENSIONS = re.compile(r"\.\s*(all|exists|exists_one|filter|map)\s*\(")
_LISTS = re.compile(r"\[[^\[\]]*\]")
_STRINGS = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
"""As CEL spells them: what Python alone takes for a number (`nan`, `1_000`) is none."""
_LITERALS: dict[str, bool] = {"true": True, "false": False}


class RuleError(ValueError):
    """The text is not a rule: it does not parse or exceeds a cap. `str(e)` says what to mend."""


class RuleFailed(Exception):
    """A rule could not be decided for this customer; `str(e)` says why. The treatment is withheld, the rest stands."""


def _least(a: float, b: float) -> float:
    return min(a, b)


def _greatest(a: float, b: float) -> float:
    return max(a, b)


FUNCTIONS = {"least": _least, "greatest": _greatest}


class Context:
    """Everything that rules may read of one customer at one instant; built once and shared by all rules.

    Converting a value for the evaluator takes 2 microseconds, so a caller that knows which names its rules read (`needed`)
    has only those converted. What a condition came to is kept: the rules of a catalogue repeat each other's conditions.
    """

    __slots__ = ("_cel", "values", "verdicts")

    def __init__(self, values: Mapping[str, Any], needed: Collection[str] | None = None) -> None:
        self.values = dict(values)
        read = self.values if needed is None else {n: self.values[n] for n in needed if n in self.values}
        self._cel = cel.Context(variables=read, functions=FUNCTIONS)
        self.verdicts: dict[Expression, bool | None] = {}
        """Condition → what it came to; None: it has no verdict for this customer."""

    def add(self, name: str, value: Any) -> None:
        """Make one more value known (a life-cycle state, once its own rules have been tested)."""
        self.values[name] = value
        self._cel.add_variable(name, value)
        self.verdicts.clear()

    def seen_by(self, expression: Expression) -> dict[str, Any]:
        """The values that the expression read, by name: the evidence kept with a verdict."""
        return {name: self.values[name] for name in expression.names if name in self.values}


class Expression:
    """One compiled CEL expression. Equal texts give equal answers in equal contexts."""

    __slots__ = ("_all", "_constant", "_parts", "_program", "functions", "names", "text")

    names: tuple[str, ...]
    """What the expression reads."""
    functions: tuple[str, ...]

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        _cap(self.text)
        self._constant = _constant(self.text)
        self._all = True
        self._parts: tuple[Expression, ...] = ()
        if self._constant is not None:
            self._program, self.names, self.functions = None, (), ()
            return
        program = _program(self.text)
        references = program.references()
        self.names = tuple(sorted(references["variables"]))
        self.functions = tuple(sorted(references["functions"]))
        quicker = without_calls(self.text)
        self._program = program if quicker == self.text else _program(quicker)
        operator, parts = connected(self.text)
        if operator:
            self._all, self._parts = operator == "&&", tuple(map(compiled, parts))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def conditions(self) -> Iterable[Expression]:
        """The conditions that `&&` and `||` connect in it; itself where it is one alone. Constants are none."""
        for part in self._parts:
            yield from part.conditions()
        if not self._parts and self._program is not None:
            yield self

    def connects(self) -> tuple[bool, tuple[Expression, ...]]:
        """Whether all of its conditions must hold (else one is enough), and which; itself alone where they are nested."""
        flat = self._parts and not any(part._parts for part in self._parts)
        return (self._all, self._parts) if flat else (True, (self,))

    def value(self, context: Context) -> Any:
        """The expression's value. Raises RuleFailed when it cannot be had."""
        if self._program is None:
            return self._constant
        try:
            return self._program.execute(context._cel)
        except Exception as e:
            raise RuleFailed(_first_line(e)) from None

    def test(self, context: Context) -> bool:
        """The expression's verdict. Raises RuleFailed when it has none (a type error, a missing name, not a yes or no)."""
        held = self._verdict(context)
        if held is None:
            raise RuleFailed(f"gave {self.value(context)!r}, not true or false")
        return held

    def number(self, context: Context) -> float:
        """The expression's value as a float. Raises RuleFailed when it is no finite number."""
        return number_of(self.value(context))

    def _verdict(self, context: Context) -> bool | None:
        """True or false, None where it has neither; each condition is worked out once per context."""
        known = context.verdicts
        if self in known:
            return known[self]
        result = self._connected(context) if self._parts else None
        if result is None:
            try:
                result = self.value(context)
            except RuleFailed:
                result = None
        known[self] = held = result if result is True or result is False else None
        return held

    def _connected(self, context: Context) -> bool | None:
        """CEL's `&&` and `||` take their parts in any order: one false, or one true, settles it, whatever else fails."""
        undecided = False
        for part in self._parts:
            held = part._verdict(context)
            if held is None:
                undecided = True
            elif held is not self._all:
                return held
        return None if undecided else self._all


_YES_OR_NO = {bool}
_DIGITS = bytes.maketrans(b"\0\1", b"01")


class Together:
    """Several expressions worked out in one go, which costs a third of asking for each."""

    __slots__ = ("_bits", "_chunks", "_only")

    def __init__(self, expressions: Sequence[Expression], most: int = 48) -> None:
        """`most`: how many share one program, and so one failure."""
        self._chunks = tuple(
            (chunk, _program(_list_of(chunk)))
            for chunk in (tuple(expressions[n : n + most]) for n in range(0, len(expressions), most))
        )
        self._only = self._chunks[0][1] if len(self._chunks) == 1 else None
        self._bits = {expression: 1 << n for n, expression in enumerate(reversed(expressions))}

    def bit(self, expression: Expression) -> int:
        """The bit that stands for this one of them in `verdicts`. Raises KeyError where it is none of them."""
        return self._bits[expression]

    def verdicts(self, context: Context) -> tuple[int, int]:
        """The bits of those that hold, and the bits of those that have no verdict for this customer."""
        held = undecided = 0
        for chunk, program in self._chunks:
            try:
                results = program.execute(context._cel)
            except Exception:
                # One failure fails the program: each of the chunk is asked for itself.
                results = [expression._verdict(context) for expression in chunk]
            if set(map(type, results)) == _YES_OR_NO:
                holds, open_ = int(bytes(results).translate(_DIGITS), 2), 0
            else:
                holds = int("".join("01"[result is True] for result in results), 2)
                open_ = int("".join("01"[type(result) is not bool] for result in results), 2)
            held, undecided = held << len(results) | holds, undecided << len(results) | open_
        return held, undecided

    def values(self, context: Context) -> list[Any]:
        """The value of each, in order. Raises RuleFailed where any of them fails."""
        try:
            if self._only is not None:
                found: list[Any] = self._only.execute(context._cel)
                return found
            return [value for _, program in self._chunks for value in program.execute(context._cel)]
        except Exception as e:
            raise RuleFailed(_first_line(e)) from None


def _list_of(expressions: Iterable[Expression]) -> str:
    # A line for each: a comment at the end of one must not swallow the next.
    return "[" + "\n,".join(without_calls(e.text) for e in expressions) + "\n]"


def number_of(result: Any) -> float:
    """An expression's value as a finite float. Raises RuleFailed when it is none."""
    if type(result) is float and isfinite(result):
        return result
    if isinstance(result, bool) or not isinstance(result, (int, float)):
        raise RuleFailed(f"gave {result!r}, not a number")
    number = float(result)
    if not isfinite(number):
        raise RuleFailed("gave no finite number")
    return number


@lru_cache(maxsize=8192)
def compiled(text: str) -> Expression:
    """The expression of this text, compiled once per process. Raises RuleError."""
    return Expression(text)


def _program(text: str) -> Any:
    try:
        return cel.compile(text)
    except ValueError as e:
        raise RuleError(f"does not parse: {_first_line(e)}") from None


def _constant(text: str) -> bool | int | float | None:
    if text in _LITERALS:
        return _LITERALS[text]
    if not _NUMBER.fullmatch(text):
        return None
    number = int(text) if text.lstrip("-").isdigit() else float(text)
    # What is too great for the evaluator's numbers is left to it to refuse.
    return number if abs(number) < 2**63 else None


def _cap(text: str) -> None:
    if not text:
        raise RuleError("is empty; write true for a rule that always holds")
    if len(text) > LONGEST_TEXT:
        raise RuleError(f"has {len(text)} characters; at most {LONGEST_TEXT} are allowed")
    bare = _STRINGS.sub('""', text)
    depth = deepest = 0
    for character in bare:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    if deepest > DEEPEST_NESTING:
        raise RuleError(f"is nested {deepest} deep; at most {DEEPEST_NESTING} is allowed")
    if len(_COMPREHENSIONS.findall(bare)) > MOST_COMPREHENSIONS:
        raise RuleError(f"walks lists more than {MOST_COMPREHENSIONS} times")
    if any(found.count(",") >= LONGEST_LIST for found in _LISTS.findall(bare)):
        raise RuleError(f"writes a list of more than {LONGEST_LIST} elements")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
