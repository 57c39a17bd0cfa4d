"""Files of other systems, each through its mapping: several make one profile, again, interrupted, dry, with faults."""

import csv
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from backend import db, loading
from backend.interactions import service as interactions
from backend.loading import Given, LoadReport, mapped
from backend.loading.converting import Cell
from backend.loading.seen import Seen
from backend.loading.tables import put_by
from backend.profiles import service as profiles
from backend.profiles.service import Profile
from shared.kernel.errors import Conflict

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TABLES = ("customer", "identifier", "identifier_claim", "consent", "event", "change", "pack_load", "catalogue_version")
CRM = (
    "Kundennummer;Vorname;Nachname;Telefon;E-Mail;Geburtsdatum;Konto;Vertrag;Monate;Monatspreis;Werbung per E-Mail;Farbe",
    "K-1;Anna;Groß;+49 30 5557 1600;Anna@Example.org;03.04.1980;X1;zwei Jahre;14;1.050,85;ja;rot",
    "K-2;Bert;O'Neil;;bert@example.org;31.01.1980;X2;monatlich;2;20,5;nein;",
)
BILLING = (
    "account_no,total_billed,pay_method,e_bill,customer_since,overdue",
    "k-1,711.90,CARD,yes,2021-03-04,12.5",
)
LINES = (
    "customer,line_id,msisdn,nickname,dropped_30d,terminated",
    "K-1,L1,+49301,Home,3,",
    "K-1,L2,+49302,Kid,0,",
)
PERMISSIONS = (
    "customer,purpose,channel,choice,when,shown",
    "K-1,ads,mail,opt-out,01/11/2026 09:00,May we write?",
    "K-1,ads,text,opt-in,01/11/2026 09:00,May we text?",
)
TICKETS = ("customer,ticket,opened,via,topic", 'K-1,T1,2026-11-02 22:30,phone,"Slow, very"')
FIVE = {"crm": CRM, "billing": BILLING, "lines": LINES, "permissions": PERMISSIONS, "tickets": TICKETS}


def file(folder: Path, name: str, *lines: str) -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def five(folder: Path) -> list[Given]:
    return [Given(name, path=file(folder, f"{name}.csv", *lines)) for name, lines in FIVE.items()]


def load(folder: Path, *given: Given, **how: Any) -> LoadReport:
    return loading.load_files("telecom", given, home=folder / "home", **{"now": NOW, **how})


def counts(report: LoadReport) -> list[tuple[int, int, int, int]]:
    return [(f.entered, f.updated, f.unchanged, f.refused) for f in report.files]


def customer(number: str) -> Profile:
    with db.reading() as session:
        found = profiles.owner(session, "number", number)
        assert found is not None
        return profiles.profile(session, found)


def kept() -> dict[str, list[str]]:
    with db.reading() as session:
        return {
            table: sorted(str(tuple(row)) for row in session.connection().execute(text(f"SELECT * FROM {table}")))
            for table in TABLES
        }


