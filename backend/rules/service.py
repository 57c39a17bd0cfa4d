"""The door of the rules room."""

from backend.rules.expressions import Context, Expression, RuleError, RuleFailed, Together, compiled, number_of
from backend.rules.lint import Name, lint

__all__ = ["Context", "Expression", "Name", "RuleError", "RuleFailed", "Together", "compiled", "lint", "number_of"]
