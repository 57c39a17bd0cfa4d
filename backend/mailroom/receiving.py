"""What comes in by e-mail: an answer goes into its case, all else opens one; nobody unknown, and no machine, opens any.

The sender's address says who they are: the mail server before this one is the one to refuse forged senders.
"""

from __future__ import annotations

import contextlib
import logging
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlmodel import Session

from backend import db
from backend.cases import service as cases
from backend.cases.types import Case
from backend.catalogue import service as catalogues
from backend.mail import service as mail
from backend.mail.service import Received
from backend.mail.types import ReceivedState
from backend.mailroom import waiting
from backend.mailroom.reading import Letter, new_subject, read
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from shared.kernel import ids
from shared.kernel.actors import SYSTEM, Actor
from shared.kernel.errors import Conflict, Invalid, NotFound

CHANNEL = "email"
LARGEST = 35 * 1024 * 1024
"""A mail of more bytes is refused at the door."""
LONGEST_TEXT = 9_500
MOST_AN_HOUR = 30
"""More from one address within an hour open and answer nothing by themselves: somebody looks at them first."""
_ATTEMPTS = 4
_log = logging.getLogger("evenhand.mail")


def receive(content: bytes, *, home: Path, mail_from: str, now: datetime, envelope_from: str | None = None) -> Received:
    """Files the mail, each once however often it comes, and gives what became of it. Opens its own transactions.

    Raises Unavailable where the database does not answer: then nothing was done, and sending it again is right.
    """
    letter = read(content, envelope_from)
    key = mail.key_of(letter.name, content)
    for _ in range(_ATTEMPTS - 1):
        with contextlib.suppress(Conflict):
            return _receive(letter, key, content, home, mail_from, now)
    return _receive(letter, key, content, home, mail_from, now)


def take(session: Session, mail_id: UUID, customer_id: UUID, *, home: Path, actor: Actor, now: datetime) -> Case:
    """Somebody says whose a waiting mail is: it opens a case of theirs. Raises NotFound, Conflict."""
    kept = mail.one_unrecognised(session, mail_id)
    owner = profiles.resolve(session, customer_id)
    letter = read(waiting.content_of(home, kept.place))
    pack = catalogues.pack_in_force(session)
    case, part_id = open_for(
        session, owner, letter, pack, home, now, f"Mail from {kept.sender}, given to this customer by {actor.name}."
    )
    mail.settle(
        session,
        mail_id,
        {"state": "filed", "customer_id": owner, "case_id": case.case_id, "part_id": part_id},
        actor.name,
    )
    return case


def drop(session: Session, mail_id: UUID, *, actor: Actor) -> str:
    """Nobody wants this mail; gives the place where it stands whole, to be removed once this counts. Raises NotFound, Conflict."""
    kept = mail.one_unrecognised(session, mail_id)
    mail.settle(session, mail_id, {"state": "dropped", "quoted": "", "subject": "", "name": ""}, actor.name)
    return kept.place


def _receive(letter: Letter, key: str, content: bytes, home: Path, mail_from: str, now: datetime) -> Received:
    with db.transaction() as session:
        known = mail.known(session, key)
        if known is not None:
            return known
        if letter.bounced or letter.automatic or letter.sender == mail.address_of(mail_from):
            filed = _automatic(session, letter, now)
        else:
            filed = _file(session, letter, content, home, now)
        mail.keep(session, key, filed)
    _log.info("mail came in: %s", filed.state)
    return filed


def _automatic(session: Session, letter: Letter, now: datetime) -> Received:
    """Neither opens nor answers anything; what came back is marked so."""
    whose: UUID | None = None
    for sent in mail.find_sent(session, letter.bounced):
        whose = sent.customer_id
        if mail.bounced(session, sent, letter.bounce_why, now):
            waiting.tell_refused(session, sent, letter.bounce_why, now)
    why = "a mail of ours came back" if letter.bounced else letter.automatic or "a mail of our own"
    return row_of(letter, now, state="automatic", why=why, customer_id=whose)


def _file(session: Session, letter: Letter, content: bytes, home: Path, now: datetime) -> Received:
    owner = owner_of(session, letter.sender)
    doubt = letter.doubtful
    if not doubt and mail.came_from(session, letter.sender, now - timedelta(hours=1)) >= MOST_AN_HOUR:
        doubt = "very many mails came from this address within an hour"
    if owner is None or doubt:
        why = doubt or ("nobody is known by this address" if letter.sender else "it names no sender")
        place = waiting.keep(home, content)
        return row_of(
            letter,
            now,
            state="unrecognised",
            why=why,
            text=letter.text[:LONGEST_TEXT],
            quoted=letter.quoted,
            place=place,
        )
    pack = catalogues.pack_in_force(session)
    found, why = _case_of(session, owner, letter)
    if found is not None:
        work = cases.work_of(session, owner, found)
        if work.merged_into is not None:
            work = cases.work_of(session, owner, work.merged_into)
        if work.status != "closed":
            message = _write(session, owner, found, letter, pack, home, now)
            return row_of(
                letter,
                now,
                state="filed",
                customer_id=owner,
                case_id=message[0],
                part_id=message[1],
                quoted=letter.quoted,
            )
        why = "It continues a case that is closed."
    case, part_id = open_for(session, owner, letter, pack, home, now, why)
    if found is not None:
        cases.link(session, owner, case.case_id, found, seen=None, actor=SYSTEM, now=now)
    return row_of(
        letter,
        now,
        state="filed",
        why=why,
        customer_id=owner,
        case_id=case.case_id,
        part_id=part_id,
        quoted=letter.quoted,
    )


