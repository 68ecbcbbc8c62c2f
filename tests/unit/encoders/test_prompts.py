"""The banks of prompts that ship with the package."""

from __future__ import annotations

import re

import pytest

from spotvmr.encoders.prompts import BANKS, prompts


@pytest.mark.parametrize("part", BANKS)
def test_a_bank_is_short_clean_and_without_repeats(part: str) -> None:
    bank = prompts(part)
    assert 200 <= len(bank) <= 400
    assert len(set(bank)) == len(bank)
    assert [line for line in bank if not re.fullmatch(r"a photo of [\w':,\- ]+\w", line)] == []


def test_interactions_are_activities() -> None:
    assert [line for line in prompts("interaction") if not line.split()[5].endswith("ing")] == []
