"""The door of cases: work that outlives a contact is opened, worked on, done or cancelled, each with its event on the timeline."""

from __future__ import annotations

from backend.cases.booking import free_times, give_time_back, move_visit, plan_visit, take_time, visit_times
from backend.cases.calling_back import (
    CALL_VIEWS,
    CallView,
    Tried,
    ask_callback,
    callback_of,
    callbacks_in,
    count_calls,
    due_missed,
    free_slots,
    move,
    not_reached,
    note_missed,
    take_call,
    team_for,
)
from backend.cases.conversing import first_message, messages, note, reply, write
from backend.cases.drafting import (
    Writer,
    begin_writing,
    draft_of,
    end_writing,
    forget_writing,
    keep_draft,
    writing_in,
)
from backend.cases.filing import KINDS, attach, clean_name, content_of, file_of, files_of, remove_files
from backend.cases.finding import find
from backend.cases.guarding import closed_to, guarding, looked_after_by, who_may_open
from backend.cases.handing_on import InHand, What, count_in_hand, give_call, give_case, in_hand
from backend.cases.joining import link, linked, merge, parts_of, split, unlink, unmerge
from backend.cases.leaving import (
    enter_past,
    erase_customer,
    export_customer,
    keys_of,
    move_customer,
    move_customer_back,
)
from backend.cases.levels import Due, due_next
from backend.cases.listing import (
    VIEWS,
    View,
    awaiting_answer,
    cases_in,
    counts,
    join_teams,
    listed,
    of_customer_with_work,
    subjects_of,
    team_members,
    teams_of,
)
from backend.cases.pieces import (
    EVERYONE,
    LONGEST_SUBJECT,
    cancel,
    case_of,
    done,
    of_customer,
    open_case,
    opened_by_offer,
    time_of,
)
from backend.cases.slots import fits, slot_text
from backend.cases.tasks import LONGEST_TASK, hand_on, keep_promise, promise, promise_again, task_of, tasks_of_customer
from backend.cases.types import (
    Callback,
    Case,
    Counted,
    Draft,
    File,
    Kind,
    Listed,
    Message,
    PastCase,
    Slot,
    Task,
    Waiting,
    Work,
)
from backend.cases.waiting import count_waiting, notify, seen_notice, waiting_for
from backend.cases.working import (
    assign,
    classify,
    close,
    due_to_close,
    due_to_wake,
    go_on,
    pend,
    reopen,
    require_version,
    resolve,
    snooze,
    work_of,
    workers,
)

__all__ = [
    "CALL_VIEWS", "EVERYONE", "KINDS", "LONGEST_SUBJECT", "LONGEST_TASK", "VIEWS", "CallView", "Callback", "Case",
    "Counted", "Draft", "Due", "File", "InHand", "Kind", "Listed", "Message", "PastCase", "Slot", "Task", "Tried",
    "View", "Waiting", "What", "Work", "Writer", "ask_callback", "assign", "attach", "awaiting_answer",
    "begin_writing", "callback_of", "callbacks_in", "cancel", "case_of", "cases_in", "classify", "clean_name", "close", "closed_to",
    "content_of", "count_calls", "count_in_hand", "count_waiting", "counts", "done", "draft_of", "due_missed",
    "due_next", "due_to_close", "due_to_wake", "end_writing", "enter_past", "erase_customer", "export_customer",
    "file_of", "files_of", "find", "first_message", "fits", "forget_writing", "free_slots", "free_times", "give_call",
    "give_case", "give_time_back", "go_on", "guarding", "hand_on", "in_hand", "join_teams", "keep_draft", "keep_promise",
    "keys_of", "link", "linked", "listed", "looked_after_by", "merge", "messages", "move", "move_customer", "move_customer_back",
    "move_visit", "not_reached", "note", "note_missed", "notify", "of_customer", "of_customer_with_work", "open_case",
    "opened_by_offer", "parts_of", "pend", "plan_visit", "promise", "promise_again", "remove_files", "reopen", "reply",
    "require_version", "resolve", "seen_notice", "slot_text", "snooze", "split", "subjects_of", "take_call",
    "take_time", "task_of", "tasks_of_customer", "team_for", "team_members", "teams_of", "time_of", "unlink",
    "unmerge", "visit_times", "waiting_for", "who_may_open", "work_of", "workers", "write", "writing_in",
]  # fmt: skip