@pytest.mark.usefixtures("database")
def test_five_systems_that_share_one_number_make_one_profile(tmp_path: Path) -> None:
    report = load(tmp_path, *five(tmp_path))
    assert counts(report) == [(2, 0, 0, 0), (0, 1, 0, 0), (2, 0, 0, 0), (1, 1, 0, 0), (1, 0, 0, 0)]
    assert report.files[0].unmapped == ("Farbe",)
    anna = customer("K-1")
    assert (anna.name, anna.phone, anna.email) == ("Anna Groß", "+493055571600", "anna@example.org")
    assert str(anna.birth_date) == anna.attributes["birth_date"] == "1980-04-03"
    assert anna.attributes["contract"] == "Two year"
    assert (anna.attributes["tenure"], anna.attributes["monthly_charges"]) == (14, 1050.85)
    assert (anna.attributes["payment_method"], anna.attributes["paperless_billing"]) == (
        "Credit card (automatic)",
        True,
    )
    assert (anna.facts["dates"]["joined"], anna.facts["values"]["overdue_amount"]) == ("2021-03-04", 12.5)
    assert [(h.holding_id, h.label, h.attributes) for h in anna.holdings] == [
        ("L1", "+49301", {"name": "Home", "dropped_calls_30d": 3}),
        ("L2", "+49302", {"name": "Kid", "dropped_calls_30d": 0}),
    ]
    # The register's dated refusal counts for more than the customer system's undated yes.
    said = {(c.purpose, c.channel): (c.state, c.source, c.wording) for c in anna.consents}
    assert said["marketing", "email"] == ("withdrawn", "permissions", "May we write?")
    assert said["marketing", "sms"] == ("granted", "permissions", "May we text?")
    # Half past ten in the evening in Los Angeles is the next day in Greenwich; the day is the customer's own.
    assert anna.facts["days"]["complaints"] == {"2026-11-02": 1}
    assert anna.facts["dates"]["last_contact"] == "2026-11-02"
    with db.reading() as session:
        events = interactions.timeline(session, anna.customer_id).items
        assert profiles.owner(session, "external", "X1") == anna.customer_id
        assert profiles.loaded_packs(session) == {"telecom": True}
    assert {e.kind for e in events} == {"complaint.opened", "profile.changed", "segment.entered"}
    complaint = next(e for e in events if e.kind == "complaint.opened")
    assert complaint.at == datetime(2026, 11, 3, 6, 30, tzinfo=UTC)
    assert interactions.in_words(complaint, "agent").detail == "Slow, very"
    assert all(interactions.in_words(e, "agent").title for e in events)
    assert not anna.made_up


@pytest.mark.usefixtures("database")
def test_loaded_again_nothing_changes(tmp_path: Path) -> None:
    load(tmp_path, *five(tmp_path))
    once = kept()
    again = load(tmp_path, *five(tmp_path))
    assert counts(again) == [(0, 0, 2, 0), (0, 0, 1, 0), (0, 0, 2, 0), (0, 0, 2, 0), (0, 0, 1, 0)]
    assert kept() == once


@pytest.mark.usefixtures("database")
def test_another_file_about_known_customers_changes_what_it_says_and_only_that(tmp_path: Path) -> None:
    load(tmp_path, *five(tmp_path))
    before = customer("K-1")
    later = file(tmp_path, "later.csv", CRM[0], "K-1;Anna;Klein;+49 30 5557 1601;;;;ein Jahr;15;;;", CRM[2])
    report = load(tmp_path, Given("crm", path=later), now=NOW + timedelta(days=1))
    assert counts(report) == [(0, 1, 1, 0)]
    after = customer("K-1")
    assert (after.name, after.phone, after.email) == ("Anna Klein", "+493055571601", before.email)
    assert after.attributes == before.attributes | {"contract": "One year", "tenure": 15}
    assert after.version > before.version
    with db.reading() as session:
        newest = interactions.timeline(session, after.customer_id, limit=1).items[0]
        assert profiles.owner(session, "phone", "+493055571600") == after.customer_id, "the old number is theirs still"
        assert profiles.search(session, query="klein").items[0].id == after.customer_id
    assert newest.data["summary"] == "Contract, Months with us, Name, Phone (from the customer system)"


@pytest.mark.usefixtures("database")
def test_a_line_that_ended_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    load(tmp_path, *five(tmp_path))
    ended = file(tmp_path, "ended.csv", LINES[0], "K-1,L1,,,,yes", "K-1,L2,,,5,no", "K-1,L3,,,,yes")
    assert counts(load(tmp_path, Given("lines", path=ended))) == [(0, 2, 1, 0)]
    assert [(h.holding_id, h.attributes["dropped_calls_30d"]) for h in customer("K-1").holdings] == [("L2", 5)]


