"""The door of the engine: what to do for a customer, why, and what would change it. All of it pure."""

from __future__ import annotations

from backend.engine.authority import AlterableTerm, alterable_terms
from backend.engine.bundling import LONGEST_WORK, WORK, left_out, members_of, short_of, work_of
from backend.engine.changing import Changes, Goal, Later, Suggestion, World, goal_for, search
from backend.engine.comparing import Comparison
from backend.engine.contact import committed
from backend.engine.deciding import ENGINE_VERSION, STEPS, decide, most_conceded, overridable, pinned_first, uses
from backend.engine.delivery import Delivery, consented, deliver, refusal
from backend.engine.knowing import context_of
from backend.engine.match import balance_of, segments_own
from backend.engine.parts import Parts, lead_in_words, margin_in_words, parts_of
from backend.engine.plan import Line, plan_of
from backend.engine.ruling import Factors, Ranked, Ruling, Withheld
from backend.engine.terms import concession_of, frozen
from backend.engine.using import amounts_of
from backend.engine.weighing import Weighed, fallen, weighed
from backend.engine.words import PLACEHOLDER, Words, fill, term_text

__all__ = [
    "ENGINE_VERSION",
    "LONGEST_WORK",
    "PLACEHOLDER",
    "STEPS",
    "WORK",
    "AlterableTerm",
    "Changes",
    "Comparison",
    "Delivery",
    "Factors",
    "Goal",
    "Later",
    "Line",
    "Parts",
    "Ranked",
    "Ruling",
    "Suggestion",
    "Weighed",
    "Withheld",
    "Words",
    "World",
    "alterable_terms",
    "amounts_of",
    "balance_of",
    "committed",
    "concession_of",
    "consented",
    "context_of",
    "decide",
    "deliver",
    "fallen",
    "fill",
    "frozen",
    "goal_for",
    "lead_in_words",
    "left_out",
    "margin_in_words",
    "members_of",
    "most_conceded",
    "overridable",
    "parts_of",
    "pinned_first",
    "plan_of",
    "refusal",
    "search",
    "segments_own",
    "short_of",
    "term_text",
    "uses",
    "weighed",
    "work_of",
]
