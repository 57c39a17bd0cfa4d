"""What is wrong with what a pack says of speaking with customers: disclosures, and ways of proving who one is."""

from __future__ import annotations

from collections.abc import Iterator

from backend.matrix.types import Pack

Fault = tuple[str, int, str, str]
"""Table of pack.toml, its number, what it is called, and what is wrong."""


def talking_faults(pack: Pack) -> Iterator[Fault]:
    channels = {one.key for one in pack.channels}
    seen: set[str] = set()
    for nth, one in enumerate(pack.disclosures):
        for extra in sorted(set(one.channels) - channels):
            yield "disclosure", nth, one.key, f"{extra} is no channel of the matrix"
        if one.key in seen:
            yield "disclosure", nth, one.key, "stands twice"
        seen.add(one.key)
    questions, kinds = pack.verifying.question, [way.kind for way in pack.verifications]
    for asked in questions:
        known = pack.attributes.get(asked.attribute)
        if known is None and asked.attribute not in (*CONTACTS, *pack.facts):
            yield "verifying", 0, asked.key, f"nothing is called {asked.attribute}"
        elif asked.compare == "date" and (known is None or known.type != "date"):
            yield "verifying", 0, asked.key, f"{asked.attribute} is no date"
    if len({asked.key for asked in questions}) != len(questions):
        yield "verifying", 0, "verifying", "two questions share a key"
    if "questions" in kinds and len(pack.verifying.asked_of("caller")) < pack.verifying.ask:
        many = len(pack.verifying.asked_of("caller"))
        yield "verifying", 0, "verifying", f"{pack.verifying.ask} questions are asked, and {many} may be"
    for kind in ("questions", "code"):
        if kinds.count(kind) > 1:
            yield "verification", 0, kind, f"only one way is by {kind}"


CONTACTS = ("phone", "email", "number")
"""What is known of everyone beside attributes and facts."""
