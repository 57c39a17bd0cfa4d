"""The door of the rules room."""

from backend.rules.expressions import Context, Expression, RuleError, RuleFailed, compiled
from backend.rules.lint import Name, lint

__all__ = ["Context", "Expression", "Name", "RuleError", "RuleFailed", "compiled", "lint"]
