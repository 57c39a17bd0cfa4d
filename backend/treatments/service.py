"""The door of treatments: what to do for a customer, what was offered, and what was answered."""

from __future__ import annotations

from backend.treatments.altering import Alternative, Waiting, alter, alternatives, decide_terms, override
from backend.treatments.altering import waiting as waiting_terms
from backend.treatments.asking import Decided, decide, preview
from backend.treatments.batch import Best, best_of_all
from backend.treatments.budgets import BudgetLine, PeriodLine
from backend.treatments.budgets import lines as budget_lines
from backend.treatments.budgets import refresh as refresh_budgets
from backend.treatments.budgets import set_price as set_bid_price
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
from backend.treatments.checking import check_pack, check_texts
from backend.treatments.crew import Stopped, cores
from backend.treatments.delivery import deliver
from backend.treatments.drafts import (
    Draft,
    DraftLine,
    begin_draft,
    draft,
    drafts,
    name_of,
    remove_file,
    replace_files,
    save_file,
)
from backend.treatments.expiry import expire_due
from backend.treatments.explaining import DecisionPage, WhatIf, decision_page, what_would_change
from backend.treatments.failing import RuleFailure, failures
from backend.treatments.fulfilment import fulfil
from backend.treatments.glancing import Glance, glance
from backend.treatments.leaving import erase_customer, export_customer
from backend.treatments.ledger import FULFIL, answer
from backend.treatments.ledger import owner_of as owned_offer
from backend.treatments.listing import cells
from backend.treatments.parity import compare_channels
from backend.treatments.parity_checks import ParityCheck, check_some, last_check, note_check
from backend.treatments.publishing import (
    as_of,
    catalogue_of,
    configure,
    files_of,
    in_force,
    pack_in_force,
    publish,
    warm,
)
from backend.treatments.recommending import by_id, offer_page, offers_of, open_offers, owner_of_reference, withheld_of
from backend.treatments.recommending import for_agent as recommend_for_agent
from backend.treatments.recommending import for_customer as recommend_for_customer
from backend.treatments.replaying import all_ids, replay
from backend.treatments.reviewing import (
    approve,
    ask_approval,
    check_draft,
    schedule,
    send_back,
    take_effect,
    withdraw,
)
from backend.treatments.simulating import Report, simulate
from backend.treatments.simulations import Simulation, ask_simulation, simulate_next, simulate_until, simulation
from backend.treatments.undoing import close_case, undo
from backend.treatments.versions import DIALS, Spell, Version, difference, export_version, roll_back, versions

__all__ = [
    "DIALS",
    "FULFIL",
    "AgentCard",
    "AgentRecommendation",
    "Alternative",
    "Best",
    "BudgetLine",
    "CustomerCard",
    "CustomerRecommendation",
    "Decided",
    "DecisionPage",
    "Draft",
    "DraftLine",
    "Elsewhere",
    "Glance",
    "OfferLine",
    "OfferPage",
    "ParityCheck",
    "PeriodLine",
    "PresentedLine",
    "Report",
    "RuleFailure",
    "Simulation",
    "Spell",
    "Stopped",
    "TermLine",
    "Undone",
    "Version",
    "Waiting",
    "WhatIf",
    "WithheldLine",
    "all_ids",
    "alter",
    "alternatives",
    "answer",
    "approve",
    "as_of",
    "ask_approval",
    "ask_simulation",
    "begin_draft",
    "best_of_all",
    "budget_lines",
    "by_id",
    "catalogue_of",
    "cells",
    "check_draft",
    "check_pack",
    "check_some",
    "check_texts",
    "close_case",
    "compare_channels",
    "configure",
    "cores",
    "decide",
    "decide_terms",
    "decision_page",
    "deliver",
    "difference",
    "draft",
    "drafts",
    "erase_customer",
    "expire_due",
    "export_customer",
    "export_version",
    "failures",
    "files_of",
    "fulfil",
    "glance",
    "in_force",
    "last_check",
    "name_of",
    "note_check",
    "offer_page",
    "offers_of",
    "open_offers",
    "override",
    "owned_offer",
    "owner_of_reference",
    "pack_in_force",
    "preview",
    "publish",
    "recommend_for_agent",
    "recommend_for_customer",
    "refresh_budgets",
    "remove_file",
    "replace_files",
    "replay",
    "roll_back",
    "save_file",
    "schedule",
    "send_back",
    "set_bid_price",
    "simulate",
    "simulate_next",
    "simulate_until",
    "simulation",
    "take_effect",
    "undo",
    "versions",
    "waiting_terms",
    "warm",
    "what_would_change",
    "withdraw",
    "withheld_of",
]
