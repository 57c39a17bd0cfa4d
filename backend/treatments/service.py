"""The door of treatments: what to do for a customer, what was offered, and what was answered."""

from __future__ import annotations

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
    WithheldLine,
)
from backend.treatments.checking import check_pack
from backend.treatments.delivery import deliver
from backend.treatments.expiry import expire_due
from backend.treatments.explaining import DecisionPage, WhatIf, decision_page, what_would_change
from backend.treatments.failing import RuleFailure, failures
from backend.treatments.fulfilment import fulfil
from backend.treatments.glancing import Glance, glance
from backend.treatments.leaving import erase_customer, export_customer
from backend.treatments.ledger import FULFIL, answer
from backend.treatments.listing import cells
from backend.treatments.parity import compare_channels
from backend.treatments.parity_checks import ParityCheck, check_some, last_check, note_check
from backend.treatments.publishing import configure, in_force, pack_in_force, publish, warm
from backend.treatments.recommending import by_id, offer_page, offers_of, open_offers, owner_of_reference, withheld_of
from backend.treatments.recommending import for_agent as recommend_for_agent
from backend.treatments.recommending import for_customer as recommend_for_customer
from backend.treatments.replaying import all_ids, replay

__all__ = [
    "FULFIL",
    "AgentCard",
    "AgentRecommendation",
    "CustomerCard",
    "CustomerRecommendation",
    "Decided",
    "DecisionPage",
    "Elsewhere",
    "Glance",
    "OfferLine",
    "OfferPage",
    "ParityCheck",
    "PresentedLine",
    "RuleFailure",
    "TermLine",
    "WhatIf",
    "WithheldLine",
    "all_ids",
    "answer",
    "by_id",
    "cells",
    "check_pack",
    "check_some",
    "compare_channels",
    "configure",
    "decide",
    "decision_page",
    "deliver",
    "erase_customer",
    "expire_due",
    "export_customer",
    "failures",
    "fulfil",
    "glance",
    "in_force",
    "last_check",
    "note_check",
    "offer_page",
    "offers_of",
    "open_offers",
    "owner_of_reference",
    "pack_in_force",
    "preview",
    "publish",
    "recommend_for_agent",
    "recommend_for_customer",
    "replay",
    "warm",
    "what_would_change", "withheld_of",
]  # fmt: skip
