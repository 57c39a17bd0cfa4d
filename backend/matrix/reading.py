"""A pack's text files, read into one body and parsed into a Pack. The body is what a catalogue version keeps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from babel.messages.pofile import PoFileError, read_po
from pydantic import ValidationError

from backend.matrix.types import Pack
from shared.kernel.errors import NotFound

Body = dict[str, Any]
"""File stem → content; the folder `treatments` is one more such mapping, and `languages` holds translations by their English."""
PACK_FILE = re.compile(
    r"(?!(treatments|languages)\.toml)(treatments/)?[a-z0-9][a-z0-9_-]{0,59}\.toml|languages/[a-z]{2,3}\.po|logo\.svg"
)
"""What a file of a pack may be called."""
LOGO = "logo.svg"
TABLES = frozenset({
    "acknowledgement", "alert", "attribute", "budget", "cap", "cell", "channel", "decline_reason", "disclosure", "event", "fact", "gap", "holding", "holdout", "intent", "kept", "persona", "process", "protective",
    "purpose", "restricted", "retention", "segment", "service", "source", "stage", "stage_weights", "state", "term", "trait", "treatment", "truth", "verification", "wrap_up", "away_reason",
    "feature", "exploring", "queue", "skill", "calendar", "canned_reply", "case_type", "holiday", "hours", "macro", "priority", "team", "form", "sample",
})  # fmt: skip
PACKS = Path(__file__).resolve().parent.parent / "packs"


class PackError(ValueError):
    """The pack's text is not a pack. `places` holds (path into the body, message)."""

    def __init__(self, places: list[tuple[tuple[str | int, ...], str]]) -> None:
        super().__init__("; ".join(f"{'.'.join(map(str, path))}: {message}" for path, message in places[:5]))
        self.places = places


def folder_of(name: str) -> Path:
    """The folder of a pack given by name (one of ours) or by path. Raises NotFound."""
    for folder in (PACKS / name, Path(name)):
        if (folder / "pack.toml").is_file():
            return folder
    raise NotFound(f"There is no pack called {name}: no folder of that name holds a pack.toml.")


def read_body(folder: Path) -> Body:
    """The pack's text as one mapping. Raises PackError with the file and line where TOML does not parse."""
    return body_of(texts_of(folder))


