"""Knowledge where it is needed: what fits a customer's moment or a case, put into a reply, sent to the customer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from backend.cases import service as cases
from backend.casework import acts
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.knowledge import service as knowledge
from backend.knowledge.types import Article, FoundArticle
from backend.matrix.service import Pack
from backend.profiles import service as profiles
from backend.profiles.service import Snapshot
from shared.kernel.actors import Actor
from shared.kernel.errors import Conflict, Forbidden
from shared.kernel.languages import gettext

SENT = "article.sent"
SHOWN_FOR = timedelta(days=30)
"""For so long the portal's first page shows what was sent to read."""
MOST = 3


@dataclass(frozen=True, slots=True)
class Suggested:
    """What fits, for whom; `case_id` where it fits a case of theirs. `by_words`: somebody searched for it."""

    customer_id: UUID
    case_id: UUID | None
    found: tuple[FoundArticle, ...]
    may_reply: bool


@dataclass(frozen=True, slots=True)
class SentArticle:
    """Something that we sent the customer to read."""

    title: str
    slug: str
    at: datetime
    by: str


def articles_for_customer(session: Session, customer_id: UUID, now: datetime, query: str = "") -> Suggested:
    """What fits why the customer is here now and what they have; or what somebody looks for. Raises NotFound."""
    profile = profiles.profile(session, customer_id)
    found = _found(session, query)
    if not query.strip():
        pack = catalogues.pack_in_force(session)
        seen = profiles.snapshot(profile, now, pack)
        if seen.stage:
            found = knowledge.suggest(
                session, stage=seen.stage, intent=seen.intent or "", services=_held(seen, pack), language=profile.language, most=MOST
            )  # fmt: skip
    return Suggested(profile.customer_id, None, found, may_reply=False)


def articles_for_case(
    session: Session, customer_id: UUID, case_id: UUID, now: datetime, query: str = ""
) -> Suggested | None:
    """What fits a case by its type and the words of its subject; or what somebody looks for. Raises NotFound.

    None for a callback or an appointment.
    """
    profile = profiles.profile(session, customer_id)
    if cases.case_of(session, profile.customer_id, case_id).kind != "case":
        return None
    work = cases.work_of(session, profile.customer_id, case_id)
    found = _found(session, query)
    if not query.strip():
        case = cases.case_of(session, profile.customer_id, case_id)
        seen = profiles.snapshot(profile, now, catalogues.pack_in_force(session))
        found = knowledge.suggest(
            session, case_type=work.type, subject=case.subject, intent=seen.intent or "", language=profile.language, most=MOST
        )  # fmt: skip
    return Suggested(profile.customer_id, case_id, found, may_reply=work.is_active)


def reply_text(article: Article, address: str) -> str:
    """The article in plain words, as it may stand in a letter; with its address, where customers may read it there."""
    text = knowledge.plain_of(article.writing.text)
    return f"{text}\n\nRead it at any time: {address}" if article.is_public else text


def send_article(
    session: Session, customer_id: UUID, case_id: UUID | None, article_id: UUID, *, address: str, channel: str, seen: int | None,
    actor: Actor, now: datetime,
) -> Article:  # fmt: skip
    """Sends a public article: as an answer in a case, else for the customer's first page. Raises NotFound, and Conflict for one that is for colleagues alone."""
    article = knowledge.article(session, article_id)
    if not article.is_public:
        raise Conflict("This article is for colleagues alone: it is not sent.")
    customer_id = profiles.resolve(session, customer_id)
    if case_id is not None:
        text = f"{article.title}\n\n{reply_text(article, address)}"
        acts.answer(
            session, customer_id, case_id, text, then="open", wait_days=None, seen=seen, channel=channel, actor=actor, now=now
        )  # fmt: skip
        return article
    told = {"article_id": str(article_id), "slug": article.slug, "title": article.title, "version": article.version}
    interactions.record(session, customer_id, SENT, channel, actor, told, now)
    return article


def sent_articles(session: Session, actor: Actor, now: datetime) -> tuple[SentArticle, ...]:
    """What was sent to this customer lately, newest first, each once; what was taken out of use is left out."""
    if actor.customer_id is None:
        raise Forbidden(gettext("This page is for customers."))
    events = interactions.timeline(session, actor.customer_id, kinds=frozenset({SENT}), limit=10).items
    fresh = [event for event in events if now - event.at < SHOWN_FOR]
    there = {one.slug for one in knowledge.listed(session, public_only=True, limit=100).items} if fresh else set()
    latest = {event.data["slug"]: event for event in reversed(fresh) if event.data["slug"] in there}
    lines = [SentArticle(str(e.data["title"]), slug, e.at, e.actor_name or "") for slug, e in latest.items()]
    return tuple(sorted(lines, key=lambda one: one.at, reverse=True)[:MOST])


def _found(session: Session, query: str) -> tuple[FoundArticle, ...]:
    return knowledge.search(session, query, public_only=False, limit=MOST * 2) if query.strip() else ()


def _held(seen: Snapshot, pack: Pack) -> frozenset[str]:
    """The services that the customer has, by key."""
    values = {
        key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in seen.attributes.items()
    }
    return frozenset(one.key for one in pack.services if values.get(one.attribute) in one.values)
