"""Treatments as somebody may read them who must not see all of the customer.

That a treatment is offered may be seen. What is hidden is not told by its words: where a text would name a hidden value dots
stand, and a reason or a rule that rests on what is hidden is only said to be one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import Session

from backend.engine.catalogue import Reason
from backend.engine.facts import TermValue
from backend.engine.service import Withheld
from backend.interactions import service as interactions
from backend.profiles.service import OPEN, Mask
from backend.treatments.inputs import Inputs
from shared.kernel.actors import Actor

UNSAID = "It depends on something that is masked until the caller is verified, or that your role does not see."


def seen_by(session: Session, inputs: Inputs, viewer: Actor) -> Inputs:
    """The same, to be shown to this viewer."""
    return masked(inputs, interactions.mask_for(session, inputs.profile, inputs.pack, viewer, (inputs.snapshot,)))


def seen_by_anybody(inputs: Inputs) -> Inputs:
    """The same, to be shown to whoever of the staff passes by."""
    return masked(inputs, interactions.mask_for_anybody(inputs.profile, inputs.pack, (inputs.snapshot,)))


def masked(inputs: Inputs, mask: Mask) -> Inputs:
    """The same under this mask."""
    return replace(inputs, mask=mask) if mask is not OPEN else inputs


def sayable(reasons: Iterable[Reason], mask: Mask) -> list[Reason]:
    """Those that may be said as they are: none whose condition looks at what is hidden."""
    return [reason for reason in reasons if not mask.names(reason.when.text)]


def unsaid(reasons: Iterable[Reason], mask: Mask) -> tuple[str, ...]:
    """That there is another reason, where one may not be said."""
    return (UNSAID,) if any(mask.names(reason.when.text) for reason in reasons) else ()


def masked_term(term: TermValue, mask: Mask) -> TermValue:
    """A term in words with dots where it would tell what is hidden; one that is a number is the treatment's own."""
    if not (mask.words and isinstance(term.value, str)):
        return term
    said = mask.text(term.value)
    return term._replace(value=said) if said != term.value else term


def masked_withheld(w: Withheld, mask: Mask) -> Withheld:
    """Why not, unless the reason would tell what is hidden: then that there is such a reason."""
    if not mask.names(w.rule, w.detail, *w.values):
        return w._replace(detail=mask.text(w.detail)) if mask.words and w.detail else w
    return w._replace(rule="masked", detail=UNSAID, values={})
