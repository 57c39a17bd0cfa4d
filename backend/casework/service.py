"""The door of casework: lists of cases with whose they are, one case with its customer, and what is done with it.

The pages open their own transactions; the acts take the caller's.
"""

from __future__ import annotations

from backend.casework.acts import answer, close_due, morning, open_case, own_file, resolve, wake_due, write_own, zone_of
from backend.casework.callbacks import (
    CallLine,
    CallsPage,
    CallTimes,
    book_callback,
    call_now,
    call_times,
    call_times_in,
    calls_page,
    instant_of,
    miss_due,
    move_callback,
    move_own_callback,
    nobody_answered,
    own_call_times,
)
from backend.casework.filling import canned, run_macro
from backend.casework.inbox import Inbox, InboxLine, inbox
from backend.casework.knowing import (
    SentArticle,
    Suggested,
    articles_for_case,
    articles_for_customer,
    reply_text,
    send_article,
    sent_articles,
)
from backend.casework.own import (
    CaseChoice,
    OwnCases,
    case_choices,
    move_own_visit,
    own_cases,
    own_visit_times,
    raise_own,
    reopen_own,
    suggest_own,
)
from backend.casework.viewing import CaseLine, CasePage, CasesPage, OwnCase, case_page, cases_page, own_case

__all__ = [
    "CallLine", "CallTimes", "CallsPage", "CaseChoice", "CaseLine", "CasePage", "CasesPage", "Inbox", "InboxLine",
    "OwnCase", "OwnCases", "SentArticle", "Suggested", "answer", "articles_for_case", "articles_for_customer",
    "book_callback", "call_now", "call_times", "call_times_in", "calls_page", "canned", "case_choices", "case_page",
    "cases_page", "close_due", "inbox", "instant_of", "miss_due", "morning", "move_callback", "move_own_callback",
    "move_own_visit", "nobody_answered", "open_case", "own_call_times", "own_case", "own_cases", "own_file",
    "own_visit_times", "raise_own", "reopen_own", "reply_text", "resolve", "run_macro", "send_article",
    "sent_articles", "suggest_own", "wake_due", "write_own", "zone_of",
]  # fmt: skip
