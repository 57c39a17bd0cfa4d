"""What can be allowed, and to whom: permissions, the roles of people, the scopes of API keys."""

from enum import StrEnum


class Permission(StrEnum):
    """One thing that someone may be allowed to do. Every route names one, or stands open to the public."""

    DESK = "desk"
    SEARCH_CUSTOMERS = "search_customers"
    SEE_CUSTOMER = "see_customer"
    SEE_AS_CUSTOMER = "see_as_customer"
    SET_MOMENT = "set_moment"
    PRESENT_OFFERS = "present_offers"
    DECIDE_OFFERS = "decide_offers"
    SEE_CASES = "see_cases"
    WORK_CASES = "work_cases"
    SETTLE_PAYMENTS = "settle_payments"
    SEE_ATTACHMENTS = "see_attachments"
    SEE_ARTICLES = "see_articles"
    WRITE_ARTICLES = "write_articles"
    RECORD_REPRESENTATIVES = "record_representatives"
    RECORD_CONSENT = "record_consent"
    SEE_SENSITIVE = "see_sensitive"
    SEE_RESTRICTED = "see_restricted"
    SEE_LOOKS = "see_looks"
    SEE_AUDIT = "see_audit"
    HANDLE_PRIVACY = "handle_privacy"
    SEE_DECISIONS = "see_decisions"
    REPLAY = "replay"
    MERGE_CUSTOMERS = "merge_customers"
    COMPARE_IN_CLEAR = "compare_in_clear"
    SUPERVISE = "supervise"
    SET_SKILLS = "set_skills"
    REVIEW_QUALITY = "review_quality"
    APPROVE_TERMS = "approve_terms"
    SEE_CATALOGUE = "see_catalogue"
    AUTHOR = "author"
    APPROVE_CATALOGUE = "approve_catalogue"
    ADMIN = "admin"
    PORTAL = "portal"
    EVENTS_WRITE = "events_write"
    TELL_ATTRIBUTES = "tell_attributes"
    VERIFY_ATTRIBUTES = "verify_attributes"
    KEEP_GROUPS = "keep_groups"
    TELL_CALLS = "tell_calls"


_AGENT = frozenset({
    Permission.DESK, Permission.SEARCH_CUSTOMERS, Permission.SEE_CUSTOMER, Permission.SEE_AS_CUSTOMER, Permission.SET_MOMENT,
    Permission.PRESENT_OFFERS, Permission.DECIDE_OFFERS, Permission.SEE_DECISIONS, Permission.WORK_CASES,
    Permission.RECORD_REPRESENTATIVES, Permission.RECORD_CONSENT, Permission.SEE_CASES,
    Permission.SEE_ATTACHMENTS, Permission.SEE_ARTICLES,
})  # fmt: skip
_READER = frozenset(
    {
        Permission.DESK,
        Permission.SEARCH_CUSTOMERS,
        Permission.SEE_CUSTOMER,
        Permission.SEE_AS_CUSTOMER,
        Permission.SEE_DECISIONS,
        Permission.SEE_CASES,
        Permission.SEE_ARTICLES,
    }
)
_APPROVER = frozenset({Permission.SEE_CATALOGUE, Permission.APPROVE_CATALOGUE})

ROLES: dict[str, frozenset[Permission]] = {
    "agent": _AGENT,
    # The same rights: what differs is how far they may go with an offer's terms, and that stands in the pack.
    "senior_agent": _AGENT,
    "supervisor": _AGENT
    | {Permission.REPLAY, Permission.SUPERVISE, Permission.SET_SKILLS, Permission.REVIEW_QUALITY, Permission.APPROVE_TERMS, Permission.SETTLE_PAYMENTS, Permission.MERGE_CUSTOMERS, Permission.COMPARE_IN_CLEAR, Permission.SEE_LOOKS, Permission.SEE_AUDIT}
    | _APPROVER,
    "quality": _READER | {Permission.REVIEW_QUALITY, Permission.REPLAY, Permission.SEE_ATTACHMENTS, Permission.SEE_CATALOGUE, Permission.SEE_LOOKS, Permission.SEE_AUDIT},
    "author": _READER | {Permission.REPLAY, Permission.SEE_CATALOGUE, Permission.AUTHOR, Permission.WRITE_ARTICLES},
    "admin": _READER | {Permission.REPLAY, Permission.ADMIN, Permission.SET_SKILLS, Permission.MERGE_CUSTOMERS, Permission.COMPARE_IN_CLEAR, Permission.SEE_LOOKS, Permission.SEE_AUDIT, Permission.HANDLE_PRIVACY} | _APPROVER,
    "read_only": _READER,
    "customer": frozenset({
        Permission.PORTAL, Permission.SET_MOMENT, Permission.PRESENT_OFFERS, Permission.DECIDE_OFFERS,
    }),
}  # fmt: skip

STAFF_ROLES: dict[str, str] = {
    "agent": "Agent",
    "senior_agent": "Senior agent",
    "supervisor": "Supervisor",
    "quality": "Quality",
    "author": "Author",
    "admin": "Administrator",
    "read_only": "Read-only",
}
"""What a member of staff can be, and what it is called, from the one who serves to the one who only reads."""

_POWERFUL = frozenset({Permission.SUPERVISE, Permission.AUTHOR, Permission.ADMIN})


def needs_second_step(role: str) -> bool:
    """Whether a password alone is too little for this role: it moves what all customers get, or what others may."""
    return bool(ROLES[role] & _POWERFUL)


SCOPES: dict[str, frozenset[Permission]] = {
    # A program never stands at the desk or in a customer's place.
    "all": frozenset(Permission) - {Permission.DESK, Permission.PORTAL},
    "events:write": frozenset({Permission.EVENTS_WRITE}),
    "calls:write": frozenset({Permission.TELL_CALLS}),
    "customers:read": frozenset({Permission.SEARCH_CUSTOMERS, Permission.SEE_CUSTOMER}),
    # Reading what is masked until a caller is verified: for programs that have their own way of knowing with whom they speak.
    "customers:sensitive": frozenset(
        {
            Permission.SEARCH_CUSTOMERS,
            Permission.SEE_CUSTOMER,
            Permission.SEE_SENSITIVE,
        }
    ),
    # Reading of customers whom among staff only some teams may open.
    "customers:restricted": frozenset(
        {
            Permission.SEARCH_CUSTOMERS,
            Permission.SEE_CUSTOMER,
            Permission.SEE_RESTRICTED,
        }
    ),
    "cases:read": frozenset({Permission.SEE_CASES}),
    "cases:write": frozenset({Permission.SEE_CASES, Permission.WORK_CASES, Permission.SEE_ATTACHMENTS}),
    "articles:read": frozenset({Permission.SEE_ARTICLES}),
    "consents:write": frozenset({Permission.SEE_CUSTOMER, Permission.RECORD_CONSENT}),
    "attributes:write": frozenset({Permission.SEE_CUSTOMER, Permission.TELL_ATTRIBUTES}),
    # Saying that something was checked with the customer: it goes before whatever was not, for good.
    "attributes:verified": frozenset(
        {
            Permission.SEE_CUSTOMER,
            Permission.TELL_ATTRIBUTES,
            Permission.VERIFY_ATTRIBUTES,
        }
    ),
    "groups:write": frozenset({Permission.SEE_CUSTOMER, Permission.KEEP_GROUPS}),
    "decisions:write": frozenset({Permission.SET_MOMENT, Permission.SEE_DECISIONS, Permission.REPLAY}),
    "offers:write": frozenset({Permission.PRESENT_OFFERS, Permission.DECIDE_OFFERS}),
}
