"""Customers who may be one person: the queue, two of them side by side, merging in one act, and taking a merge back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.identities import service as identities
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.errors import Conflict, Erased, Invalid, NotFound
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("duplicates", __name__, template_folder="templates")
QUEUE, PAIR = "supervision/duplicates.html", "supervision/pair.html"
SHOWN = 25
FIELD = "field."
CLEAR = "in_clear"
BACK = "approvals"


@bp.get("/duplicates")
@requires(Permission.MERGE_CUSTOMERS)
def index() -> Response:
    return page(QUEUE, **_queue())


@bp.post("/duplicates")
@requires(Permission.MERGE_CUSTOMERS)
def find() -> Response:
    """Leads to two customers by their numbers, whether anything suggested them or not."""
    typed = {name: request.form.get(name, "").strip() for name in ("first", "second")}
    errors, found = {}, {}
    with db.reading() as session:
        for name, text in typed.items():
            customer_id = profiles.find_by_sign_in(session, text) if text else None
            if customer_id is None:
                errors[name] = "There is no customer with this number." if text else "Enter a customer number."
            else:
                found[name] = customer_id
    if not errors and found["first"] == found["second"]:
        errors["second"] = "These are one and the same customer."
    if errors:
        return page(QUEUE, status=422, errors=errors, **_queue() | {"typed": typed})
    return redirect(url_for(".pair", customer_id=found["first"], other_id=found["second"]), 303)


@bp.get("/duplicates/<uuid:customer_id>/<uuid:other_id>")
@requires(Permission.MERGE_CUSTOMERS)
def pair(customer_id: UUID, other_id: UUID) -> Response:
    """The first as the survivor. Two who became one meanwhile are shown as the one that they are.

    What is masked is shown to those who may see it, once they ask: that is on record as a look of its own.
    """
    ours, theirs = _today(customer_id, other_id)
    if ours == theirs:
        tell("plain", "These two are one customer", "They were merged.")
        return redirect(url_for("customers.show", customer_id=ours), 303)
    if (ours, theirs) != (customer_id, other_id):
        return redirect(
            url_for(
                ".pair", customer_id=ours, other_id=theirs, in_clear=request.args.get(CLEAR), back=_came_from() or None
            ),
            303,
        )
    return _pair(ours, theirs)


@bp.post("/duplicates/<uuid:customer_id>/<uuid:other_id>/merge")
@requires(Permission.MERGE_CUSTOMERS)
def merge(customer_id: UUID, other_id: UUID) -> Response:
    """Merges the second into the first, with the fields as chosen. A second click finds it done."""
    chosen = [
        name.removeprefix(FIELD) for name, value in request.form.items() if name.startswith(FIELD) and value == "theirs"
    ]
    ours, theirs = _today(customer_id, other_id)
    if ours == theirs:
        tell("plain", "Merged already", "These two are one customer.")
        return redirect(url_for("customers.show", customer_id=ours), 303)
    if request.form.get("sure") != "yes":
        wrong = {"sure": "Say that they are the same person."}
        return _pair(ours, theirs, 422, errors=wrong, chosen=chosen)
    try:
        with db.transaction() as session:
            made = identities.merge(
                session, other_id, customer_id, choose=chosen, actor=current_actor(), now=request_now(), seen=_seen()
            )
    except (Conflict, Invalid) as refused:
        ours, theirs = _today(customer_id, other_id)
        if ours == theirs:
            tell("plain", "Merged already", str(refused))
            return redirect(url_for("customers.show", customer_id=ours), 303)
        return _pair(ours, theirs, refused.status, refused=str(refused), chosen=chosen)
    tell("good", f"Merged: {made.name}, {made.number}", "Everything followed. It can be taken back under Duplicates.")
    if _came_from():
        return redirect(url_for("approvals.show"), 303)
    return redirect(url_for("customers.show", customer_id=made.customer_id), 303)


@bp.post("/duplicates/<uuid:customer_id>/<uuid:other_id>/distinction")
@requires(Permission.MERGE_CUSTOMERS)
def keep_apart(customer_id: UUID, other_id: UUID) -> Response:
    """These are two people: it is not suggested again."""
    try:
        with db.transaction() as session:
            identities.keep_apart(session, customer_id, other_id, actor=current_actor(), now=request_now())
    except (Conflict, NotFound) as refused:
        tell("warn", "Nothing was changed", str(refused))
    else:
        tell("good", "Two people", "These two are not suggested again.")
    return redirect(url_for("approvals.show" if _came_from() else ".index"), 303)


@bp.post("/merges/<uuid:merge_id>/undoing")
@requires(Permission.MERGE_CUSTOMERS)
def undo(merge_id: UUID) -> Response:
    """Takes a merge back: both are as they were."""
    try:
        with db.transaction() as session:
            done = identities.unmerge(session, merge_id, actor=current_actor(), now=request_now())
    except (Conflict, Erased) as refused:
        tell("warn", "Not taken back", str(refused))
    else:
        tell(
            "good",
            f"Taken back: {done.name}, {done.number}",
            "Both are as they were, with what came since by its source.",
        )
    return redirect(url_for(".index"), 303)


def _today(*customer_ids: UUID) -> list[UUID]:
    with db.reading() as session:
        return [profiles.resolve(session, one) for one in customer_ids]


def _came_from() -> str:
    """Whether it is decided among all that waits for an approval, where one goes back to then."""
    return BACK if request.values.get("back") == BACK else ""


def _seen() -> tuple[int, int] | None:
    """The versions that the page showed. Raises Invalid where they are none."""
    texts = (request.form.get("version", ""), request.form.get("other_version", ""))
    if not any(texts):
        return None
    if not all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts):
        raise Invalid("Please open this page again.", {"version": "a whole number"})
    return int(texts[0]), int(texts[1])


def _pair(ours: UUID, theirs: UUID, status: int = 200, **more: Any) -> Response:
    in_clear = request.values.get(CLEAR) == "yes"
    actor = current_actor()
    with db.reading() as session:
        compared = identities.compare(session, ours, theirs, actor, in_clear=in_clear)
    if in_clear:
        g.looked_at_as = "pair-in-clear"
    speaks = identities.reasons(compared.suggestion) if compared.suggestion else ((), ())
    context = {"chosen": (), "errors": {}, "refused": ""} | more
    return page(
        PAIR,
        "pair" if wants_fragment() and request.method == "GET" else None,
        status=status,
        back=_came_from(),
        it=compared,
        speaks=speaks[0],
        against=speaks[1],
        likely=_likely,
        field=FIELD,
        clear=CLEAR,
        may_see=actor.may(Permission.COMPARE_IN_CLEAR),
        **context,
    )


def _queue() -> dict[str, Any]:
    cursor = request.args.get("cursor") or None
    with db.reading() as session:
        items, follows = identities.queue(session, limit=SHOWN, cursor=cursor)
        merges = identities.lately(session)
        who = identities.named(session, items, merges)
    pairs = []
    for one in items:
        both = [who[customer_id] for customer_id in (one.customer_id, one.other_id) if customer_id in who]
        if len(both) == 2:
            # Who was with us first stays, unless the person chooses otherwise.
            pairs.append((one, *sorted(both, key=lambda known: known.created_at), *identities.reasons(one)))
    return {
        "items": pairs,
        "who": who,
        "follows": follows,
        "merges": merges,
        "likely": _likely,
        "typed": {"first": "", "second": ""},
        "onward": cursor is not None,
    }


def _likely(score: float) -> str:
    """What a score in bits means to a person."""
    return "very likely" if score >= 32 else "likely" if score >= 26 else "perhaps"