def texts_of(folder: Path) -> dict[str, str]:
    """The pack's text files by their path in the folder. Raises PackError for a file that is no UTF-8."""
    texts = {}
    for path in text_files(folder):
        name = path.relative_to(folder).as_posix()
        try:
            texts[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as e:
            raise PackError([((name,), str(e))]) from None
    return texts


def body_of(texts: Mapping[str, str]) -> Body:
    """The same mapping from the texts of files. Raises PackError with the file and line where TOML does not parse."""
    body: Body = {"treatments": {}}
    for name, text in sorted(texts.items()):
        if not PACK_FILE.fullmatch(name):
            raise PackError(
                [((name,), "a pack's files are named like segments.toml, treatments/care.toml or languages/es.po")]
            )
        if name == LOGO:
            body["logo"] = {"svg": text}
            continue
        if name.endswith(".po"):
            body.setdefault("languages", {})[PurePosixPath(name).stem] = sentences_of(name, text)
            continue
        try:
            content = tomllib.loads(text)
        except (ValueError, RecursionError) as e:
            raise PackError([((name,), str(e))]) from None
        for key, value in content.items():
            if key in TABLES and not (isinstance(value, list) and all(isinstance(item, dict) for item in value)):
                raise PackError([((name,), f"{key} is a list of tables: each begins with [[{key}]]")])
        path = PurePosixPath(name)
        (body["treatments"] if path.parent.name == "treatments" else body)[path.stem] = content
    return body


def text_files(folder: Path) -> Iterator[Path]:
    yield from sorted(folder.glob("*.toml"))
    yield from sorted((folder / "treatments").glob("*.toml"))
    yield from sorted((folder / "languages").glob("*.po"))
    yield from folder.glob(LOGO)


def sentences_of(name: str, text: str) -> dict[str, str]:
    """The translations of a catalogue by their English; what has none, or was only guessed, is left out. Raises PackError."""
    try:
        catalogue = read_po(StringIO(text), abort_invalid=True)
    except (PoFileError, ValueError, LookupError) as e:
        raise PackError([((name,), str(e))]) from None
    told = ((one.id, one.string) for one in catalogue if one.id and not one.fuzzy)
    return {english: said for english, said in told if isinstance(english, str) and isinstance(said, str) and said}


def pack_from(body: Mapping[str, Any]) -> Pack:
    """The pack that this body describes. Raises PackError naming each place that is wrong."""
    head = _present_form(dict(body.get("pack", {})))
    table = body.get
    matrix = table("matrix", {})
    try:
        return Pack(
            **{
                key: head.get(key)
                for key in ("name", "label", "currency", "timezone", "language", "phone", "default_stage")
            },
            theme=head.get("theme"),
            logo=table("logo", {}).get("svg", ""),
            languages=head.get("languages", ()),
            record_words=head.get("record_words", ()),
            sentences=table("languages", {}),
            policies=head.get("policies"),
            purposes=head.get("purpose", ()),
            attributes=_by_key(table("attributes", {}).get("attribute", ())),
            facts=_by_key(table("facts", {}).get("fact", ())),
            objectives=matrix.get("objectives", ()),
            stages=matrix.get("stage", ()),
            channels=matrix.get("channel", ()),
            cells={(c.get("stage"), c.get("channel")): _in_process(c, matrix) for c in matrix.get("cell", ())},
            stage_weights={s.get("stage"): s.get("weights") for s in matrix.get("stage_weights", ())},
            process=matrix.get("process", ()),
            life_cycle=table("lifecycle", {}).get("state", ()),
            intents=_by_key(table("intents", {}).get("intent", ())),
            segments=table("segments", {}).get("segment", ()),
            rfm=table("segments", {}).get("rfm"),
            churn=table("churn"),
            services=table("services", {}).get("service", ()),
            services_held=table("services", {}).get("held", "true"),
            leaving=table("services", {}).get("leaving"),
            usage=table("services", {}).get("usage", ()),
            protective=head.get("protective", ()),
            restricted=head.get("restricted", ()),
            acknowledgements={a.get("kind"): a for a in head.get("acknowledgement", ())},
            caps=head.get("cap", ()),
            gaps=head.get("gap", ()),
            budgets=head.get("budget", ()),
            quiet_hours=head.get("quiet_hours"),
            holdings=table("holdings", {}).get("holding", ()),
            kept=head.get("kept", ()),
            retention=head.get("retention", ()),
            masked_contact=head.get("masked_contact", ()),
            verifications=head.get("verification", ()),
            verifying=head.get("verifying", {}),
            disclosures=head.get("disclosure", ()),
            decline_reasons=head.get("decline_reason", ()),
            wrap_ups=head.get("wrap_up", ()),
            away_reasons=head.get("away_reason", ()),
            treatments=table("treatments", {}),
            acts=table("acts", {}).get("act", ()),
            tracking=table("events", {}),
            experience=table("experience", {}),
            casework=table("cases", {}),
            alerting=table("alerts", {}),
            telephony={
                "skills": head.get("skill", ()),
                "queues": head.get("queue", ()),
                "service_level": head.get("service_level"),
            },
            quality=table("quality", {}),
            learning=table("learning", {}),
            holdouts=table("holdouts", {}).get("holdout", ()),
        )
    except ValidationError as e:
        raise PackError([(error["loc"], error["msg"]) for error in e.errors()]) from None
    except (AttributeError, TypeError) as e:
        raise PackError([(("pack.toml",), f"something is not shaped as a pack needs it: {e}")]) from None


def _by_key(items: Any) -> dict[str, Any]:
    return {str(item.get("key")): item for item in items}


def _in_process(cell: dict[str, Any], matrix: Mapping[str, Any]) -> dict[str, Any]:
    """The cell with the stages that the process expects after its own, where it names none itself."""
    steps = [step for step in matrix.get("process", ()) if step.get("from") == cell.get("stage")]
    return {"next": {str(step.get("to")): step.get("probability") for step in steps}, **cell}


def _present_form(head: dict[str, Any]) -> dict[str, Any]:
    """Published versions are never rewritten: what an older form of the pack said of sales is read as a cap and a gap."""
    policies = head.get("policies")
    if not isinstance(policies, Mapping) or "sales_cap_30d" not in policies:
        return head
    policies = dict(policies)
    sales = {"of": "issue", "name": "sales"}
    cap = {**sales, "key": "sales_30d", "days": 30, "outcome": "presented", "most": policies.pop("sales_cap_30d")}
    gap = {**sales, "key": "sales", "days": policies.pop("sales_min_gap_days", 0)}
    return {**head, "policies": policies, "cap": [cap], "gap": [gap] if gap["days"] else []}
