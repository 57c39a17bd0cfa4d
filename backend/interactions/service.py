"""The door of interactions: the timeline; contacts and calls; who is at work; who is at the portal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlmodel import Session

from backend import db
from backend.interactions import calls
from backend.interactions.agents import (
    agent_state,
    at_work,
    has_to_wrap_up,
    here,
    set_agent_state,
    sign_off,
    sign_off_absent,
)
from backend.interactions.aging import count_old, heard_of_since, remove_old
from backend.interactions.belonging import STIRRING, join_group, joined_by_message, leave_group
from backend.interactions.calls import (
    answered,
    attach,
    call_of,
    calls_of,
    came_by,
    drop,
    hung_up,
    live,
    ring,
    take_waiting,
    waiting,
)
from backend.interactions.cells import (
    FOLLOWS,
    Contact,
    Move,
    Passing,
    Span,
    Traffic,
    answers,
    answers_by_treatment,
    contacts_in,
    one_way,
    passing,
    rated,
    traffic,
    who_was_where,
)
from backend.interactions.cells import moves as moves_between
from backend.interactions.codes import Sender, send_codes_by, stop_sending
from backend.interactions.comparing import matches, new_code, same_code
from backend.interactions.consenting import asked_in, change_consent, say_consents
from backend.interactions.contacts import (
    all_open,
    begin,
    contact_ids,
    interaction,
    note_why,
    open_interactions,
    open_with_customer,
    pass_on,
    set_private,
    wrap_up,
    wrapped_between,
    wrapped_since,
    write_notes,
)
from backend.interactions.counting import (
    ANSWERS,
    COUNTED,
    MOMENT,
    TALKS,
    TRANSFERRED,
    Counted,
    Due,
    counted_of,
    counts_due,
    counts_waiting,
    customers_waiting,
    forget_words,
    no_words_left,
    to_count,
    was_counted,
)
from backend.interactions.drafting import (
    NOBODY,
    DeskDraft,
    desk_draft,
    drop_desk_draft,
    forget_drafts,
    keep_desk_draft,
)
from backend.interactions.hand import hand_of
from backend.interactions.holding import hold, retrieve
from backend.interactions.merging import came_since, move_customer, move_customer_back, row_counts
from backend.interactions.moments import moment_data
from backend.interactions.offering import offer_due, use_queues
from backend.interactions.persons import named, person_with
from backend.interactions.places import (
    Here,
    Place,
    close_place,
    forget_places,
    is_left,
    is_open,
    others_here,
    places_of,
    watched_by,
)
from backend.interactions.proving import (
    Asked,
    CodeSent,
    Outcome,
    Proving,
    answer_questions,
    known_address,
    known_of,
    proving,
    read_code,
    send_code,
)
from backend.interactions.rating import RATED_WITHIN, Rating, rate, rating_of, ratings_of
from backend.interactions.received import forget_received, receive
from backend.interactions.representing import end_representative, record_representative, require_authority, speak_with
from backend.interactions.stepping_in import (
    STEPPED_IN,
    FloorWord,
    dismiss,
    end_contact,
    put_away,
    reassign,
    take_over,
    whisper,
    withdraw,
    words_in,
    words_to,
    words_waiting,
)
from backend.interactions.tables import (
    CountDueRow,
    DeskDraftRow,
    EventRow,
    FloorWordRow,
    InteractionRow,
    PlaceRow,
    RatingRow,
    ReceivedRow,
    VisitRow,
    WishRow,
)
from backend.interactions.timeline import (
    HAPPENED,
    RECORDED,
    append,
    count,
    enter_past,
    entered_already,
    event_of,
    move_events,
    new_event,
    ordered_id,
    past_ids,
    record,
    timeline,
)
from backend.interactions.transitions import due, events_of, renew, renewed
from backend.interactions.types import AgentState, Call, Event, Interaction, NewContact, Past, Visit
from backend.interactions.verifying import is_verified, mask_for, mask_for_anybody, verify_caller
from backend.interactions.visits import HERE as AT_THE_PORTAL
from backend.interactions.visits import is_at_once, last_visit, lately, visit, visiting, visits_now
from backend.interactions.walking import Step, steps
from backend.interactions.watching import (
    Going,
    Taken,
    Usual,
    Usuals,
    going_on,
    happened_since,
    taken_since,
    usual_lengths,
)
from backend.interactions.wishing import (
    COOLING_OFF,
    ByPhone,
    Closing,
    ask_to_close,
    by_phone,
    closing_of,
    closings_due,
    forget_by_phone,
    go_on_by_phone,
    keep_account,
    owner_of_wish,
)
from backend.interactions.words import (
    HIDDEN_FROM_CUSTOMERS,
    KINDS,
    EventWords,
    cause_text,
    day,
    in_channel,
    in_words,
    labelled,
    person_text,
)

__all__ = [
    "ANSWERS", "AT_THE_PORTAL", "COOLING_OFF", "COUNTED", "FOLLOWS", "HAPPENED", "HIDDEN_FROM_CUSTOMERS", "KINDS",
    "MOMENT", "NOBODY", "RATED_WITHIN", "RECORDED", "STEPPED_IN", "STIRRING", "TALKS", "TRANSFERRED", "AgentState", "Asked",
    "ByPhone", "Call", "Closing", "CodeSent", "Contact", "Counted", "DeskDraft", "Due", "Event", "EventWords",
    "FloorWord", "Going", "Here", "Interaction", "Move", "NewContact", "Outcome", "Passing", "Past", "Place",
    "Proving", "Rating", "Sender", "Span", "Step", "Taken", "Traffic", "Usual", "Usuals", "Visit", "agent_state",
    "all_open", "answer_questions", "answered", "answers", "answers_by_treatment", "append", "ask_to_close",
    "asked_in", "at_work", "attach", "begin", "by_phone", "call_of", "calls_of", "came_by", "came_since", "cause_text",
    "change_consent", "close_place", "closing_of", "closings_due", "contact_ids", "contacts_in", "count", "count_old",
    "counted_of", "counts_due", "counts_waiting", "customers_waiting", "day", "desk_draft", "dismiss", "drop",
    "drop_desk_draft", "due", "end_contact", "end_representative", "enter_past", "entered_already", "erase_customer",
    "event_of", "events_of", "export_customer", "forget_by_phone", "forget_drafts", "forget_places", "forget_received",
    "go_on_by_phone", "going_on", "hand_of", "happened_since", "has_to_wrap_up", "heard_of_since", "here", "hold",
    "hung_up", "in_channel", "in_words", "interaction", "is_at_once", "is_left", "is_open", "is_verified",
    "join_group", "joined_by_message", "keep_account", "keep_desk_draft", "known_address", "known_of", "labelled",
    "last_visit", "lately", "leave_group", "live", "mask_for", "mask_for_anybody", "matches", "moment_data",
    "move_customer", "move_customer_back", "move_events", "moves_between", "named", "new_code", "new_event",
    "no_words_left", "note_why", "offer_due", "one_way", "open_interactions", "open_with_customer", "ordered_id",
    "others_here", "owner_of_wish", "pass_on", "passing", "past_ids", "person_text", "person_with", "places_of",
    "proving", "put_away", "rate", "rated", "rating_of", "ratings_of", "read_code", "reassign", "receive", "record",
    "record_representative", "remove_old", "renew", "renewed", "require_authority", "retrieve", "ring", "row_counts",
    "same_code", "say_consents", "send_code", "send_codes_by", "set_agent_state", "set_private", "sign_off",
    "sign_off_absent", "speak_with", "steps", "stop_sending", "take_over", "take_waiting", "taken_since", "timeline",
    "to_count", "traffic", "use_queues", "usual_lengths", "verify_caller", "visit", "visiting", "visits_now",
    "waiting", "was_counted", "watched_by", "whisper", "who_was_where", "withdraw", "words_in", "words_to",
    "words_waiting", "wrap_up", "wrapped_between", "wrapped_since", "write_notes",
]  # fmt: skip

_EVENT = db.table_of(EventRow)
_INTERACTION = db.table_of(InteractionRow)
_VISIT = db.table_of(VisitRow)
_OWNED = (
    _EVENT,
    _VISIT,
    _INTERACTION,
    *(db.table_of(one) for one in (ReceivedRow, PlaceRow, DeskDraftRow, FloorWordRow, RatingRow, WishRow, CountDueRow)),
)


def export_customer(
    session: Session, customer_id: UUID, numbers: Collection[str] = ()
) -> dict[str, list[dict[str, Any]]]:
    """Every row of this room about the customer, by table; with calls from their `numbers` that are nobody's yet."""
    found = {
        table.name: [
            dict(row._mapping) for row in session.execute(select(table).where(table.c.customer_id == customer_id))
        ]
        for table in _OWNED
    }
    return found | {"call": calls.export_customer(session, customer_id, numbers)}


def erase_customer(session: Session, customer_id: UUID, numbers: Collection[str] = ()) -> int:
    """Deletes every row of this room about the customer, and calls from their `numbers`; gives how many there were."""
    erased = calls.erase_customer(session, customer_id, numbers)
    forget_words(session, customer_id)
    for table in _OWNED:
        result = session.execute(delete(table).where(table.c.customer_id == customer_id))
        erased += db.touched(result)
    return erased
