"""Experiments: what is tried on a part of customers, planned by one person, begun by another, and what it came to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.authoring import trial_forms, trial_words
from agent_ui.desk.acting import Refusal, acted, errors_of
from backend import db
from backend.catalogue import service as catalogues
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from backend.proving.service import SPLIT_ALARM
from backend.record import service as record
from backend.trials import service as trials
from backend.trials.service import METRICS, Trial
from shared.kernel.errors import Invalid
from shared.kernel.sheets import as_csv
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("experiments", __name__, template_folder="templates", url_prefix="/experiments")
LIST, FORM, ONE = "authoring/experiments.html", "authoring/experiment_form.html", "authoring/experiment.html"
USUAL_DAYS = 14


@bp.get("")
@requires(Permission.SEE_CATALOGUE)
def index() -> Response:
    with db.reading() as session:
        every = trials.trials(session)
        last = {one.experiment_id: trials.latest(session, one.rule) for one in every if one.started_at is not None}
        pack = catalogues.pack_in_force(session)
    speak_of(pack.timezone)
    told = {one.experiment_id: trial_words.said(one, last.get(one.experiment_id), pack.currency) for one in every}
    return page(LIST, going=[one for one in every if one.state in ("draft", "asked", "running")],
                over=[one for one in every if one.state not in ("draft", "asked", "running")], told=told)  # fmt: skip


@bp.get("/new")
@requires(Permission.AUTHOR)
def new() -> Response:
    return _form(trial_forms.blank())


@bp.post("")
@requires(Permission.AUTHOR)
def create() -> Response:
    typed = trial_forms.typed_in(request.form)

    def act(session: db.Session) -> UUID:
        plan = trial_forms.plan_of(typed, _drafts(session))
        return trials.plan_trial(session, plan, current_actor(), request_now())

    return acted(
        act,
        lambda why: _form(typed, why),
        lambda _: ("Planned", "Nothing changes for customers until a second person has it begin."),
        lambda made: url_for(".show", experiment_id=made),
    )


@bp.get("/<uuid:experiment_id>/plan")
@requires(Permission.AUTHOR)
def edit(experiment_id: UUID) -> Response:
    with db.reading() as session:
        known = trials.trial(session, experiment_id)
    return _form(trial_forms.of_plan(known.plan), known=known)


@bp.post("/<uuid:experiment_id>/plan")
@requires(Permission.AUTHOR)
def change(experiment_id: UUID) -> Response:
    typed = trial_forms.typed_in(request.form)
    with db.reading() as session:
        known = trials.trial(session, experiment_id)

    def act(session: db.Session) -> None:
        plan = trial_forms.plan_of(typed, _drafts(session))
        trials.change_plan(session, experiment_id, _seen(), plan, current_actor(), request_now())

    return acted(
        act,
        lambda why: _form(typed, why, known),
        lambda _: ("Planned anew", "It needs a second person before it begins."),
        lambda _: url_for(".show", experiment_id=experiment_id),
    )


@bp.get("/<uuid:experiment_id>")
@requires(Permission.SEE_CATALOGUE)
def show(experiment_id: UUID) -> Response:
    return page(ONE, **_context(experiment_id))


@bp.post("/<uuid:experiment_id>/request")
@requires(Permission.AUTHOR)
def ask(experiment_id: UUID) -> Response:
    return _act(experiment_id, trials.ask, "A second person is asked", "Whoever supervises sees it under Approvals.")


@bp.post("/<uuid:experiment_id>/start")
@requires(Permission.APPROVE_CATALOGUE)
def start(experiment_id: UUID) -> Response:
    return _act(
        experiment_id,
        trials.start,
        "It runs",
        "Each customer is in their arm from the next decision on, in every channel.",
    )


@bp.post("/<uuid:experiment_id>/return")
@requires(Permission.APPROVE_CATALOGUE)
def send_back(experiment_id: UUID) -> Response:
    return _with_words(experiment_id, trials.send_back, "Sent back", "Its author sees what you wrote.")


@bp.post("/<uuid:experiment_id>/withdrawal")
@requires(Permission.AUTHOR)
def withdraw(experiment_id: UUID) -> Response:
    return _act(experiment_id, trials.withdraw, "Withdrawn", "It stays to be read.")


@bp.post("/<uuid:experiment_id>/end")
@requires(Permission.SEE_CATALOGUE)
def stop(experiment_id: UUID) -> Response:
    """An author or an approver ends it: whoever may do neither is refused there."""
    return _with_words(experiment_id, trials.stop, "It has ended", "Everybody gets what is in force again; what was presented keeps its terms.")  # fmt: skip


@bp.post("/<uuid:experiment_id>/decision")
@requires(Permission.APPROVE_CATALOGUE)
def decide(experiment_id: UUID) -> Response:
    winner = request.form.get("winner", "")
    return _with_words(
        experiment_id, lambda session, one, seen, words, actor, now: trials.decide(session, one, seen, winner, words, actor, now),
        "Decided", "What is in force changes by its draft alone: put that before a second person.",
    )  # fmt: skip


@bp.post("/<uuid:experiment_id>/look")
@requires(Permission.SEE_CATALOGUE)
def look(experiment_id: UUID) -> Response:
    """Looks now, not in an hour: looking early and often is no sin here."""
    trials.look_at(experiment_id, request_now())
    tell("good", "Looked", "The figures are those of now.")
    return redirect(url_for(".show", experiment_id=experiment_id), 303)


@bp.post("/<uuid:experiment_id>/csv")
@requires(Permission.SEE_CATALOGUE)
def as_file(experiment_id: UUID) -> Response:
    """What the last look found, as a file: each metric and arm a row."""
    now = request_now()
    with db.transaction() as session:
        known = trials.trial(session, experiment_id)
        found = trials.latest(session, known.rule) or {"metrics": {}, "n": {}, "assigned": {}, "alpha": trials.ALPHA}
        record.audit(
            session, actor=current_actor(), action="report.exported", subject=f"report:experiment-{experiment_id}", customer_id=None,
            payload={"rows": len(found["metrics"])}, now=now,
        )  # fmt: skip
    head = [
        "Metric", "Arm", "Assigned", "Counted", "Mean", "Control", "Difference", "Low (any time)", "High (any time)", "p (any time)",
        "Smallest p so far", "Alpha", "Difference (one look)", "Low (one look)", "High (one look)", "Variance taken by the past",
    ]  # fmt: skip
    rows: list[list[Any]] = []
    for metric, seen in found["metrics"].items():
        for arm in known.plan.arms[1:]:
            one = seen["arms"][arm.key]
            low, plain, high = one["plain"]
            rows.append([
                METRICS[metric].label, arm.label, found["assigned"].get(arm.key, 0), found["n"].get(arm.key, 0), one["plain_mean"],
                seen["control"]["mean"], one["difference"], one["low"], one["high"], one["p"], one["ever"], found["alpha"], plain, low, high,
                one["quieter"],
            ])  # fmt: skip
    answer: Response = make_response(as_csv(head, rows), 200, {"Content-Type": "text/csv; charset=utf-8"})
    answer.headers["Content-Disposition"] = f'attachment; filename="experiment-{experiment_id}.csv"'
    return answer


def _act(experiment_id: UUID, act: Callable[..., Any], title: str, text: str) -> Response:
    """Does the act on the experiment as it was seen, and goes back to its page."""
    return acted(
        lambda session: act(session, experiment_id, _seen(), current_actor(), request_now()),
        lambda why: page(ONE, status=why.status, errors=errors_of(why), **_context(experiment_id)),
        lambda _: (title, text),
        lambda _: url_for(".show", experiment_id=experiment_id),
    )


def _with_words(experiment_id: UUID, act: Callable[..., Any], title: str, text: str) -> Response:
    """The same for acts that say why; what was typed comes back where it was refused."""
    words, what = request.form.get("words", "")[:2_000], request.endpoint.rpartition(".")[2] if request.endpoint else ""

    def refused(why: Refusal) -> Response:
        # By the fault of what was typed it stands at the field; else, above all, as the field may be gone by then.
        field = what if isinstance(why, Invalid) else ""
        return page(
            ONE, status=why.status, errors=errors_of(why), typed=words, wrong_act=field, **_context(experiment_id)
        )

    return acted(
        lambda session: act(session, experiment_id, _seen(), words, current_actor(), request_now()),
        refused,
        lambda _: (title, text),
        lambda _: url_for(".show", experiment_id=experiment_id),
    )


def _seen() -> int:
    """The revision that the page showed; none fits where a form does not say."""
    text = request.form.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _drafts(session: db.Session) -> dict[UUID, Any]:
    """The drafts that may be tried: checked and simulated, on the version in force."""
    present = catalogues.in_force(session).catalogue.version
    ready = [one for one in catalogues.drafts(session) if one.state in trials.READY and one.base_version == present]
    return {one.draft_id: catalogues.draft(session, one.draft_id) for one in ready}


def _form(typed: dict[str, Any], wrong: Refusal | None = None, known: Trial | None = None) -> Response:
    with db.reading() as session:
        pack = catalogues.pack_in_force(session)
        today = trials.usual(session, timedelta(days=USUAL_DAYS), request_now())
        context: dict[str, Any] = {
            "drafts": _drafts(session), "people": profiles.count(session),
            "usual": [
                (metric, trial_words.amount(metric, float(today.after[key].mean()), pack.currency), round(float(today.after[key].std()), 2))
                for key, metric in METRICS.items()
            ] if today.n else [],
        }  # fmt: skip
    speak_of(pack.timezone)
    return page(
        FORM, status=wrong.status if wrong else 200, errors=errors_of(wrong) if wrong else None, typed=typed, known=known, metrics=METRICS.values(),
        others=trial_forms.OTHERS, pack=pack, seen=known.revision if known else 0, counted=today.n, days=USUAL_DAYS, **context,
    )  # fmt: skip


def _context(experiment_id: UUID) -> dict[str, Any]:
    """All that the experiment's page is drawn from."""
    actor = current_actor()
    with db.reading() as session:
        known = trials.trial(session, experiment_id)
        looked = trials.looks(session, known.rule) if known.started_at else []
        pack, people = catalogues.pack_in_force(session), profiles.count(session)
        drafts = {one.draft_id: one for one in catalogues.drafts(session)}
    speak_of(pack.timezone)
    found = looked[-1][1] if looked else None
    rows = [seen for metric in found["metrics"].values() for seen in metric["arms"].values()] if found else []
    return {
        "trial": known,
        "steps": trial_words.steps(known.state),
        "told": trial_words.said(known, found, pack.currency),
        "found": found,
        "at": looked[-1][0] if looked else None,
        "metrics": METRICS,
        "labels": {arm.key: arm.label for arm in known.plan.arms},
        "bands": {
            key: trial_words.widest(list(found["metrics"][key]["arms"].values())) for key in METRICS
        } if found and rows else {},
        "band": trial_words.band,
        "amount": partial(_with_currency, trial_words.amount, pack.currency),
        "difference": partial(_with_currency, trial_words.difference, pack.currency),
        "between": partial(_between, pack.currency),
        "drafts": drafts,
        "people": people,
        "pack": pack,
        "alarm": found is not None and found["split"] < SPLIT_ALARM,
        "segment": next((one.label for one in pack.segments if one.key == known.plan.segment), known.plan.segment),
        "may_write": actor.may(Permission.AUTHOR),
        "may_start": actor.may(Permission.APPROVE_CATALOGUE) and actor.id != known.made_by_id,
        "approver": actor.may(Permission.APPROVE_CATALOGUE),
    }  # fmt: skip


def _with_currency(tell_it: Callable[..., str], currency: str, metric: Any, number: float | None) -> str:
    return tell_it(metric, number, currency)


def _between(currency: str, metric: Any, low: float | None, high: float | None) -> str:
    return trial_words.between(metric, low, high, currency)