@pytest.mark.usefixtures("database")
def test_what_was_refused_elsewhere_is_granted_by_no_undated_file(tmp_path: Path) -> None:
    load(tmp_path, *five(tmp_path))
    report = load(tmp_path, Given("crm", path=file(tmp_path, "again.csv", CRM[0], CRM[1])))
    assert report.files[0].notices == [(2, "consent to marketing/email stays denied, as it was said in another place")]
    older = file(
        tmp_path,
        "older.csv",
        PERMISSIONS[0],
        "K-1,ads,mail,opt-in,31/10/2026 09:00,",
        "K-1,ads,text,opt-out,02/11/2026 09:00,",
    )
    assert counts(load(tmp_path, Given("permissions", path=older))) == [(0, 1, 1, 0)]
    said = {c.channel: c.state for c in customer("K-1").consents}
    assert said == {"email": "withdrawn", "sms": "withdrawn"}


@pytest.mark.usefixtures("database")
def test_an_identifier_of_another_customer_stays_theirs_and_is_told(tmp_path: Path) -> None:
    taken = file(
        tmp_path, "taken.csv", CRM[0], CRM[1],
        "K-3;Cem;Öz;;anna@example.org;;;;40;;;",
        "K-2;Bert;O'Neil;+493055571600;;;;;;;;",
    )  # fmt: skip
    report = load(tmp_path, Given("crm", path=taken))
    assert counts(report) == [(3, 0, 0, 0)]
    assert report.files[0].notices == [
        (3, "E-mail belongs to another customer, and stays theirs"),
        (4, "Phone belongs to another customer, and stays theirs"),
    ]
    assert (customer("K-3").email, customer("K-2").phone) == (None, None)
    assert customer("K-1").email == "anna@example.org"


@pytest.mark.usefixtures("database")
def test_a_dry_run_tells_what_would_be_and_writes_nothing(tmp_path: Path) -> None:
    empty = kept()
    told = load(tmp_path, *five(tmp_path), dry=True)
    assert kept() == empty
    assert list((tmp_path / "home").iterdir()) == []
    assert told.catalogue_version is None
    done = load(tmp_path, *five(tmp_path))
    assert [c[0] for c in counts(told)] == [2, 0, 2, 2, 1]
    assert counts(done)[:3] == counts(told)[:3]
    before = kept()
    more = file(
        tmp_path, "more.csv", CRM[0], CRM[2], "K-1;Anna;Klein;;;;;;15;;;", "K-7;;;;;;;;x;;;", "K-8;Dora;Lang;;;;;;1;;;"
    )
    again = load(tmp_path, Given("crm", path=more), dry=True)
    assert counts(again) == [(1, 1, 1, 1)]
    assert [(f.line, f.column, f.value, f.why) for f in again.files[0].faults] == [
        (4, "Monate", "x", "is not a whole number of 0 or more")
    ]
    assert kept() == before


class Unplugged(Exception):
    """Somebody pulled the plug."""


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("after", [2, 4, 6, 8])
def test_interrupted_and_run_again_it_is_the_same_as_in_one_go(
    tmp_path: Path, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mapped, "BATCH", 2)
    rows = [f"K-{n};Anna;Nr {n};;;;;;{'x' if n in (1, 5) else n};;;" for n in range(7)]
    given = [Given("crm", path=file(tmp_path, "crm.csv", *CRM[:1], *rows, rows[0])), *five(tmp_path)[1:]]
    file(tmp_path, "crm.csv", CRM[0], *rows, rows[0])
    file(tmp_path, "tickets.csv", TICKETS[0], *(f"K-2,T{n},2026-11-02 10:0{n},phone,x" for n in range(5)))
    told: list[int] = []

    def pull(name: str, done: int, total: int) -> None:
        told.append(done)
        if len(told) == after:
            raise Unplugged

    with pytest.raises(Unplugged):
        load(tmp_path, *given, progress=pull)
    with db.reading() as session:
        assert profiles.loaded_packs(session) == {"telecom": True}, (
            "readiness asks for the pack, not for somebody's file"
        )
    rest = load(tmp_path, *given, now=NOW + timedelta(hours=1))
    assert rest.files[0].resumed == (after * 2 if after <= 4 else 0)
    with db.reading() as session:
        numbers = session.connection().execute(text("SELECT number FROM customer ORDER BY number")).scalars().all()
        complaints = (
            session.connection().execute(text("SELECT count(*) FROM event WHERE kind = 'complaint.opened'")).scalar()
        )
    assert numbers == ["K-0", "K-2", "K-3", "K-4", "K-6"]
    assert complaints == 5
    assert customer("K-2").facts["days"]["complaints"] == {"2026-11-02": 5}
    refused = rest.files[0].refused_file
    assert refused is not None
    with refused.open(newline="") as kept_apart:
        assert [row[-4] for row in csv.reader(kept_apart)] == ["_line", "3", "7", "9"]


