"""People's door: permissions and the marks that views carry."""

from backend.people.access import guard, is_open, public, requires, undeclared
from backend.people.permissions import ROLES, SCOPES, Permission

__all__ = ["ROLES", "SCOPES", "Permission", "guard", "is_open", "public", "requires", "undeclared"]
