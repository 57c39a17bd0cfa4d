"""Payments and bills without a database: whose word is taken, what changed on a bill, how bars are drawn."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from backend.overview.bill_changes import changes
from backend.paying.signing import require_signed
from backend.settings import SettingsError, read
from selfservice_ui.charts import WIDTH, bars
from shared.kernel.errors import Unauthenticated
from shared.kernel.money import Money

SECRET = "whsec_" + base64.b64encode(b"x" * 32).decode()
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BODY = b'{"type": "payment.paid"}'
LINES = st.lists(
    st.tuples(st.sampled_from(["Internet", "Credit", "One-off: visit", "TV"]), st.integers(-9_000, 9_000)), max_size=6
)


def signed(at: datetime = NOW, id: str = "msg_1") -> dict[str, str]:
    made = Webhook(SECRET).sign(id, at, BODY.decode())
    return {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": made}


def test_what_the_schemes_own_library_signed_is_taken_beside_other_signatures() -> None:
    headers = signed()
    headers["webhook-signature"] = f"v1,AAAA v2,x {headers['webhook-signature']}"
    assert require_signed(SECRET, headers, BODY, NOW + timedelta(minutes=5)) == "msg_1"


@pytest.mark.parametrize("late", [timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)])
def test_what_was_signed_long_ago_or_later_than_now_is_refused(late: timedelta) -> None:
    with pytest.raises(Unauthenticated):
        require_signed(SECRET, signed(), BODY, NOW + late)


@given(LINES, LINES)
def test_what_changed_adds_up_to_the_difference_of_the_bills(
    now: list[tuple[str, int]], before: list[tuple[str, int]]
) -> None:
    new, old = ([(text, Money(minor, "USD")) for text, minor in lines] for lines in (now, before))
    found = changes(new, old, "USD")
    assert sum(one.by.minor for one in found) == sum(m for _, m in now) - sum(m for _, m in before)
    assert all(one.by for one in found)


def test_each_kind_of_change_has_its_name() -> None:
    def lines(**amounts: int) -> list[tuple[str, Money]]:
        return [(text.replace("_", " "), Money(minor, "USD")) for text, minor in amounts.items()]

    new = [*lines(Internet=7_000, TV=1_000, Thanks=-500), ("One-off: visit", Money(2_500, "USD"))]
    old = lines(Internet=6_500, Films=1_000, Loyalty=-700)
    assert {one.text: one.kind for one in changes(new, old, "USD")} == {
        "Internet": "dearer", "TV": "new", "Films": "gone", "Thanks": "credit", "Loyalty": "credit_over", "One-off: visit": "one_off",
    }  # fmt: skip


def test_bars_begin_at_zero_and_the_largest_is_as_long_as_can_be() -> None:
    assert [one.length for one in bars([50.0, 100.0, 0.0, 0.01])] == [WIDTH // 2, WIDTH, 0, 4]
    assert [one.length for one in bars([0.0])] == [0]


@pytest.mark.parametrize(
    ("url", "secret", "says"),
    [
        ("https://pay.example/p", "", "together"),
        ("", SECRET, "together"),
        ("http://pay.example/p", SECRET, "https://"),
        ("https://user:pw@pay.example/p", SECRET, "https://"),
        ("https://pay.example/p", "whsec_short", "24 to 64"),
        ("https://pay.example/p", "no-prefix-" + SECRET[6:], "24 to 64"),
    ],
)
def test_a_provider_that_is_set_up_by_half_stops_the_start_without_telling_the_secret(
    url: str, secret: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says) as told:
        read(
            {
                "EVENHAND_ENV": "test",
                "EVENHAND_SECRET": "s" * 40,
                "EVENHAND_PAYMENTS_URL": url,
                "EVENHAND_PAYMENTS_SECRET": secret,
            }
        )
    assert not secret or secret not in str(told.value)


def test_a_provider_is_set_up_by_its_address_and_secret() -> None:
    found = read(
        {
            "EVENHAND_ENV": "test",
            "EVENHAND_SECRET": "s" * 40,
            "EVENHAND_PAYMENTS_URL": "https://pay.example/p",
            "EVENHAND_PAYMENTS_SECRET": SECRET,
        }
    )
    assert found.payments is not None
    assert (found.payments.url, found.payments.secret) == ("https://pay.example/p", SECRET)
    assert SECRET not in repr(found)
