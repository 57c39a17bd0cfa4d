"""How far an agent may go with an offer's terms: as far as the catalogue lets them, and beyond only with an approval. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backend.engine.catalogue import Treatment
from backend.engine.facts import TermValue
from backend.engine.words import term_text
from shared.kernel import money


@dataclass(frozen=True)
class AlterableTerm:
    """A term that an agent may alter, in major units: how far at all, and how far without anybody's approval."""

    key: str
    label: str
    unit: str
    value: float
    low: float | None
    high: float | None
    own_low: float | None
    own_high: float | None
    own_text: str
    """The agent's own authority in words: "$10.00 to $20.00"."""

    @property
    def has_beyond(self) -> bool:
        """Whether there are terms that this agent may ask for, and not give."""
        return (self.own_low, self.own_high) not in ((self.low, self.high), (None, self.high), (self.low, None))


def alterable_terms(
    t: Treatment, terms: Iterable[TermValue], currency: str, language: str, role: str = ""
) -> tuple[AlterableTerm, ...]:
    """The terms of an offer that an agent of the role may alter, as they stand now."""
    scale = {"money": 10.0 ** money.exponent(currency)}
    stored = {term.key: term for term in terms}
    found = []
    for term in t.term:
        held = stored.get(term.key)
        if held is None or not term.alterable or isinstance(held.value, str):
            continue
        by = scale.get(term.unit, 1.0)
        bounds = term.authority_of(role)
        said = [
            "" if b is None else term_text(held._replace(value=round(b * by) if by > 1 else b), currency, language)
            for b in bounds
        ]
        words = f"{said[0]} to {said[1]}" if all(said) else f"at least {said[0]}" if said[0] else f"at most {said[1]}"
        found.append(
            AlterableTerm(
                term.key, term.label, term.unit, held.value / by, term.low, term.high, bounds[0], bounds[1], words
            )
        )
    return tuple(found)
