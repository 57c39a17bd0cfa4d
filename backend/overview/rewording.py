"""What the pack said once, with its blanks filled in, said again in another language. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from backend.matrix.service import Pack
from shared.kernel.languages import base, spoken

_BLANK = re.compile(r"\{([a-z_0-9]+)\}")
Template = tuple[str, re.Pattern[str], str]


def said_again(pack: Pack, text: str) -> str:
    """A text of the pack in the language that is spoken, also one whose blanks were filled in: "Pay $80.00 in three parts".

    What stood in the blanks stays, where it is not itself a text of the pack. What is none of the pack's texts stays as it is.
    """
    tag = base(spoken())
    if tag == base(pack.language) or not text:
        return text
    if (known := pack.said(text)) != text:
        return known
    for start, pattern, said in _templates(pack, tag):
        if text.startswith(start) and (found := pattern.fullmatch(text)):
            return _filled(said, {name: pack.said(words) for name, words in found.groupdict().items()})
    return text


def _filled(said: str, words: Mapping[str, str]) -> str:
    return _BLANK.sub(lambda blank: words[blank.group(1)], said)


def _templates(pack: Pack, tag: str) -> tuple[Template, ...]:
    """How each text begins, what it looks like once it is filled in, and its translation: those with most words of their own first."""
    room = pack.worked_out
    if (_templates, tag) not in room:
        found = [one for english, said in pack.sentences.get(tag, {}).items() for one in _template(english, said)]
        found.sort(key=lambda one: -len(one[0]))
        room[_templates, tag] = tuple(one[1] for one in found)
    known: tuple[Template, ...] = room[_templates, tag]
    return known


def _template(english: str, said: str) -> Iterator[tuple[str, Template]]:
    names = _BLANK.findall(english)
    own = _BLANK.sub("", english)
    # A text that is little more than a blank looks like anything.
    if not names or len(own.split()) < 2 or not set(_BLANK.findall(said)) <= set(names):
        return
    seen: set[str] = set()
    pieces = []
    for nth, piece in enumerate(_BLANK.split(english)):
        if nth % 2 == 0:
            pieces.append(re.escape(piece))
        elif piece in seen:
            pieces.append(f"(?P={piece})")
        else:
            seen.add(piece)
            pieces.append(f"(?P<{piece}>.+?)")
    yield own, (english.split("{", 1)[0], re.compile("".join(pieces), re.DOTALL), said)
