"""The door of mail: an e-mail is posted in the act's own transaction, sent by a sender, and kept with what came of it."""

from __future__ import annotations

from backend.mail.composing import OURS, address_of, mails_named, message_name
from backend.mail.incoming import (
    came_from,
    count_unrecognised,
    forget_old,
    keep,
    key_of,
    known,
    one_unrecognised,
    received_by_names,
    received_in,
    settle,
    unrecognised,
)
from backend.mail.leaving import (
    count_old,
    erase_customer,
    export_customer,
    keys_of,
    move_customer,
    move_customer_back,
    remove_old,
)
from backend.mail.posting import (
    bounced,
    find_sent,
    is_address,
    is_set_up,
    one_line,
    post,
    reason,
    sent_about,
    set_up,
    text_address,
    texts_are_sent,
)
from backend.mail.sending import Sender
from backend.mail.types import CODES, Enclosure, Received, Sent

__all__ = [
    "CODES",
    "OURS",
    "Enclosure",
    "Received",
    "Sender",
    "Sent",
    "address_of",
    "bounced",
    "came_from",
    "count_old",
    "count_unrecognised",
    "erase_customer",
    "export_customer",
    "find_sent",
    "forget_old",
    "is_address",
    "is_set_up",
    "keep",
    "key_of",
    "keys_of",
    "known",
    "mails_named",
    "message_name",
    "move_customer",
    "move_customer_back",
    "one_line",
    "one_unrecognised",
    "post",
    "reason",
    "received_by_names",
    "received_in",
    "remove_old",
    "sent_about",
    "set_up",
    "settle",
    "text_address",
    "texts_are_sent",
    "unrecognised",
]  # fmt: skip
