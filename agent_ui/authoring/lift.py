"""What holdouts show: treated against control, as a whole, by treatment and by what customers were like."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Blueprint, make_response, redirect, request, url_for
from werkzeug.wrappers import Response

from agent_ui.authoring import trial_words
from backend import db
from backend.catalogue import service as catalogues
from backend.people.service import Permission, current_actor, requires
from backend.proving.service import LEAST, SPLIT_ALARM
from backend.record import service as record
from backend.trials import service as trials
from backend.trials.service import METRICS, WINDOWS
from shared.kernel.errors import NotFound
from shared.kernel.sheets import as_csv
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell

bp = Blueprint("lift", __name__, template_folder="templates", url_prefix="/lift")
USUAL = 30
KINDS = {"segments": "Segments", "states": "Life cycle", "channels": "Channel of the first contact"}


@bp.get("")
@requires(Permission.SEE_CATALOGUE)
def show() -> Response:
    with db.reading() as session:
        found = trials.lifts(session)
        configuration = catalogues.in_force(session)
    pack = configuration.catalogue.pack
    speak_of(pack.timezone)
    chosen = next((one for one in found if one.holdout.key == request.args.get("holdout")), found[0] if found else None)
    days = _days()
    seen = chosen.found["windows"][str(days)] if chosen is not None and chosen.found else None
    return page(
        "authoring/lift.html", lifts=found, chosen=chosen, days=days, windows=WINDOWS, seen=seen, metrics=METRICS, kinds=KINDS,
        names={key: t.name for key, t in configuration.catalogue.treatments.items()}, labels=_labels(pack),
        amount=partial(_told, trial_words.amount, pack.currency), difference=partial(_told, trial_words.difference, pack.currency),
        between=lambda metric, low, high: trial_words.between(metric, low, high, pack.currency), band=trial_words.band,
        widest=trial_words.widest, unvaried=trial_words.unvaried, least=LEAST, told=_first(seen, pack.currency),
        alarm=bool(chosen and chosen.found and chosen.found["split"] < SPLIT_ALARM),
    )  # fmt: skip


@bp.post("/look")
@requires(Permission.SEE_CATALOGUE)
def look() -> Response:
    """Looks at a holdout now, not in an hour. Raises NotFound."""
    chosen = _chosen()
    trials.look_at_holdout(chosen.holdout, request_now())
    tell("good", "Looked", "The figures are those of now.")
    return redirect(url_for(".show", holdout=chosen.holdout.key, days=_days()), 303)


@bp.post("/csv")
@requires(Permission.SEE_CATALOGUE)
def as_file() -> Response:
    """All that the last look at a holdout found, as a file. Raises NotFound."""
    chosen, now = _chosen(), request_now()
    rows: list[list[Any]] = []
    for days, seen in (chosen.found or {"windows": {}})["windows"].items():
        parts = [("all", "", seen)] + [(kind, part["key"], part) for kind in KINDS for part in seen[kind]]
        for kind, key, part in parts:
            for metric, one in part["metrics"].items():
                rows.append([
                    int(days), kind, key, METRICS[metric].label, part["n"]["treated"], part["n"]["control"], one["treated"], one["control"],
                    one["difference"], one["low"], one["high"], part.get("apart", {}).get(metric, ""),
                ])  # fmt: skip
    with db.transaction() as session:
        record.audit(
            session, actor=current_actor(), action="report.exported", subject=f"report:lift-{chosen.holdout.key}", customer_id=None,
            payload={"rows": len(rows)}, now=now,
        )  # fmt: skip
    head = ["Days", "Among", "Which", "Metric", "Treated", "Control", "Treated, mean", "Control, mean", "Difference", "Low", "High", "Apart from the rest"]  # fmt: skip
    answer: Response = make_response(as_csv(head, rows), 200, {"Content-Type": "text/csv; charset=utf-8"})
    answer.headers["Content-Disposition"] = f'attachment; filename="lift-{chosen.holdout.key}.csv"'
    return answer


def _chosen() -> trials.Lift:
    wanted = request.values.get("holdout", "")
    with db.reading() as session:
        found = next((one for one in trials.lifts(session) if one.holdout.key == wanted), None)
    if found is None:
        raise NotFound("There is no such holdout in force.")
    return found


def _first(seen: Any, currency: str) -> list[tuple[str, str]]:
    return trial_words.lifted(seen["metrics"], min(seen["n"].values()) < LEAST, currency) if seen else []


def _days() -> int:
    text = request.values.get("days", "")
    return int(text) if text in {str(days) for days in WINDOWS} else USUAL


def _labels(pack: Any) -> dict[str, dict[str, str]]:
    return {
        "segments": {one.key: one.label for one in pack.segments},
        "states": {one.key: one.label for one in pack.life_cycle},
        "channels": {one.key: one.label for one in pack.channels},
    }


def _told(tell_it: Any, currency: str, metric: Any, number: float | None) -> str:
    return str(tell_it(metric, number, currency))
