"""What goes out by e-mail because of what happened: a case's answer, the confirmation of what was accepted by telephone.

It hangs on the events of a transaction, at its end: whoever does the act, in whatever process, the mail is written with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cancelling import service as cancelling
from backend.cases import service as cases
from backend.catalogue import service as catalogues
from backend.engine.service import consented
from backend.interactions import service as interactions
from backend.interactions.service import Event
from backend.mail import service as mail
from backend.mail.service import Enclosure, Received, Sent
from backend.mailroom import letters, receipts
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from backend.treatments import service as treatments
from shared.kernel.errors import Erased, Invalid, NotFound
from shared.kernel.money import Money

CHANNEL = "email"
CONFIRMED = ("phone", "portal")
"""Where an acceptance is confirmed by e-mail: what was said, and what was clicked."""
_ENCLOSED = "files of an answer"


_address_of_portal = ""


def set_up(can_send: bool, address: str = "", texts_at: str = "") -> None:
    """Says for this process whether e-mail is sent at all: answers, confirmations, and the codes by which callers prove themselves.

    `address`: where people reach the portal, for links. `texts_at`: the gateway's domain for text messages.
    """
    global _address_of_portal
    _address_of_portal = address
    mail.set_up(can_send, texts_at)
    if can_send:
        interactions.send_codes_by(mail.post)
    else:
        interactions.stop_sending()


def enclose(session: Session, customer_id: UUID, case_id: UUID, file_ids: Collection[UUID]) -> None:
    """These files of the case go with the answer that is given in this transaction. Raises NotFound for another case's."""
    files = [cases.file_of(session, customer_id, case_id, file_id) for file_id in file_ids]
    session.info[_ENCLOSED] = [Enclosure(one.name, one.media_type, one.place) for one in files]


def address_for(session: Session, customer_id: UUID, case_ids: Collection[UUID], pack: Pack) -> str:
    """Where an answer in these cases is sent by e-mail: where they last wrote from, else their own address; empty for nowhere.

    Who wrote by e-mail is answered so. Others are, unless they do not want to be written to about the service that they have.
    """
    profile = profiles.profile(session, customer_id)
    return _address(session, profile, mail.received_in(session, customer_id, case_ids), pack)


def _address(session: Session, profile: Profile, came: Sequence[Received], pack: Pack) -> str:
    known = profiles.owners(session, "email", {one.sender for one in came})
    theirs = [one.sender for one in came if known.get(one.sender) == profile.customer_id]
    return theirs[-1] if theirs else own_address(profile, pack)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a case's page tells of its mail. `to`: where the next answer is sent; empty for nowhere, or where nothing is."""

    to: str
    sent: Mapping[UUID, Sent]
    """By the message that it brought to the customer."""
    came: Mapping[UUID, Received]
    """By the message that stands in the case."""


def shown(session: Session, profile: Profile, case_ids: Collection[UUID], pack: Pack) -> Shown:
    """The mail of these cases of one customer."""
    came = mail.received_in(session, profile.customer_id, case_ids)
    return Shown(
        _address(session, profile, came, pack) if mail.is_set_up() else "",
        {one.part_id: one for one in mail.sent_about(session, profile.customer_id, case_ids) if one.part_id},
        {one.part_id: one for one in came if one.part_id},
    )


def own_address(profile: Profile, pack: Pack) -> str:
    """The customer's own address, where they may be written to about the service that they have; else empty."""
    states = {f"{c.purpose}/{c.channel}": c.state for c in profile.consents}
    ours = [one for one in pack.purposes if not one.needed and (not one.channels or CHANNEL in one.channels)]
    allowed = not ours or any(consented(states, pack, one.key, CHANNEL) for one in ours)
    address = (profile.email or "").strip()
    return address if allowed and mail.is_address(address) else ""


def write_mail(session: Session) -> None:
    """Writes the mails that follow from what happened in this transaction, each once."""
    happened: Iterable[Event] = session.info.pop(interactions.RECORDED, ())
    files = session.info.pop(_ENCLOSED, ())
    if not mail.is_set_up():
        return
    for event in happened:
        try:
            if event.kind == "case.answered":
                _answer(session, event, files)
            elif event.kind in ("offer.accepted", "offer.approved"):
                _confirm(session, event)
            elif event.kind == "offer.undone":
                _undone(session, event)
            elif event.kind == "payment.made" and event.data.get("payment_id"):
                _paid(session, event)
            elif event.kind in ("cancellation.asked", "cancellation.undone"):
                _cancelled(session, event)
        except (NotFound, Erased):
            continue  # gone at the end of the very transaction, or before a catalogue is published


