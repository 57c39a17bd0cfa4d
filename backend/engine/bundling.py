"""Bundles: several treatments as one offer, whose one act does what each of its parts promises, all of it or nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from backend.engine.catalogue import Fulfilment, Treatment
from backend.rules.service import Context, RuleFailed

WORK = ("booking", "callback", "case")
"""Fulfilments that open a piece of work for somebody of ours."""
LONGEST_WORK = 200
"""So many characters say what the work is."""


def members_of(t: Treatment, treatments: Mapping[str, Treatment]) -> tuple[Treatment, ...]:
    """The treatments that a bundle is made of, in its order; none for what is no bundle."""
    return tuple(treatments[key] for key in t.bundle if key in treatments)


def work_of(t: Treatment, parts: Sequence[Treatment]) -> str:
    """What somebody of ours has to do for it, and for each of its parts: one piece of work, closed or called off as one."""
    own = t.fulfilment.what or t.name
    return f"{own}: {'; '.join(part.fulfilment.what or part.name for part in parts)}" if parts else own


def left_out(bundle: Treatment, part: Treatment) -> Iterator[str]:
    """What a customer who takes the bundle would miss of this part."""
    whole, act = bundle.fulfilment, part.fulfilment
    if whole.kind != act.kind:
        yield f"{part.key} is fulfilled by a {act.kind}, the bundle by a {whole.kind}: one of them would not be done"
        return
    changed = _changed(whole)
    if missing := sorted(_changed(act) - changed):
        yield f"its fulfilment leaves out {', '.join(missing)}, which {part.key} changes"
    for key, value in act.set.items():
        if key in changed and whole.set.get(key) != value:
            yield f"its fulfilment does not set {key} to {value!r}, as {part.key} does"
    if whole.undo_days < act.undo_days:
        yield f"{part.key} may be taken back for {act.undo_days} days, the bundle for {whole.undo_days}"
    if act.kind == "booking" and whole.lead_days < act.lead_days:
        yield f"{part.key} needs {act.lead_days} working days, the bundle's appointment is after {whole.lead_days}"
    if part.concession and not bundle.concession:
        yield f"{part.key} is a concession: the bundle must be one, or it would pass by its cap"
    if spent := sorted({use.budget for use in part.use} - {use.budget for use in bundle.use}):
        yield f"{part.key} takes of {', '.join(spent)}, the bundle does not"
    if before := sorted(set(part.requires) - set(bundle.requires)):
        yield f"{part.key} comes after {', '.join(before)}, the bundle does not"
    if unasked := sorted({one.key for one in part.input} - {one.key for one in bundle.input}):
        yield f"{part.key} asks for {', '.join(unasked)} with the acceptance, the bundle does not"
    if part.follows is not None and part.follows != bundle.follows:
        yield f"{part.key} follows {part.follows.after}, the bundle does not at the same time"


def short_of(bundle: Treatment, parts: Sequence[Treatment]) -> Iterator[str]:
    """Where the bundle gives less money than its parts together, or takes more, as far as the figures are fixed."""
    if bundle.fulfilment.kind == "credit":
        given, promised = _fixed(bundle, bundle.fulfilment.term), _sum(_fixed(p, p.fulfilment.term) for p in parts)
        if given is not None and promised is not None and given < promised - 1e-9:
            yield f"it gives {given:g}, its parts together {promised:g}"
    for key in sorted({key for p in parts for key in (*p.fulfilment.more, *p.fulfilment.less)}):
        own, together = _taken_off(bundle, key), _sum(_taken_off(part, key) for part in parts)
        if own is not None and together is not None and own < together - 1e-9:
            yield f"it changes {key} by {-own:+g}, its parts together by {-together:+g}: as a bundle it would be dearer"


def _changed(act: Fulfilment) -> set[str]:
    return {*act.set, *act.becomes, *act.more, *act.less}


def _taken_off(t: Treatment, key: str) -> float | None:
    """By how much it lowers an amount; None where that depends on the customer."""
    act = t.fulfilment
    if key in act.becomes or key in act.set:
        return None
    if key in act.less:
        return _fixed(t, act.less[key])
    added = _fixed(t, act.more[key]) if key in act.more else 0.0
    return None if added is None else -added


def _fixed(t: Treatment, key: str) -> float | None:
    """The value of a term that is the same for everybody, in major units."""
    term = next((one for one in t.term if one.key == key), None)
    if term is None or term.unit != "money" or term.value.names:
        return None
    try:
        return term.value.number(Context({}))
    except RuleFailed:
        return None


def _sum(figures: Iterator[float | None]) -> float | None:
    found = list(figures)
    known = [figure for figure in found if figure is not None]
    return sum(known) if len(known) == len(found) else None
