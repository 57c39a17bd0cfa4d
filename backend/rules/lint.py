"""What is wrong with a rule, told to its author before anything is published. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from backend.rules.expressions import FUNCTIONS, Context, RuleError, RuleFailed, compiled

Wanted = Literal["bool", "number", "text"]
_KNOWN_FUNCTIONS = frozenset(FUNCTIONS) | frozenset(
    [
        "size",
        "contains",
        "startsWith",
        "endsWith",
        "matches",
        "int",
        "double",
        "string",
        "bool",
        "has",
        "type",
        "exists",
        "all",
        "filter",
        "map",
        "exists_one",
    ]
)
_COMPARED = re.compile(r"""\b([a-z_][a-z0-9_]*)\s*(?:==|!=)\s*(?:"([^"]*)"|'([^']*)')""")
_TEXTS = re.compile(r"""(?:"([^"]*)"|'([^']*)')""")
_AMONG = re.compile(r"\b([a-z_][a-z0-9_]*)\s+in\s+\[([^\]]*)\]")


@dataclass(frozen=True)
class Name:
    """One name that rules may read: its type, and the values that it may have where they are listed."""

    type: Literal["bool", "int", "number", "text", "choice", "date", "list"]
    choices: tuple[str, ...] = ()


def lint(text: str, names: Mapping[str, Name], wanted: Wanted, forbidden: Mapping[str, str] | None = None) -> list[str]:
    """All that is wrong with the rule, in words fit for its author; empty when nothing is.

    `forbidden` maps names that this rule must not read to the reason.
    """
    try:
        expression = compiled(text)
    except RuleError as e:
        return [str(e)]
    found = [_unknown(name, names) for name in expression.names if name not in names]
    found += [
        f"{name} may not stand here: {forbidden[name]}" for name in expression.names if forbidden and name in forbidden
    ]
    found += [f"there is no function {f}" for f in expression.functions if f[0].isalpha() and f not in _KNOWN_FUNCTIONS]
    if found:
        return found
    return [*_wrong_choices(text, names), *_type_errors(text, names, expression.names, wanted)]


def _unknown(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"nothing is called {name}" + (f"; did you mean {near[0]}?" if near else "")


def _wrong_choices(text: str, names: Mapping[str, Name]) -> list[str]:
    pairs = [(name, one or other) for name, one, other in _COMPARED.findall(text)]
    pairs += [(name, one or other) for name, inside in _AMONG.findall(text) for one, other in _TEXTS.findall(inside)]
    found = []
    for name, value in pairs:
        choices = names[name].choices if name in names else ()
        if choices and value not in choices and value != "":
            near = difflib.get_close_matches(value, choices, n=1, cutoff=0.5)
            found.append(
                f'{name} is never "{value}"; '
                + (f'did you mean "{near[0]}"?' if near else f"it is one of {', '.join(choices)}")
            )
    return found


def _type_errors(text: str, names: Mapping[str, Name], used: Collection[str], wanted: Wanted) -> list[str]:
    """Tries the rule on stand-in customers at the corners of its names' types.

    CEL does not coerce int to double in arithmetic, and `&&` hides what stands behind a false: so several corners.
    """
    expression = compiled(text)
    for truth, size in product((True, False), (0, 3, 1000)):
        context = Context({name: _stand_in(names[name], truth, size) for name in used})
        try:
            if wanted == "bool":
                expression.test(context)
            elif wanted == "number":
                expression.number(context)
            elif not isinstance(expression.value(context), (str, int, float, bool)):
                return ["gives neither a text nor a number"]
        except RuleFailed as e:
            if "finite" in str(e) or "zero" in str(e).lower():
                continue
            return [f"does not work out: {e}"]
    return []


def _stand_in(name: Name, truth: bool, size: int) -> Any:
    match name.type:
        case "bool":
            return truth
        case "int":
            return size
        case "number":
            return size + 0.5
        case "list":
            return ["x"] if truth else []
        case "date":
            return "2026-01-31"
        case _:
            return name.choices[size % len(name.choices)] if name.choices else ("x" if truth else "")
