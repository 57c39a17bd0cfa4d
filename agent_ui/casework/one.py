"""One case: who it is about, what was written, what is to be done; and the acts upon it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from backend import db
from backend.cases import service as cases
from backend.casework import service as casework
from backend.catalogue import service as catalogues
from backend.mailroom import service as mailroom
from backend.matrix.service import Pack
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Invalid, NotFound
from shared.ui.formats import speak_of
from shared.ui.pages import page, request_now, tell, wants_fragment

bp = Blueprint("casework", __name__, template_folder="templates")
TEMPLATE = "casework/case.html"
ONE = "/customers/<uuid:customer_id>/cases/<uuid:case_id>"
REPLY_CHANNEL = "portal"
"""Where the customer reads an answer."""
DESK_CHANNEL = "phone"
THEN = ("open", "pending", "resolved")
Act = Callable[[db.Session, UUID, Pack, Actor, datetime, int | None], str]
"""What is done: session, whose case, the pack, who, when, the version that was seen → words for the notice."""


@bp.get(ONE)
@requires(Permission.SEE_CASES)
def show(customer_id: UUID, case_id: UUID) -> Response:
    return page_of(customer_id, case_id)


@bp.get(f"{ONE}/panels/<part>")
@requires(Permission.SEE_CASES)
def panel(customer_id: UUID, case_id: UUID, part: str) -> Response:
    """A part of the page that fetches itself; of what there is not, the conversation."""
    return page_of(customer_id, case_id, block="side" if part == "side" else "conversation")


@bp.get("/customers/<uuid:customer_id>/cases/new")
@requires(Permission.WORK_CASES)
def new(customer_id: UUID) -> Response:
    return _new(customer_id)


@bp.post("/customers/<uuid:customer_id>/cases")
@requires(Permission.WORK_CASES)
def open_case(customer_id: UUID) -> Response:
    """Opens a case; what cannot be taken comes back as it was typed."""
    form = request.form
    try:
        with db.transaction() as session:
            owner = profiles.resolve(session, customer_id)
            made = casework.open_case(
                session, owner, form.get("subject", ""), text=form.get("text", ""), by_customer=form.get("words") == "theirs",
                type=form.get("type", ""), priority=form.get("priority", ""), to_me=form.get("whose") == "me",
                channel=DESK_CHANNEL, actor=current_actor(), now=request_now(),
            )  # fmt: skip
    except Invalid as wrong:
        return _new(customer_id, 422, wrong.errors or {"": str(wrong)})
    tell("good", "Case opened", f"The reference is {made.reference[:3]} {made.reference[3:]}.")
    return redirect(url_for("casework.show", customer_id=owner, case_id=made.case_id), 303)


@bp.post(f"{ONE}/messages")
@requires(Permission.WORK_CASES)
def write(customer_id: UUID, case_id: UUID) -> Response:
    """An answer to the customer, or a note for colleagues; with an answer, what becomes of the case."""
    kind, text, then = request.form.get("kind", "agent"), request.form.get("text", ""), request.form.get("then", "open")

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        if kind == "note" or then == "note":
            cases.note(session, owner, case_id, text, seen=seen, actor=actor, now=now)
            return "Note kept"
        mailroom.enclose(session, owner, case_id, mailroom.require_files(request.form.getlist("files")))
        casework.answer(
            session, owner, case_id, text, then=then if then in THEN else "open", wait_days=None, seen=seen,
            channel=REPLY_CHANNEL, actor=actor, now=now,
        )  # fmt: skip
        return {"pending": "Answer sent; the case waits", "resolved": "Answer sent, case resolved"}.get(
            then, "Answer sent"
        )

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/draft")
@requires(Permission.WORK_CASES)
def draft(customer_id: UUID, case_id: UUID) -> Response:
    """Keeps what is being written; a piece for the page, or the page where there is no scripting.

    Where another window of mine wrote meanwhile, the piece shows what stands there, and I `take` mine or theirs.
    """
    kept, wrong, other, take = None, "", None, request.form.get("take", "")
    where = url_for("casework.show", customer_id=customer_id, case_id=case_id, _anchor="write")
    if take == "theirs":
        return redirect(where, 303)
    try:
        with db.transaction() as session:
            owner = profiles.resolve(session, customer_id)
            kept = cases.keep_draft(
                session, owner, case_id, request.form.get("kind", "agent"), request.form.get("text", ""), actor=current_actor(),
                now=request_now(), seen=None if take else _draft_seen(), saving=_saving(),
            )  # fmt: skip
    except Invalid as refused:
        wrong = str(refused)
    except Conflict as refused:
        if "draft" not in refused.extra:
            raise
        other = refused.extra["draft"] or {"text": "", "saved_at": None}
    if wants_fragment() or request.form.get("quiet"):
        more: dict[str, Any] = {"draft_seen": request.form.get("draft_seen", "0")} if other or wrong else {}
        return page(
            "casework/draft.html", status=409 if other else 422 if wrong else 200, draft=kept, draft_wrong=wrong, draft_other=other,
            draft_to=url_for(".draft", customer_id=customer_id, case_id=case_id), **more,
        )  # fmt: skip
    return redirect(where, 303)


def _saving() -> str | None:
    """What was on its way to be kept as the page was left; None where nothing was."""
    return request.form.get("saving")


def _draft_seen() -> int | None:
    """Upon which version of the draft was written; None where the form does not say."""
    text = request.form.get("draft_seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@bp.post(f"{ONE}/assignment")
@requires(Permission.WORK_CASES)
def assign(customer_id: UUID, case_id: UUID) -> Response:
    """To me, to a colleague, to nobody in person; to a team."""
    whom = request.form.get("to", "")

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        me = (UUID(actor.id), actor.name)
        found = me if whom == "me" else next((one for one in cases.workers(session) if str(one[0]) == whom), None)
        if whom and found is None:
            raise Invalid("Choose somebody who works cases.", {"to": "Choose somebody who works cases."})
        team = request.form.get("team")
        cases.assign(session, owner, case_id, to=found, team=team, pack=pack, seen=seen, actor=actor, now=now)
        return (
            "The case is yours" if found == me else f"The case is {found[1]}'s" if found else "Nobody has the case now"
        )

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/classification")
@requires(Permission.WORK_CASES)
def classify(customer_id: UUID, case_id: UUID) -> Response:
    form = request.form

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        tags = form["tags"].replace(",", " ").split() if "tags" in form else None
        cases.classify(
            session, owner, case_id, type=form.get("type", ""), priority=form.get("priority", ""), tags=tags, pack=pack,
            seen=seen, actor=actor, now=now,
        )  # fmt: skip
        return "Changed"

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/waiting")
@requires(Permission.WORK_CASES)
def wait(customer_id: UUID, case_id: UUID) -> Response:
    """It waits for somebody, its clock stopped; or sleeps until a day, its clock running."""
    on = request.form.get("on", "")

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        until = _until(pack, now)
        if on == "sleep":
            if until is None:
                raise Invalid("Choose a day.", {"until": "Choose a day."})
            cases.snooze(session, owner, case_id, until=until, pack=pack, seen=seen, actor=actor, now=now)
            return "Put off"
        cases.pend(session, owner, case_id, on=on, until=until, pack=pack, seen=seen, actor=actor, now=now)
        return "The case waits; its clock stands still"

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/opening")
@requires(Permission.WORK_CASES)
def open_again(customer_id: UUID, case_id: UUID) -> Response:
    """A case that waits, sleeps or was resolved is open again."""

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        work = cases.work_of(session, owner, case_id)
        how = cases.go_on if work.is_active else cases.reopen
        how(session, owner, case_id, pack=pack, seen=seen, actor=actor, now=now)
        return "The case is open again"

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/resolution")
@requires(Permission.WORK_CASES)
def resolve(customer_id: UUID, case_id: UUID) -> Response:
    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        casework.resolve(
            session, owner, case_id, outcome=request.form.get("outcome", ""), seen=seen, channel=DESK_CHANNEL, actor=actor, now=now
        )  # fmt: skip
        return "Resolved"

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/end")
@requires(Permission.WORK_CASES)
def close(customer_id: UUID, case_id: UUID) -> Response:
    """A resolved case is over for good."""

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        cases.close(session, owner, case_id, seen=seen, actor=actor, now=now)
        return "Closed"

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/canned")
@requires(Permission.WORK_CASES)
def canned(customer_id: UUID, case_id: UUID) -> Response:
    """Puts a canned reply, filled in, after what is being written: kept as the draft, to be read before it is sent."""
    try:
        with db.transaction() as session:
            owner = profiles.resolve(session, customer_id)
            pack = catalogues.pack_in_force(session)
            text = casework.canned(session, owner, case_id, request.form.get("reply", ""), pack, current_actor())
            written = request.form.get("text", "").strip()
            cases.keep_draft(
                session, owner, case_id, "agent", f"{written}\n\n{text}" if written else text, actor=current_actor(),
                now=request_now(),
            )  # fmt: skip
    except NotFound:
        wrong = "Choose one of the canned replies."
        return page_of(customer_id, case_id, 422, errors={"reply": wrong}, wrong=wrong, typed=request.form)
    except Invalid as refused:
        return page_of(customer_id, case_id, 422, errors=refused.errors, wrong=str(refused), typed=request.form)
    return redirect(url_for("casework.show", customer_id=owner, case_id=case_id, _anchor="write"), 303)


@bp.post(f"{ONE}/macro")
@requires(Permission.WORK_CASES)
def macro(customer_id: UUID, case_id: UUID) -> Response:
    """Several acts at once, as the pack says: all of them, or none."""

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        label = casework.run_macro(
            session, owner, case_id, request.form.get("macro", ""), pack=pack, seen=seen, reply_channel=REPLY_CHANNEL,
            channel=DESK_CHANNEL, actor=actor, now=now,
        )  # fmt: skip
        return f"Done: {label}"

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/links")
@requires(Permission.WORK_CASES)
def join(customer_id: UUID, case_id: UUID) -> Response:
    """This case and another of the customer's: linked, no longer linked, or made one."""
    how = request.form.get("how", "link")

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        other = _id("other")
        if how == "merge":
            cases.merge(session, owner, case_id, other, seen=seen, actor=actor, now=now)
            return "The two are one case now"
        how_to = cases.unlink if how == "unlink" else cases.link
        how_to(session, owner, case_id, other, seen=seen, actor=actor, now=now)
        return "No longer linked" if how == "unlink" else "Linked"

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/parting")
@requires(Permission.WORK_CASES)
def unmerge(customer_id: UUID, case_id: UUID) -> Response:
    """What became part of another case stands by itself again."""

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        cases.unmerge(session, owner, case_id, pack=pack, seen=seen, actor=actor, now=now)
        return "The case stands by itself again"

    return act_on(customer_id, case_id, act)


