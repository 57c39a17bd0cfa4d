"""People's door: who may sign in and how, what each may do, and the marks by which views say so.

A view: `@bp.get("/…")` above `@requires(Permission.SEE_CUSTOMER)` (or `@public`); inside, `current_actor()` is whoever
the guard let through. What proves a password opens its own transactions: call it outside any.
"""

from backend.people.access import current_actor, guard, is_open, public, requires, undeclared
from backend.people.accounts import (
    DEMO_PASSWORD,
    DEMO_STAFF,
    create_demo_staff,
    create_staff,
    demo_credentials_exist,
    erase_customer,
    export_customer,
    find_staff,
    give_demo_credentials,
    require_password,
    set_password,
    sign_ins_of,
)
from backend.people.extensions import (
    Colleague,
    Extension,
    assign_extension,
    colleagues,
    everyone,
    extensions,
    spelled,
    whose_extension,
    withdraw_extension,
)
from backend.people.keys import create_key, key_actor, revoke_key, trust, trusted_actor
from backend.people.passwords import hash_of
from backend.people.permissions import ROLES, SCOPES, STAFF_ROLES, Permission
from backend.people.signing_in import (
    Check,
    customer_of,
    prove_customer,
    prove_staff,
    staff_actor,
    staff_by_email,
)
from backend.people.skills import is_skilled, set_skills, skilled_in, skills

__all__ = [
    "DEMO_PASSWORD",
    "DEMO_STAFF",
    "ROLES",
    "SCOPES",
    "STAFF_ROLES",
    "Check",
    "Colleague",
    "Extension",
    "Permission",
    "assign_extension",
    "colleagues",
    "create_demo_staff",
    "create_key",
    "create_staff",
    "current_actor",
    "customer_of",
    "demo_credentials_exist",
    "erase_customer",
    "everyone",
    "export_customer",
    "extensions",
    "find_staff",
    "give_demo_credentials",
    "guard",
    "hash_of",
    "is_open",
    "is_skilled",
    "key_actor",
    "prove_customer",
    "prove_staff",
    "public",
    "require_password",
    "requires",
    "revoke_key",
    "set_password",
    "set_skills",
    "sign_ins_of",
    "skilled_in",
    "skills",
    "spelled",
    "staff_actor",
    "staff_by_email",
    "trust",
    "trusted_actor",
    "undeclared",
    "whose_extension",
    "withdraw_extension",
]
