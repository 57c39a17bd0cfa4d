"""What a treatment is called before a customer to whom it was not offered: there are no terms of theirs to fill in. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from backend.engine.catalogue import Treatment
from backend.engine.facts import TermValue
from backend.engine.service import PLACEHOLDER, Words, fill, frozen
from backend.matrix.service import Pack
from backend.profiles.service import Snapshot
from shared.kernel import money
from shared.kernel.languages import spoken


def called(t: Treatment, pack: Pack, snapshot: Snapshot) -> str:
    """Its headline in the language that is spoken, with the terms that are the same for everyone.

    What differs from customer to customer says nothing of an offer that was never made: there it is its own name or, for those
    who don't read the house's language, what its button says, which is written for customers.
    """
    if t.everyone is not None:
        return pack.said(t.everyone.headline)
    if t.portal is None:
        return t.name
    said, terms = pack.said(t.portal.headline), tuple(_same_for_all(t, pack))
    if set(PLACEHOLDER.findall(said)) <= {term.key for term in terms}:
        return fill(said, Words(snapshot, pack, "", terms))
    return t.name if spoken() == pack.language else pack.said(t.portal.accept)


def _same_for_all(t: Treatment, pack: Pack) -> Iterator[TermValue]:
    for term in t.term:
        try:
            value = json.loads(term.value.text)
        except ValueError:
            continue  # an expression, worked out for each customer
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            yield frozen(term, value, money.exponent(pack.currency))
