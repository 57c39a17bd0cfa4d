"""An experiment is planned, put before a second person and begun. draft → asked → running; or withdrawn."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlmodel import Session

from backend import db
from backend.catalogue import service as catalogues
from backend.engine import service as engine
from backend.engine.catalogue import Catalogue
from backend.engine.facts import Configuration
from backend.matrix.service import Pack, body_of
from backend.people.permissions import Permission
from backend.proving import service as proving
from backend.record import service as record
from backend.trials.outcomes import METRICS
from backend.trials.tables import ExperimentRow
from backend.trials.types import OPEN, Plan, PlannedArm, Trial
from shared.kernel import ids
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound

EXPERIMENT = db.table_of(ExperimentRow)
LONGEST_NAME, LONGEST_WORDS = 80, 500
MOST_ARMS = 4
LONGEST_WINDOW = 90
READY = ("simulated", "asked", "approved")
"""The states of a draft that may be tried."""


def trials(session: Session) -> tuple[Trial, ...]:
    """Every experiment, the newest first."""
    rows = session.execute(select(EXPERIMENT).order_by(EXPERIMENT.c.experiment_id.desc()))
    return tuple(_trial(row) for row in rows)


def trial(session: Session, experiment_id: UUID) -> Trial:
    """Raises NotFound."""
    row = session.execute(select(EXPERIMENT).where(EXPERIMENT.c.experiment_id == experiment_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such experiment.")
    return _trial(row)


def plan_trial(session: Session, plan: Plan, actor: Actor, now: datetime) -> UUID:
    """Writes a new experiment down; nothing changes for customers. Raises Invalid with all that is wrong, and Forbidden."""
    catalogues.require(actor, Permission.AUTHOR)
    needed = _checked(session, plan, catalogues.in_force(session))
    experiment_id = ids.uuid7()
    session.execute(
        insert(EXPERIMENT).values(
            experiment_id=experiment_id, state="draft", revision=1, made_by=actor.name, made_by_id=actor.id, made_at=now,
            treatments=[], trigger="decision", **_values(plan, needed),
        )
    )  # fmt: skip
    told(session, experiment_id, "experiment.planned", actor, now, name=plan.name)
    return experiment_id


def change_plan(session: Session, experiment_id: UUID, seen: int, plan: Plan, actor: Actor, now: datetime) -> None:
    """Another plan in place of the one there was, while it is a draft. Raises Invalid, Conflict, Forbidden."""
    catalogues.require(actor, Permission.AUTHOR)
    held = open_trial(session, experiment_id, seen)
    _must_be(held, "draft")
    needed = _checked(session, plan, catalogues.in_force(session))
    # Whoever changes it last answers for it: they are who may not approve it.
    change(session, held, made_by=actor.name, made_by_id=actor.id, returned_words=None, **_values(plan, needed))
    told(session, experiment_id, "experiment.planned", actor, now, name=plan.name)


def ask(session: Session, experiment_id: UUID, seen: int, actor: Actor, now: datetime) -> None:
    """Puts the experiment before a second person. Raises Invalid, Conflict, Forbidden."""
    catalogues.require(actor, Permission.AUTHOR)
    held = open_trial(session, experiment_id, seen)
    _must_be(held, "draft")
    _checked(session, held.plan, catalogues.in_force(session))
    change(session, held, state="asked", returned_words=None)
    told(session, experiment_id, "experiment.asked", actor, now)


def send_back(session: Session, experiment_id: UUID, seen: int, words: str, actor: Actor, now: datetime) -> None:
    """Gives it back to its author, with what is to be done about it. Raises Invalid, Conflict, Forbidden."""
    catalogues.require(actor, Permission.APPROVE_CATALOGUE)
    words = in_words(words, "Say what is to be changed.")
    held = open_trial(session, experiment_id, seen)
    _must_be(held, "asked")
    change(session, held, state="draft", returned_words=words)
    told(session, experiment_id, "experiment.sent_back", actor, now, words=words)


def withdraw(session: Session, experiment_id: UUID, seen: int, actor: Actor, now: datetime) -> None:
    """Gives up what has not begun. Raises Conflict, Forbidden."""
    catalogues.require(actor, Permission.AUTHOR)
    held = open_trial(session, experiment_id, seen)
    _must_be(held, "draft", "asked")
    change(session, held, state="withdrawn")
    told(session, experiment_id, "experiment.withdrawn", actor, now)


def start(session: Session, experiment_id: UUID, seen: int, actor: Actor, now: datetime) -> None:
    """A second person has it begin: customers are in their arms from their next decision on.

    Nobody starts what they planned or what they wrote a draft of. Raises Conflict (changed meanwhile, or another experiment
    changes the same), Invalid and Forbidden.
    """
    catalogues.require(actor, Permission.APPROVE_CATALOGUE)
    catalogues.hold(session)
    held = open_trial(session, experiment_id, seen)
    _must_be(held, "asked")
    if actor.id == held.made_by_id:
        raise Forbidden("Nobody starts an experiment that they planned themselves: a second person has to.")
    configuration = catalogues.in_force(session)
    _checked(session, held.plan, configuration)
    arms = tuple(_kept(session, arm, actor, now) for arm in held.plan.arms)
    treatments, trigger = _scope(session, arms, configuration.catalogue)
    begun = change(
        session, held, state="running", arms=[arm.to_json() for arm in arms], treatments=list(treatments), trigger=trigger,
        base_version=configuration.catalogue.version, approved_by=actor.name, approved_by_id=actor.id, started_at=now,
    )  # fmt: skip
    new = begun.published()
    _apart(new, configuration)
    catalogues.run_experiments(session, [*configuration.experiments, new], actor, now)
    told(
        session,
        experiment_id,
        "experiment.started",
        actor,
        now,
        arms=[arm.label for arm in arms],
        share=held.plan.share,
    )


def open_trial(session: Session, experiment_id: UUID, seen: int | None = None) -> Trial:
    """The experiment, held until the transaction ends. Raises NotFound, and Conflict where it is over or another than was seen."""
    session.execute(
        select(EXPERIMENT.c.experiment_id).where(EXPERIMENT.c.experiment_id == experiment_id).with_for_update()
    )
    known = trial(session, experiment_id)
    if known.state not in OPEN and known.state != "stopped":
        raise Conflict(f"This experiment is {known.state}: nothing about it changes any more.")
    if seen is not None and seen != known.revision:
        raise Conflict("Somebody changed this experiment meanwhile. Please look at it again.")
    return known


def change(session: Session, held: Trial, **values: Any) -> Trial:
    """The guard of last resort: an experiment changes only from the revision that was read."""
    mine = (EXPERIMENT.c.experiment_id == held.experiment_id, EXPERIMENT.c.revision == held.revision)
    done = session.execute(update(EXPERIMENT).where(*mine).values(revision=held.revision + 1, **values))
    if db.touched(done) != 1:
        raise Conflict("Somebody changed this experiment meanwhile. Please look at it again.")
    return trial(session, held.experiment_id)


def told(session: Session, experiment_id: UUID, action: str, actor: Actor, now: datetime, **payload: Any) -> None:
    """Puts the act on the record, and tells whoever watches."""
    record.audit(
        session, actor=actor, action=action, subject=f"experiment:{experiment_id}", customer_id=None, payload=payload, now=now
    )  # fmt: skip
    record.changed(session, "catalogue", subject=str(experiment_id), now=now)


def in_words(words: str, wanted: str) -> str:
    """What somebody wrote. Raises Invalid where it is nothing, or too long."""
    words = words.strip()
    if not words or len(words) > LONGEST_WORDS:
        raise Invalid(wanted, {"words": f"1 to {LONGEST_WORDS} characters"})
    return words


def _must_be(held: Trial, *states: str) -> None:
    if held.state not in states:
        raise Conflict(f"This experiment is {held.state}: that can no longer be done with it.")


def _checked(session: Session, plan: Plan, configuration: Configuration) -> int:
    """How many customers each arm needs. Raises Invalid with everything that is wrong with the plan, by field."""
    wrong: dict[str, str] = {}
    if not plan.name.strip() or len(plan.name) > LONGEST_NAME:
        wrong["name"] = f"1 to {LONGEST_NAME} characters that say what is tried"
    if not plan.purpose.strip() or len(plan.purpose) > LONGEST_WORDS:
        wrong["purpose"] = f"What you expect, and why, in 1 to {LONGEST_WORDS} characters"
    metric = METRICS.get(plan.metric)
    if metric is None:
        wrong["metric"] = f"one of {', '.join(METRICS)}"
    if not 1 <= plan.window_days <= LONGEST_WINDOW:
        wrong["window_days"] = f"1 to {LONGEST_WINDOW} days"
    if not 0 < plan.share <= 1:
        wrong["share"] = "more than 0 and at most 100 percent of customers"
    if not 0.01 <= plan.lift <= 1:
        wrong["lift"] = "1 to 100 percent"
    if not 0.5 <= plan.power <= 0.99:
        wrong["power"] = "50 to 99 percent"
    if metric is not None and (plan.usual <= 0 or (metric.share and plan.usual >= 1)):
        wrong["usual"] = "more than 0 and less than 100 percent" if metric.share else "more than 0"
    if metric is not None and not metric.share and plan.spread <= 0:
        wrong["spread"] = "more than 0"
    if unknown := set(plan.guardrails) - set(METRICS):
        wrong["guardrails"] = f"There is no metric {', '.join(sorted(unknown))}."
    wrong |= _segment(plan.segment, configuration.catalogue.pack) | _arms(session, plan, configuration)
    if wrong:
        raise Invalid("This plan cannot be carried out yet.", wrong)
    share = bool(metric and metric.share)
    variance = plan.usual * (1 - plan.usual) if share else plan.spread**2
    alpha = 0.05 / max(1, len(plan.arms) - 1)
    needed = proving.customers_needed(plan.usual, variance, plan.lift, power=plan.power, alpha=alpha, shares=share)
    if needed is None:
        raise Invalid("No number of customers shows this.", {"lift": "So small a difference is never found: hope for a larger one."})  # fmt: skip
    return needed


def _segment(key: str, pack: Pack) -> dict[str, str]:
    if not key:
        return {}
    segment = next((one for one in pack.segments if one.key == key), None)
    if segment is None:
        return {"segment": f"There is no segment {key}."}
    protected = sorted(
        name for name in segment.rule.names if name in pack.attributes and pack.attributes[name].protected
    )
    if protected:
        return {
            "segment": f"It is drawn by {', '.join(protected)}: protected attributes choose nobody for an experiment."
        }
    return {}


def _arms(session: Session, plan: Plan, configuration: Configuration) -> dict[str, str]:
    """What is wrong with each arm beside the control, the first of them as `arm1` or, of its levers, `levers1`."""
    if not 2 <= len(plan.arms) <= MOST_ARMS:
        return {"arms": f"Beside what everybody gets, 1 to {MOST_ARMS - 1} others to compare it with."}
    wrong: dict[str, str] = {}
    for nth, arm in enumerate(plan.arms[1:], 1):
        if (arm.draft_id is None) == (not arm.levers):
            wrong[f"arm{nth}"] = "Either a draft of the catalogue, or levers."
        elif arm.draft_id is not None and (why := _unfit(session, arm.draft_id, configuration)):
            wrong[f"arm{nth}"] = why
        for treatment, factor in arm.levers:
            if treatment not in configuration.catalogue.treatments:
                wrong[f"levers{nth}"] = f"There is no treatment {treatment}."
            elif not 0 <= factor <= 10:
                wrong[f"levers{nth}"] = f"{treatment}: a lever is multiplied by 0 to 10."
    return wrong


def _unfit(session: Session, draft_id: UUID, configuration: Configuration) -> str:
    """Why this draft cannot be tried now; empty where it can."""
    try:
        draft = catalogues.draft(session, draft_id)
    except NotFound:
        return "There is no such draft."
    if draft.state not in READY:
        return f"“{draft.name}” must be checked and simulated first."
    if draft.base_version != configuration.catalogue.version:
        return f"“{draft.name}” was written on version {draft.base_version}, which is not the one in force: it would undo what came since."
    return ""


def _kept(session: Session, arm: PlannedArm, actor: Actor, now: datetime) -> PlannedArm:
    """The arm with its catalogue kept as a version that nothing changes any more."""
    if arm.draft_id is None:
        return arm
    draft = catalogues.draft(session, arm.draft_id)
    if draft.digest != arm.digest:
        raise Conflict(f"“{draft.name}” was changed since this experiment was planned. Please look at it again.")
    if actor.id in draft.editors:
        raise Forbidden(f"You had a hand in “{draft.name}”: a second person has to start what tries it.")
    version = catalogues.keep_version(session, body_of(draft.files), draft.files, actor, now)
    return PlannedArm(arm.key, arm.label, arm.draft_id, arm.digest, arm.levers, version)


def _scope(session: Session, arms: tuple[PlannedArm, ...], present: Catalogue) -> tuple[tuple[str, ...], str]:
    """The treatments that the arms' catalogues change, none where they change more; and from when on a customer counts."""
    others = [catalogues.catalogue_of(session, arm.version) for arm in arms if arm.version is not None]
    changed = [engine.changed_treatments(present, one) for one in others]
    if not others or any(keys is None for keys in changed):
        return (), "decision"
    keys = frozenset().union(*(one for one in changed if one is not None))
    if not keys:
        raise Conflict("The drafts change nothing of what is in force: there is nothing to compare.")
    said = all(engine.only_words(present, one, keys) for one in others) and not any(arm.levers for arm in arms)
    return tuple(sorted(keys)), "ranked" if said else "decision"


