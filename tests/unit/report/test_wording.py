"""Numbers and times in words."""

from __future__ import annotations

import pytest

from spotvmr.report.wording import amount, clock, interval, percent, printable


@pytest.mark.parametrize(
    ("number", "text"),
    [(None, "–"), (0.0, "0.00"), (0.01234, "0.0123"), (1.0, "1.00"), (62.5, "62.5"), (100, "100"), (999.4, "999"),
     (999.6, "1000"), (2188.4, "2188"), (9999.6, "10,000"), (12345.0, "12,300"), (1.5e6, "1,500,000")],
)  # fmt: skip
def test_amount_has_three_digits(number: float | None, text: str) -> None:
    assert amount(number) == text


def test_percent_and_interval() -> None:
    assert percent(0.5234) == "52.3"
    assert percent(None) == "–"
    assert interval((0.481, 0.5649)) == "[48.1, 56.5]"
    assert interval((None, 0.5)) == ""
    assert interval(None) == ""


@pytest.mark.parametrize(
    ("seconds", "hours", "text"),
    [
        (0, False, "00:00"),
        (59.6, False, "01:00"),
        (480, False, "08:00"),
        (3661, True, "1:01:01"),
        (36000, True, "10:00:00"),
    ],
)
def test_clock(seconds: float, hours: bool, text: str) -> None:
    assert clock(seconds, hours) == text


def test_printable_keeps_length_and_drops_control() -> None:
    assert printable("a\tb\x1b[0m\u202ec☕") == "a b [0m c☕"