@pytest.mark.usefixtures("database")
def test_refused_rows_are_kept_apart_and_load_once_they_are_mended(tmp_path: Path) -> None:
    bad = file(
        tmp_path, "bad.csv", CRM[0], CRM[1],
        'K-2;Bert;"O\'Neil\nJunior";;;31.02.1980;;monatlich;2;20,5;nein;=1+1',
        "K-3;Cem;;;kein;;;;;;;",
        ";Dora;;;;;;;;;;",
        "K-5;;;;;;;;;;;",
        "K-6;Eva;x;;;;;ewig;;;;",
        "K-7;Eva",
        "K-8;Eva;Lang;;;;;;1;;vielleicht;",
        "k-1;Anna;;;;;;;;;;",
        f"K-9;{'x' * 200_000};Lang;;;;;;1;;;",
    )  # fmt: skip
    report = load(tmp_path, Given("crm", path=bad))
    one = report.files[0]
    assert counts(report) == [(1, 0, 0, 9)]
    assert [(f.line, f.column, f.value, f.why) for f in one.faults[:8]] == [
        (3, "Geburtsdatum", "31.02.1980", "is no date such as DD.MM.YYYY"),
        (5, "E-Mail", "kein", "is no e-mail address"),
        (6, "Kundennummer", "", "is empty"),
        (7, "Vorname", "", "is empty, and nobody is known by this number yet"),
        (8, "Vertrag", "ewig", "is none of Month-to-month, One year, Two year"),
        (9, "(row)", "2", "has 2 cells where the header has 12"),
        (10, "Werbung per E-Mail", "vielleicht", "is neither ja nor nein"),
        (11, "Kundennummer", "k-1", "stands in line 2 already"),
    ]
    assert one.faults[8].why == "is longer than 500 characters"
    assert one.refused_file is not None
    assert one.refused_file.stat().st_mode & 0o077 == 0
    text_ = one.refused_file.read_text()
    assert "'=1+1" in text_, "no spreadsheet takes a cell of ours for a formula"
    mended = tmp_path / "mended.csv"
    mended.write_text(
        text_.replace("31.02.1980,,", "28.02.1980,,")
        .replace(",kein,", ",cem@example.org,")
        .replace("ewig", "zwei Jahre")
    )
    again = load(tmp_path, Given("crm", path=mended))
    assert (again.files[0].entered, again.files[0].updated, again.files[0].refused) == (3, 1, 5)
    assert customer("K-2").name == "Bert O'Neil Junior"
    assert str(customer("K-2").birth_date) == "1980-02-28"


