"""What of a pack customers read, and what of it is not yet said in the languages that the pack offers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from backend.engine.catalogue import Treatment, read_treatments
from backend.matrix import service as matrix
from backend.matrix.service import Pack, PackError, Problem, Source
from shared.kernel.languages import base

_WORD = re.compile(r'"([^"\\]+)"')
"""A word of a rule: a text term is often one of a few."""


def customer_texts(pack: Pack, treatments: Iterable[Treatment]) -> dict[str, str]:
    """Every text of the pack that a customer may read, as it is written, with the place where it stands first."""
    found: dict[str, str] = {}
    for place, text in (*_of_pack(pack), *(pair for t in treatments for pair in _of_treatment(t))):
        if text.strip():
            found.setdefault(text, place)
    return found


def _of_treatment(t: Treatment) -> Iterator[tuple[str, str]]:
    where = f"{t.key}."
    if t.portal:
        yield from ((f"{where}portal", text) for text in (t.portal.headline, t.portal.body, t.portal.accept))
    else:
        yield f"{where}name", t.name
    if t.everyone:
        yield from ((f"{where}everyone", text) for text in (t.everyone.headline, t.everyone.body))
    for channel in ("sms", "email", "chat", "branch"):
        yield f"{where}{channel}", t.rendered_text(channel) or ""
    for term in t.term:
        yield f"{where}term", term.label
        if term.unit == "text":
            yield from ((f"{where}term", word) for word in _WORD.findall(term.value.text))
    yield from ((f"{where}reason", reason.customer) for reason in t.reason)
    for one in t.input:
        yield from ((f"{where}input", text) for text in (one.label, one.hint, *(o.label for o in one.option)))
    yield f"{where}fulfilment", t.fulfilment.promise
    yield f"{where}fulfilment", t.fulfilment.what


def _of_pack(pack: Pack) -> Iterator[tuple[str, str]]:
    yield from (("intents", intent.choice) for intent in pack.intents.values())
    yield from (("channel", channel.label) for channel in pack.channels)
    for purpose in pack.purposes:
        yield from (("purpose", text) for text in (purpose.label, purpose.wording))
    for told in pack.disclosures:
        yield from (("disclosure", text) for text in (told.label, told.wording))
    yield from (("acknowledgement", one.customer) for one in pack.acknowledgements.values())
    for service in pack.services:
        loses = service.ending.loses if service.ending else ""
        yield from (("services", text) for text in (service.label, *service.values.values(), loses))
    for kind in pack.usage:
        yield from (("services", text) for text in (kind.label, kind.unit))
    if pack.leaving is not None:
        reasons = (one.choice for one in pack.leaving.reason)
        yield from (("services", text) for text in (pack.leaving.label, *pack.leaving.loses, *reasons))
    attributes = [*pack.attributes.values(), *(a for kind in pack.holdings for a in kind.attribute)]
    for attribute in attributes:
        if "customer" in attribute.visible:
            yield from (("attributes", text) for text in (attribute.label, *attribute.choices))
    yield from (("holdings", kind.label) for kind in pack.holdings)
    yield from (("cases", text) for kind in pack.casework.case_type for text in (kind.label, kind.own))
    # What a canned reply or a macro writes goes out in the customer's own language.
    yield from (("canned_reply", reply.text) for reply in pack.casework.canned_reply)
    yield from (("macro", macro.outcome) for macro in pack.casework.macro)
    yield from (("stage", stage.own) for stage in pack.stages)
    yield from (("decline_reason", reason.own) for reason in pack.decline_reasons)
    yield from (("kept", one.ground) for one in pack.kept)
    for question in pack.verifying.asked_of("claim"):
        yield from (("verifying", text) for text in (question.label, question.hint))
    yield from (("record_words", text) for text in pack.record_words)
    for event in pack.tracking.event:
        yield "events", event.own


def check_sentences(pack: Pack) -> Iterator[tuple[str, str]]:
    """What is wrong with the translations that are there: (file, message)."""
    for language, sentences in pack.sentences.items():
        for english, said in sentences.items():
            if set(matrix.VARIABLE.findall(english)) != set(matrix.VARIABLE.findall(said)):
                yield f"languages/{language}.po", f"other placeholders than in the text that it translates: {english}"


def unfit_texts(texts: Mapping[str, str]) -> list[Problem]:
    """Texts that are hard to read, texts without translation in a language that is offered, and translations of what nobody says.

    Nothing of it keeps a pack from being published.
    """
    try:
        pack = matrix.pack_from(matrix.body_of(texts))
        treatments = read_treatments(pack)
    except PackError:
        return []
    source, wanted = Source.of(texts), customer_texts(pack, treatments)
    found = [
        Problem("pack.toml", 1, place, f"{why}: {text}")
        for text, place in wanted.items()
        if (why := matrix.too_hard(text, base(pack.language)))
    ]
    for language in dict.fromkeys(base(tag) for tag in pack.offered if base(tag) != base(pack.language)):
        file, sentences = f"languages/{language}.po", pack.sentences.get(language, {})
        missing = ((text, place) for text, place in wanted.items() if text not in sentences)
        found += [Problem(file, 1, place, f"not translated: {text}") for text, place in missing]
        unsaid = (text for text in sentences if text not in wanted)
        found += [
            Problem(file, _line(source, file, text), "msgid", f"nobody says this any more: {text}") for text in unsaid
        ]
        found += [
            Problem(file, _line(source, file, said), "msgstr", f"{why}: {said}")
            for said in sentences.values()
            if (why := matrix.too_hard(said, language))
        ]
    return found


def _line(source: Source, file: str, text: str) -> int:
    start = text[:40].replace('"', '\\"')
    return next((n for n, line in enumerate(source.texts.get(file, ()), 1) if start in line), 1)
