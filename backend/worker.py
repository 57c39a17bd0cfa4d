"""The background worker: work left in the outbox, webhooks, offers whose time is up, agents who left, the sealing of
the audit trail, what is over its time, and the traces of the erased.

Run by `evenhand serve` as `python -m backend.worker`. Several of them, on several machines, share the work by leases.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import structlog

from backend import metrics, readiness, tidying
from backend.budgets import service as budgets
from backend.cancelling import service as cancelling
from backend.cases import service as cases
from backend.casework import service as casework
from backend.catalogue import service as catalogues
from backend.entering import service as entering
from backend.identities import service as identities
from backend.interactions import service as interactions
from backend.mail import service as mail
from backend.mailroom import service as mailroom
from backend.oversight import service as oversight
from backend.overview import service as overview
from backend.paying import service as paying
from backend.people import service as people
from backend.profiles import service as profiles
from backend.record import service as record
from backend.reporting import service as reporting
from backend.settings import Settings
from backend.simulation import service as simulations
from backend.teaching import service as teaching
from backend.treatments import service as treatments
from backend.trials import service as trials
from shared.kernel import clock

BATCH = 100
TICK_SECONDS = 0.25
PATIENCE_SECONDS = 3
GIVING_WAY = 5
"""How much the worker steps back where processors are short, as `nice`: pages, for which somebody waits, go first."""
LEARN_SECONDS = 15
"""So often is asked whether it is time for an epoch."""
_log = structlog.stdlib.get_logger("evenhand.worker")


def register_handlers() -> None:
    """Names who does each topic's work, in every process that may do it."""
    record.register(treatments.FULFIL, treatments.fulfil)
    record.register(paying.PAID, treatments.bill_paid)
    record.register(cancelling.END, cancelling.carry_out)
    record.register(identities.LOOK, identities.look)
    record.register(profiles.HOUSEHOLD, profiles.renew_household)
    interactions.use_queues(catalogues.telephony_in_force, overview.who_may_open)


def sender(secret: bytes) -> record.Sender:
    """Sends webhooks; what makes a messenger reach a customer is not sent in their quiet hours, at no attempt."""
    return record.Sender(secret, {treatments.MESSAGE: treatments.reachable_from})


def mail_sender(settings: Settings) -> mail.Sender | None:
    """Sends e-mail; None where no mail server is set."""
    if settings.smtp is None:
        return None
    return mail.Sender(settings.smtp, settings.mail_from, settings.home, mailroom.settled)