@bp.post(f"{ONE}/split")
@requires(Permission.WORK_CASES)
def split(customer_id: UUID, case_id: UUID) -> Response:
    """A case of its own with the messages that were chosen; its page follows."""
    made: list[UUID] = []

    def act(session: db.Session, owner: UUID, pack: Pack, actor: Actor, now: datetime, seen: int | None) -> str:
        chosen = [found for text in request.form.getlist("message") if (found := _uuid(text)) is not None]
        files = [found for text in request.form.getlist("file") if (found := _uuid(text)) is not None]
        case = cases.split(
            session, owner, case_id, chosen, request.form.get("subject", ""), pack=pack, seen=seen, actor=actor, now=now,
            home=current_app.extensions["evenhand_home"], file_ids=files,
        )  # fmt: skip
        made.append(case.case_id)
        return "A case of its own"

    answer = act_on(customer_id, case_id, act)
    if answer.status_code == 303 and made:
        return redirect(url_for("casework.show", customer_id=customer_id, case_id=made[0]), 303)
    return answer


def _id(name: str) -> UUID:
    found = _uuid(request.form.get(name, ""))
    if found is None:
        raise Invalid("Choose another case.", {name: "Choose another case."})
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def act_on(customer_id: UUID, case_id: UUID, act: Act) -> Response:
    """Does it upon what was seen. Refused, the page comes back as things are now, with all that was typed."""
    try:
        with db.transaction() as session:
            owner = profiles.resolve(session, customer_id)
            pack = catalogues.pack_in_force(session)
            said = act(session, owner, pack, current_actor(), request_now(), _seen())
    except Invalid as wrong:
        return page_of(customer_id, case_id, 422, errors=wrong.errors, wrong=str(wrong), typed=request.form)
    except Conflict as refused:
        return page_of(customer_id, case_id, 409, refused=refused, typed=request.form)
    tell("good", said)
    return redirect(url_for("casework.show", customer_id=owner, case_id=case_id), 303)