def owner_of(session: Session, sender: str) -> UUID | None:
    owner = profiles.owner(session, "email", sender) if sender else None
    with contextlib.suppress(NotFound):
        return profiles.resolve(session, owner) if owner is not None else None
    return None


def _case_of(session: Session, owner: UUID, letter: Letter) -> tuple[UUID | None, str]:
    """The case of this customer that the mail answers: by what it answers, else by the reference; or why there is none."""
    named = mail.mails_named(" ".join(letter.thread))
    places: list[tuple[UUID | None, UUID | None]] = [
        (one.customer_id, one.about_id) for one in mail.find_sent(session, named) if one.purpose == "case"
    ]
    places += [(one.customer_id, one.case_id) for one in mail.received_by_names(session, letter.thread)]
    if letter.reference:
        places += [(hit.customer_id, hit.target) for hit in waiting.cases_of(session, letter.reference)]
    for customer_id, case_id in places:
        if customer_id == owner and case_id is not None and _is_case(session, owner, case_id):
            return case_id, ""
    if places:
        return None, "It answers something of another customer's, so it is a case of its own."
    return None, f"It names {letter.reference}, which is no case of theirs." if letter.reference else ""


def _is_case(session: Session, owner: UUID, case_id: UUID) -> bool:
    try:
        return cases.case_of(session, owner, case_id).kind == "case"
    except NotFound:
        return False


def open_for(
    session: Session, owner: UUID, letter: Letter, pack: Pack, home: Path, now: datetime, why: str
) -> tuple[Case, UUID]:
    """A case with the mail as its first message, and that message's id."""
    actor = _as_customer(session, owner)
    case = cases.open_case(
        session, owner, "case", new_subject(letter.subject), actor=actor, now=now, channel=CHANNEL, pack=pack
    )
    text, rest = _cut(letter)
    cases.first_message(session, owner, case, text, said_by=actor.name, channel=CHANNEL, actor=actor, now=now)
    part_id = cases.messages(session, owner, case.case_id, notes=False)[-1].message_id
    if why:
        cases.note(session, owner, case.case_id, why, seen=None, actor=SYSTEM, now=now)
    _attach(session, owner, case.case_id, part_id, letter, rest, pack, home, actor, now)
    return case, part_id


def _write(
    session: Session, owner: UUID, case_id: UUID, letter: Letter, pack: Pack, home: Path, now: datetime
) -> tuple[UUID, UUID]:
    """The case in which it was written, and the message's id. A case that waited or was resolved is open again by it."""
    actor = _as_customer(session, owner)
    text, rest = _cut(letter)
    made = cases.write(session, owner, case_id, text, channel=CHANNEL, pack=pack, actor=actor, now=now)
    _attach(session, owner, made.case_id, made.message_id, letter, rest, pack, home, actor, now)
    return made.case_id, made.message_id


def _cut(letter: Letter) -> tuple[str, bytes]:
    """What stands in the case, and the whole text as a file where that is not all of it."""
    text = letter.text or ("(Only files.)" if letter.files else "(No text.)")
    if len(text) <= LONGEST_TEXT:
        return text, b""
    return f"{text[:LONGEST_TEXT].rstrip()} […]\n\n(The whole text is attached.)", letter.text.encode(
        "utf-8", "replace"
    )


def _attach(
    session: Session, owner: UUID, case_id: UUID, message_id: UUID, letter: Letter, rest: bytes, pack: Pack, home: Path, actor: Actor,
    now: datetime,
) -> None:  # fmt: skip
    """Keeps the files that pass the same checks as uploads; what does not is named in a note."""
    refused = []
    most = pack.casework.attachment_megabytes
    files = [(one.name, one.content) for one in letter.files] + ([("whole text.txt", rest)] if rest else [])
    for name, content in files:
        try:
            cases.attach(
                session, owner, case_id, name, content, home=home, most_megabytes=most, seen=None, actor=actor, now=now,
                channel=CHANNEL, message_id=message_id,
            )  # fmt: skip
        except Invalid as wrong:
            refused.append(f"{name[:120]}: {wrong}")
    if refused:
        text = "Files that were not taken:\n" + "\n".join(refused[:20])
        cases.note(session, owner, case_id, text, seen=None, actor=SYSTEM, now=now)


def _as_customer(session: Session, owner: UUID) -> Actor:
    return Actor("customer", str(owner), profiles.profile(session, owner).name, customer_id=owner)


def row_of(
    letter: Letter, now: datetime, *, state: ReceivedState, why: str = "", customer_id: UUID | None = None, text: str = "",
    quoted: str = "", case_id: UUID | None = None, part_id: UUID | None = None, place: str = "",
) -> Received:  # fmt: skip
    return Received(
        mail_id=ids.uuid7(now), message_name=letter.name, customer_id=customer_id, state=state, why=why, sender=letter.sender,
        name=letter.sender_name, subject=letter.subject[:300], text=text, quoted=quoted, case_id=case_id, part_id=part_id,
        place=place, at=now,
    )  # fmt: skip