def run(
    ended: threading.Event,
    secret: bytes,
    home: Path,
    mails: mail.Sender | None = None,
    payments: paying.Door | None = None,
) -> None:
    """Works until told to end; a piece of work that has begun is finished first. `secret` is the installation's own."""
    # Beside all else: however slow a receiver is, no other work waits for it.
    sending = threading.Thread(target=sender(secret).run, args=(ended,), name="webhooks")
    sending.start()
    posting = (
        threading.Thread(target=mails.run, args=(ended,), daemon=True, name="mails") if mails is not None else None
    )
    if posting is not None:
        posting.start()
    rounds = oversight.Rounds(home)
    chores: list[tuple[float, Callable[[datetime], int]]] = [
        (TICK_SECONDS, _run_jobs),
        (1.0, _empty_log),
        (1.0, _seal),
        (1.0, catalogues.take_effect),
        (5.0, lambda now: treatments.expire_due(now, BATCH)),
        (1.0, budgets.refresh),
        (20.0, treatments.check_some),
        (30.0, overview.renew_due),
        (5.0, identities.patrol()),
        (1.0, reporting.roll_due),
        (3600.0, reporting.let_go_of_old),
        (10.0, teaching.feed_due),
        (3600.0, teaching.feed_later),
        (3600.0, teaching.let_go_of_old),
        (300.0, overview.scorer()),
        (20.0, interactions.sign_off_absent),
        (1.0, interactions.offer_due),
        (3.0, oversight.Watch().look),
        (10.0, lambda now: casework.wake_due(now, BATCH)),
        (600.0, lambda now: casework.close_due(now, BATCH)),
        (10.0, lambda now: casework.miss_due(now, BATCH)),
        (600.0, record.purge),
        (600.0, record.purge_changes),
        (600.0, oversight.draw_due),
        (3600.0, interactions.forget_received),
        (3600.0, interactions.forget_places),
        (3600.0, interactions.forget_drafts),
        (3600.0, interactions.forget_by_phone),
        (60.0, lambda now: oversight.close_due(now, home, BATCH)),
        (3600.0, cases.forget_writing),
        (600.0, entering.forget_old),
        (3600.0, people.forget_sessions),
        (3600.0, people.forget_invitations),
        (3600.0, record.purge_deliveries),
        (3600.0, trials.forget_looks),
        (3600.0, lambda now: mailroom.forget_old(now, home)),
        *([(300.0, paying.asker(payments))] if payments is not None else []),
        # Retention erases many one after another: the file is cleared of all of them at once.
        (5.0, lambda now: 0 if rounds.going else oversight.sweep(now)),
        (TICK_SECONDS, lambda now: _retain(rounds, now)),
    ]
    # A simulation may take a minute: it must not hold up what takes a moment.
    simulating = threading.Thread(target=simulations.simulate_until, args=(ended,), daemon=True, name="simulations")
    simulating.start()
    # So may making an epoch of many answers.
    learning = threading.Thread(target=_learn_until, args=(ended,), daemon=True, name="learning")
    learning.start()
    looks = (trials.look_due, trials.lift_due)
    looking = threading.Thread(target=trials.look_until, args=(ended, looks), daemon=True, name="trials")
    looking.start()
    due = [0.0] * len(chores)
    while not ended.is_set():
        for number, (every, chore) in enumerate(chores):
            if time.monotonic() >= due[number] and not ended.is_set():
                full = _do(chore)
                due[number] = time.monotonic() + (0.0 if full else every)
        ended.wait(TICK_SECONDS)
    simulating.join(PATIENCE_SECONDS)
    learning.join(PATIENCE_SECONDS)
    looking.join(PATIENCE_SECONDS)
    sending.join()
    if posting is not None:
        posting.join(PATIENCE_SECONDS)


def _learn_until(ended: threading.Event) -> None:
    while not ended.wait(LEARN_SECONDS):
        _do(teaching.publish_due)


def _do(chore: Callable[[datetime], int]) -> bool:
    """Whether there is more of it at once. A failure is logged, and tried again at the next turn."""
    try:
        return chore(clock.now()) >= BATCH
    except Exception as failure:
        _log.exception("chore failed", error=type(failure).__name__)
        return False


def _run_jobs(now: datetime) -> int:
    done = record.run_due(now, BATCH)
    if done:
        metrics.JOBS.inc(done)
    return done


def _seal(now: datetime) -> int:
    sealed = record.seal(now)
    if sealed:
        metrics.SEALED.inc(sealed)
    return sealed


def _empty_log(_now: datetime) -> int:
    """All of it at once: there is never more to do."""
    tidying.empty_log()
    return 0


def _retain(rounds: oversight.Rounds, now: datetime) -> int:
    """One step, so that all other work has its turn in between: there is no hurry."""
    rounds.step(now)
    return 0


def main() -> None:
    """Works until SIGTERM or SIGINT comes, or the process that started this one is gone."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: ended.set())
    parent = os.getppid()

    def watch() -> None:
        while not ended.wait(1.0):
            if os.getppid() != parent:
                ended.set()

    threading.Thread(target=watch, daemon=True, name="parent watch").start()
    os.nice(GIVING_WAY)
    settings = readiness.begin_serving()
    register_handlers()
    run(ended, settings.secret, settings.home, mail_sender(settings), paying.door(settings))


if __name__ == "__main__":
    main()
