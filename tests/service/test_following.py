"""What follows from a change follows in whichever process made it."""

import subprocess
import sys

PROCESSES = ("agent_ui.app", "selfservice_ui.app", "backend.worker", "backend.cli")
ASKED = "import {}; from backend import db; print(*(act.__name__ for act in db._before_commit))"


def test_every_process_that_writes_brings_states_up_to_date_at_the_end_of_its_transactions() -> None:
    started = {
        name: subprocess.Popen([sys.executable, "-c", ASKED.format(name)], stdout=subprocess.PIPE, text=True)
        for name in PROCESSES
    }
    acts = {name: sorted(process.communicate(timeout=120)[0].split()) for name, process in started.items()}
    assert acts == {name: ["follow", "write_mail"] for name in PROCESSES}