@pytest.mark.usefixtures("database")
def test_a_broken_file_among_good_ones_loads_nothing_of_any(tmp_path: Path) -> None:
    good = five(tmp_path)
    before = kept()
    for name, content, why in [
        ("absent.csv", None, "cannot be opened"),
        ("empty.csv", b"", "is empty: it has no header"),
        ("header.csv", CRM[0].encode(), "has a header and no row"),
        ("latin.csv", "\n".join(CRM).encode("latin-1"), "is not utf-8 text"),
        ("zero.csv", "\n".join(CRM).encode() + b"\x00", "holds zero bytes"),
        ("quote.csv", "\n".join(CRM).encode() + b'\n"K-9;', "line 4"),
        ("cut.csv.gz", b"\x1f\x8b\x08\x00" + b"x" * 30, "gzip"),
        ("columns.csv", b"Kundennummer;Vorname\nK-1;Anna\n", "has no column Nachname"),
        ("twice.csv", "\n".join(f"Vorname;{line}" for line in CRM).encode(), "has the column Vorname more than once"),
        ("long.csv", CRM[0].encode() + b"\n" + b"x" * 1_000_001, "longer than"),
        ("letter.xls", b"x", "CSV, XLSX and Parquet can be loaded, .xls cannot"),
    ]:
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(loading.BrokenFile, match=why) as refused:
            load(tmp_path, *good, Given("crm", path=path))
        assert "othing was loaded" in str(refused.value), name
    assert kept() == before


@pytest.mark.usefixtures("database")
def test_a_file_may_be_written_in_other_ways(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(
        'source = "own"\nencoding = "cp1252"\ndecimal = ","\n'
        '[[column]]\ncolumn = "Nr"\nto = "number"\n[[column]]\ncolumn = "Name"\nto = "name"\n'
        '[[column]]\ncolumn = "Preis"\nattribute = "monthly_charges"\n'
    )
    path = tmp_path / "own.csv"
    path.write_bytes("Nr\tName\tPreis\r\nA1\tJosé – Müller\t1.234,50\r\n\r\nA2\t'-Ann\t0,5\r\n".encode("cp1252"))
    load(tmp_path, Given(str(own), path=path))
    assert (customer("A1").name, customer("A1").attributes["monthly_charges"]) == ("José – Müller", 1234.5)
    assert customer("A2").name == "-Ann"
    bom = tmp_path / "bom.csv"
    bom.write_bytes(b"\xef\xbb\xbf" + "\n".join(CRM).encode())
    assert counts(load(tmp_path, Given("crm", path=bom))) == [(2, 0, 0, 0)]


@pytest.mark.usefixtures("database")
def test_a_batch_that_lost_a_race_is_looked_at_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = [Given("crm", path=file(tmp_path, "crm.csv", *CRM, "K-3;;;;;;;;x;;;"))]
    note, lost = profiles.note_progress, [True, True]

    def raced(*told: Any) -> None:
        note(*told)
        if told[3].done and not told[3].finished and lost and lost.pop():
            raise Conflict("Someone else did this at the same moment.")

    monkeypatch.setattr(profiles, "note_progress", raced)
    report = load(tmp_path, *given)
    assert (counts(report), lost) == ([(2, 0, 0, 1)], [])
    refused = report.files[0].refused_file
    assert refused is not None
    assert len(refused.read_text().splitlines()) == 2, "the header, and what was refused, once"


def test_memory_stays_small_however_long_a_file_is(tmp_path: Path) -> None:
    def rows(many: int) -> Iterator[tuple[int, list[Cell]]]:
        yield 1, ["number", "name"]
        for line in range(2, many + 2):
            yield line, [f"K-{line}", "x" * 300]

    peaks = []
    for many in (1_000, 40_000):
        seen = Seen()
        tracemalloc.start()
        table = put_by("long.csv", rows(many), tmp_path)
        assert table.total == many
        assert sum(seen.add(str(cells[0]), line) is None for line, cells in table.rows()) == many
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert (seen.add("K-17", 0), seen.has("K-1")) == (17, False)
        seen.close()
        table.close()
    assert peaks[1] < peaks[0] + 200_000, "bytes: forty times the rows take no more"
    assert list(tmp_path.iterdir()) == [], "what was put by has no name, and is gone"
