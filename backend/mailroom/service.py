"""The door of the mailroom: mail is received, waits for whoever says whose it is, and is written where something follows.

`receive`, `write_in` and `forget_old` open their own transactions; the others take the caller's.
"""

from __future__ import annotations

from backend.mailroom.answering import Shown, address_for, enclose, require_files, set_up, shown
from backend.mailroom.contacting import write_in
from backend.mailroom.mailbox import Letterbox, clean_box, read_box, sink_into
from backend.mailroom.receiving import LARGEST, drop, receive, take
from backend.mailroom.waiting import forget_old, remove, settled

__all__ = [
    "LARGEST", "Letterbox", "Shown", "address_for", "clean_box", "drop", "enclose", "forget_old", "read_box", "receive", "remove", "require_files", "set_up", "settled", "shown",
    "sink_into", "take", "write_in",
]  # fmt: skip
