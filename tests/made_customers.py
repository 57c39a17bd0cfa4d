"""Two customers made by hand, for tests that need no pack's whole population."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from backend import db
from backend.profiles.service import NewBill, NewConsent, NewCustomer, enrol

NOW = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
MARIA = UUID("01900000-0000-7000-8000-000000000001")
JOSE = UUID("01900000-0000-7000-8000-000000000002")
_WORDING = "You may tell me about offers and news that fit me."


def customer(customer_id: UUID, number: str, name: str, **more: Any) -> NewCustomer:
    """A customer as a load would enter them, with an open and a paid bill and one consent."""
    known: dict[str, Any] = {
        "phone": None,
        "email": None,
        "birth_date": date(1980, 5, 1),
        "attributes": {"tenure": 12, "contract": "One year"},
        "facts": {"days": {}, "values": {}, "dates": {}, "bad_experience": None},
        "timezone": "America/Los_Angeles",
        "language": "en",
        "made_up": True,
        "created_at": NOW,
    } | more
    phone, email = known["phone"], known["email"]
    identifiers = [("number", number), ("phone", phone), ("email", email)]
    tail = customer_id.hex[-12:]
    return NewCustomer(
        customer_id=customer_id,
        number=number,
        name=name,
        identifiers=tuple((kind, value) for kind, value in identifiers if value),
        bills=(
            _bill(UUID(f"019a0000-0000-7000-8000-{tail}"), date(2026, 10, 1), "paid", date(2026, 10, 20)),
            _bill(UUID(f"019b0000-0000-7000-8000-{tail}"), date(2026, 11, 1), "open", None),
        ),
        consents=(NewConsent("marketing", "portal", "granted", "sign-up form", _WORDING, NOW),),
        **known,
    )


def _bill(bill_id: UUID, issued_on: date, status: str, paid_on: date | None) -> NewBill:
    line = {"text": "Phone line", "amount_minor": 2015}
    return NewBill(
        bill_id, f"B{issued_on:%Y%m}", issued_on, issued_on.replace(day=21), 2015, "USD", status, paid_on, [line]
    )


def two_customers() -> None:
    """Enters María Dávila and José O'Neil into the open database."""
    with db.transaction() as session:
        enrol(
            session,
            [
                customer(MARIA, "C100001", "María Dávila", phone="+12135550101", email="maria@example.com"),
                customer(JOSE, "C100002", "José O'Neil", phone="+12135550102", email="jose@example.com"),
            ],
        )
