"""The door of treatments: what to do for a customer, what was offered, and what was answered."""

from __future__ import annotations

from backend.treatments.aging import count_old, remove_old
from backend.treatments.altering import Alternative, Waiting, alter, alternatives, decide_terms, override
from backend.treatments.altering import waiting as waiting_terms
from backend.treatments.asking import Decided, decide, preview
from backend.treatments.cards import (
    AgentCard,
    AgentRecommendation,
    CustomerCard,
    CustomerRecommendation,
    Elsewhere,
    OfferLine,
    OfferPage,
    PresentedLine,
    TermLine,
    Undone,
    WithheldLine,
)
from backend.treatments.chosen import Asked, Chosen
from backend.treatments.confirming import as_the_customer_reads_it
from backend.treatments.counting import Thought, conceded, decided_for, thought_of
from backend.treatments.disclosing import Ticks
from backend.treatments.expiry import expire_due
from backend.treatments.explaining import DecisionPage, RankLine, WhatIf, decision_page, what_would_change
from backend.treatments.failing import RuleFailure, failures
from backend.treatments.fulfilment import MESSAGE, fulfil
from backend.treatments.glancing import Glance, glance, glances, seen_by_agent
from backend.treatments.inputs import faced_by, ledgers
from backend.treatments.labels import STEP_LABELS
from backend.treatments.leaving import erase_customer, export_customer
from backend.treatments.ledger import FULFIL, answer
from backend.treatments.ledger import owner_of as owned_offer
from backend.treatments.lessons import Lesson, Presented, lessons, never_done, presented
from backend.treatments.listing import DecisionLine, EffectiveWeights, cells, days_decided, decisions_between, weighing
from backend.treatments.logged import Log, Logged, log
from backend.treatments.merging import (
    doubled_offers,
    hold_ledgers,
    keys_of,
    move_customer,
    move_customer_back,
    offers_told,
)
from backend.treatments.moving import move_visit, visit_times
from backend.treatments.nothing_offered import CameToNothing, came_to_nothing
from backend.treatments.owing import ABOUT_PAYING, bill_paid
from backend.treatments.parity import View, compare_channels
from backend.treatments.parity_checks import (
    ParityCheck,
    check_some,
    checks_since,
    checks_that_differed,
    last_check,
    note_check,
    views_then,
)
from backend.treatments.publicly import ForEveryone, for_everyone
from backend.treatments.reaching import reachable_from
from backend.treatments.recommending import (
    agreed_about,
    asked_with,
    by_id,
    offer_page,
    offers_of,
    open_offers,
    owner_of_reference,
    withheld_of,
)
from backend.treatments.recommending import for_agent as recommend_for_agent
from backend.treatments.recommending import for_customer as recommend_for_customer
from backend.treatments.replaying import Replay, all_ids, replay
from backend.treatments.taken_back import KeptAndUndone, kept_and_undone
from backend.treatments.undoing import close_case, undo

__all__ = [
    "ABOUT_PAYING",
    "FULFIL",
    "MESSAGE",
    "STEP_LABELS",
    "AgentCard",
    "AgentRecommendation",
    "Alternative",
    "Asked",
    "CameToNothing",
    "Chosen",
    "CustomerCard",
    "CustomerRecommendation",
    "Decided",
    "DecisionLine",
    "DecisionPage",
    "EffectiveWeights",
    "Elsewhere",
    "ForEveryone",
    "Glance",
    "KeptAndUndone",
    "Lesson",
    "Log",
    "Logged",
    "OfferLine",
    "OfferPage",
    "ParityCheck",
    "Presented",
    "PresentedLine",
    "RankLine",
    "Replay",
    "RuleFailure",
    "TermLine",
    "Thought",
    "Ticks",
    "Undone",
    "View",
    "Waiting",
    "WhatIf",
    "WithheldLine",
    "agreed_about",
    "all_ids",
    "alter",
    "alternatives",
    "answer",
    "as_the_customer_reads_it",
    "asked_with",
    "bill_paid",
    "by_id",
    "came_to_nothing",
    "cells",
    "check_some",
    "checks_since",
    "checks_that_differed",
    "close_case",
    "compare_channels",
    "conceded",
    "count_old",
    "days_decided",
    "decide",
    "decide_terms",
    "decided_for",
    "decision_page",
    "decisions_between",
    "doubled_offers",
    "erase_customer",
    "expire_due",
    "export_customer",
    "faced_by",
    "failures",
    "for_everyone",
    "fulfil",
    "glance",
    "glances",
    "hold_ledgers",
    "kept_and_undone",
    "keys_of",
    "last_check",
    "ledgers",
    "lessons",
    "log",
    "move_customer",
    "move_customer_back",
    "move_visit",
    "never_done",
    "note_check",
    "offer_page",
    "offers_of",
    "offers_told",
    "open_offers",
    "override",
    "owned_offer",
    "owner_of_reference",
    "presented",
    "preview",
    "reachable_from",
    "recommend_for_agent",
    "recommend_for_customer",
    "remove_old",
    "replay",
    "seen_by_agent",
    "thought_of",
    "undo",
    "views_then",
    "visit_times",
    "waiting_terms",
    "weighing",
    "what_would_change",
    "withheld_of",
]