def _apart(new: proving.Experiment, configuration: Configuration) -> None:
    """Two experiments that change the same would each measure the other. Raises Conflict."""
    for one in configuration.experiments:
        mine, theirs = _touched(new), _touched(one)
        if mine is None or theirs is None or mine & theirs:
            raise Conflict(f"“{one.label}” runs and changes the same: let it end first.")


def _touched(one: proving.Experiment) -> frozenset[str] | None:
    """The treatments that an experiment moves; None: everything."""
    if any(arm.version for arm in one.arms) and not one.treatments:
        return None
    return frozenset(one.treatments) | {treatment for arm in one.arms for treatment, _ in arm.levers}


def _values(plan: Plan, needed: int) -> dict[str, Any]:
    return {
        "name": " ".join(plan.name.split()), "purpose": plan.purpose.strip(), "arms": [arm.to_json() for arm in plan.arms],
        "share": plan.share, "segment": plan.segment, "metric": plan.metric, "window_days": plan.window_days, "usual": plan.usual,
        "spread": plan.spread, "lift": plan.lift, "power": plan.power, "needed": needed, "guardrails": list(plan.guardrails),
    }  # fmt: skip


def _trial(row: Any) -> Trial:
    plan = Plan(
        row.name, row.purpose, tuple(PlannedArm.from_json(arm) for arm in row.arms), row.metric, row.window_days, row.usual,
        row.spread, row.lift, row.power, row.share, row.segment, tuple(row.guardrails),
    )  # fmt: skip
    return Trial(
        row.experiment_id, row.state, row.revision, plan, row.needed, tuple(row.treatments), row.trigger, row.made_by,
        row.made_by_id, row.made_at, row.returned_words, row.approved_by, row.base_version, row.started_at, row.ended_at,
        row.ended_by, row.ended_words, row.winner, row.looked_at,
    )  # fmt: skip
