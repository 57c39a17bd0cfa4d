"""JSON route of ratings: what a customer thought of what was done for them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from backend import db, problems
from backend.catalogue import service as catalogues
from backend.interactions import service as interactions
from backend.overview.api import CustomerPath, bp
from backend.people.service import Permission, current_actor, requires
from backend.profiles import service as profiles

MOST = 100


class RatingSaid(BaseModel):
    """`id` is the case or the offer that it is about; `is_low` as the pack has it."""

    about: Literal["case", "offer"]
    id: str
    score: int = Field(ge=1, le=5)
    words: str
    is_low: bool
    rated_at: datetime
    changed_at: datetime


class RatingsAnswer(BaseModel):
    """The customer's last word on each thing, newest first, a hundred at most."""

    items: list[RatingSaid]
    next_cursor: None = None


@bp.get("/customers/<uuid:customer_id>/ratings", responses={200: RatingsAnswer}, summary="How the customer found it")
@requires(Permission.SEE_CUSTOMER)
def ratings(path: CustomerPath) -> problems.Answer:
    """From 1, very bad, to 5, very good, with their words. What may not be seen of the customer is masked in them."""
    with db.reading() as session:
        profile = profiles.profile(session, path.customer_id)
        found = interactions.ratings_of(session, profile.customer_id, MOST)
        mask = interactions.mask_for(session, profile, catalogues.pack_in_force(session), current_actor())
    items = [
        {
            "about": one.thing, "id": str(one.thing_id), "score": one.score, "words": mask.text(one.words), "is_low": one.is_low,
            "rated_at": one.rated_at, "changed_at": one.changed_at,
        }
        for one in found
    ]  # fmt: skip
    return {"items": items, "next_cursor": None}
