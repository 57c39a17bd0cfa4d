"""Times as a form offers them: each tells its day by itself, as a select that is closed shows nothing else."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask import Flask

from backend.cases.service import Slot
from shared.kernel.languages import speaking
from shared.ui.slots import slot_options, slot_text

AT = datetime(2026, 12, 5, 14, 0, tzinfo=UTC)


def test_every_time_that_can_be_chosen_says_its_date() -> None:
    times = tuple(Slot(AT + timedelta(days=7, hours=nth), AT + timedelta(days=7, hours=nth + 1), 2) for nth in (0, 1))
    with Flask("shown").app_context():
        drawn = slot_options(
            ((AT.date(), (Slot(AT, AT + timedelta(hours=1), 2),)), (times[0].at.date(), times)), places=True
        )
    shown = re.findall(r"<option[^>]*>([^<]*)", drawn)
    assert [words.split(",")[0] for words in shown] == ["Sat 5 Dec", "Sat 12 Dec", "Sat 12 Dec"]


def test_the_date_is_said_in_the_language_that_is_spoken() -> None:
    one = Slot(AT, AT + timedelta(minutes=30), 1)
    assert slot_text(AT.date(), one, "UTC") == "Sat 5 Dec, 14:00 to 14:30"
    with speaking("es"):
        said = slot_text(AT.date(), one, "UTC")
    assert "dic" in said
    assert "5" in said
    assert "14:00 a 14:30" in said