def _answer(session: Session, event: Event, files: Iterable[Enclosure]) -> None:
    customer_id, case_id = event.customer_id, UUID(event.data["case_id"])
    pack = catalogues.pack_in_force(session)
    parts = (case_id, *cases.parts_of(session, customer_id, case_id))
    to = address_for(session, customer_id, parts, pack)
    written = next(
        (
            one
            for one in reversed(cases.messages(session, customer_id, case_id, notes=False))
            if str(one.message_id) == event.data["message_id"]
        ),
        None,
    )
    if not to or written is None:
        return
    case = cases.case_of(session, customer_id, case_id)
    profile = profiles.profile(session, customer_id)
    # Who is told that it is solved is asked how it was.
    rated_at = f"{_address_of_portal}/cases/{case_id}" if case.state == "done" and _address_of_portal else ""
    subject, text = letters.answer(
        profile.language, case.reference, case.subject, written.text, written.author, rated_at
    )
    mail.post(
        session, customer_id=customer_id, to=to, subject=subject, text=text, purpose="case", at=event.at, about_id=case_id,
        part_id=written.message_id, once=f"case:{written.message_id}", reference=case.reference,
        thread=_thread(session, customer_id, parts), files=files,
    )  # fmt: skip


def _thread(session: Session, customer_id: UUID, case_ids: Collection[UUID]) -> list[str]:
    """The Message-IDs of the customer's mails in the case, oldest first: their program shows all of it together."""
    return [one.message_name for one in mail.received_in(session, customer_id, case_ids) if one.message_name]


def _confirm(session: Session, event: Event) -> None:
    offer_id = UUID(event.data["offer_id"])
    line = treatments.as_the_customer_reads_it(session, event.customer_id, offer_id, event.at)
    if line.state not in ("accepted", "fulfilled") or line.channel not in CONFIRMED:
        return
    profile = profiles.profile(session, event.customer_id)
    to = own_address(profile, catalogues.pack_in_force(session))
    if to:
        subject, text = letters.confirmation(profile, line, event.at)
        mail.post(
            session, customer_id=event.customer_id, to=to, subject=subject, text=text, purpose="confirmation", at=event.at,
            about_id=offer_id, once=f"accepted:{event.event_id}", reference=line.reference,
        )  # fmt: skip


def _undone(session: Session, event: Event) -> None:
    """Who was told in writing that it was agreed is told in writing that it no longer is."""
    offer_id = UUID(event.data["offer_id"])
    before = [one for one in mail.sent_about(session, event.customer_id, [offer_id]) if one.purpose == "confirmation"]
    profile = profiles.profile(session, event.customer_id)
    to = own_address(profile, catalogues.pack_in_force(session))
    if before and to:
        line = treatments.as_the_customer_reads_it(session, event.customer_id, offer_id, event.at)
        subject, text = letters.taken_back(profile, line, event.at)
        mail.post(
            session, customer_id=event.customer_id, to=to, subject=subject, text=text, purpose="undone", at=event.at,
            about_id=offer_id, once=f"undone:{event.event_id}", reference=line.reference,
        )  # fmt: skip


def _paid(session: Session, event: Event) -> None:
    data = event.data
    profile = profiles.profile(session, event.customer_id)
    amount = Money(int(data["amount_minor"]), str(data["currency"]))
    subject, text = receipts.paid(
        profile, str(data["bill"]), amount, str(data.get("reference") or data["payment_id"]), event.at
    )
    _confirmed(session, profile, event, UUID(data["payment_id"]), subject, text)


def _cancelled(session: Session, event: Event) -> None:
    about = UUID(event.data["cancellation_id"])
    profile = profiles.profile(session, event.customer_id)
    one = cancelling.cancellation_of(session, event.customer_id, about)
    pack, is_asked = catalogues.pack_in_force(session), event.kind == "cancellation.asked"
    written = receipts.cancelled(profile, one, pack) if is_asked else receipts.stays(profile, one, event.at, pack)
    _confirmed(session, profile, event, about, *written, reference=one.reference)


def _confirmed(
    session: Session, profile: Profile, event: Event, about: UUID, subject: str, text: str, reference: str = ""
) -> None:
    to = own_address(profile, catalogues.pack_in_force(session))
    if to:
        mail.post(
            session, customer_id=event.customer_id, to=to, subject=subject, text=text, purpose="receipt", at=event.at,
            about_id=about, once=f"{event.kind}:{event.event_id}", reference=reference,
        )  # fmt: skip


def require_files(chosen: Collection[str]) -> list[UUID]:
    """The ids of files as a form sends them. Raises Invalid."""
    try:
        return [UUID(one) for one in chosen]
    except ValueError:
        raise Invalid("Choose files of this case.", {"files": "Choose files of this case."}) from None


# Whichever process does the act has these rooms: what is promised in writing is never left to chance.
db.before_commit(write_mail)