def page_of(customer_id: UUID, case_id: UUID, status: int = 200, *, block: str | None = None, **more: Any) -> Response:
    """The case's page, or a block of it; for a callback or an appointment, the customer's, where it is dealt with."""
    found = casework.case_page(customer_id, case_id, current_actor(), request_now())
    if found is None:
        return redirect(url_for("customers.show", customer_id=customer_id), 303)
    g.looked_at = found.profile.customer_id
    speak_of(found.zone)
    context = {"errors": {}, "typed": {}, "wrong": "", "refused": None} | more
    return page(TEMPLATE, block, status=status, it=found, me_id=current_actor().id, **context)


def _new(customer_id: UUID, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    with db.reading() as session:
        profile = profiles.profile(session, customer_id)
        pack = catalogues.pack_in_force(session)
    g.looked_at = profile.customer_id
    return page(
        "casework/new.html", status=status, profile=profile, casework=pack.casework, errors=errors or {}, typed=request.form
    )  # fmt: skip


def _seen() -> int | None:
    """The version of the case that the form was drawn from. Raises Invalid where it is none."""
    text = request.form.get("seen", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("Please open this page again.", {"": "Please open this page again."})
    return int(text)


def _until(pack: Pack, now: datetime) -> datetime | None:
    """The morning of the day that was chosen. Raises Invalid for what is no day, or not ahead."""
    text = request.form.get("until", "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        if not 2000 < day.year < 2200:
            raise ValueError(text)
        return casework.morning(pack, now, day=day)
    except ValueError:
        raise Invalid("Choose a day, as in 2026-12-31.", {"until": "Choose a day, as in 2026-12-31."}) from None
