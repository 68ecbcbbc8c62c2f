from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spotvmr.haystack.text import near_duplicates, normalise

WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "f", "g"]), min_size=1, max_size=6).map(" ".join)


@pytest.mark.parametrize(
    ("caption", "words"),
    [
        (" A man,\tcutting BREAD! ", "a man cutting bread"),
        ("Cafe\u0301", "café"),
        ("STRASSE Straße", "strasse strasse"),
        ("猫が 走る。", "猫が 走る"),
        ("!?", "!?"),
    ],
)
def test_normalising_keeps_the_words(caption: str, words: str) -> None:
    assert normalise(caption) == words


@given(st.lists(WORDS, max_size=8), st.lists(WORDS, max_size=8), st.sampled_from([0.3, 0.5, 0.8, 1.0]))
def test_pairs_are_those_of_comparing_everything(train: list[str], test: list[str], threshold: float) -> None:
    def jaccard(a: str, b: str) -> float:
        first, second = set(a.split()), set(b.split())
        return len(first & second) / len(first | second)

    expected = {(a, b) for a in train for b in test if jaccard(a, b) >= threshold}
    found = near_duplicates({"train": train, "test": test}, threshold)
    assert {pair.captions for pair in found} == expected
    assert all(pair.splits == ("train", "test") for pair in found)
    assert all(pair.similarity == pytest.approx(jaccard(*pair.captions)) for pair in found)


def test_within_a_split_nothing_is_a_duplicate_and_each_pair_comes_once() -> None:
    captions = {"train": ["a man runs", "A man runs!", "a man runs"], "val": ["a man runs"], "test": ["a dog"]}
    (pair,) = near_duplicates(captions)
    assert (pair.similarity, pair.splits, pair.captions) == (1.0, ("train", "val"), ("a man runs", "a man runs"))


def test_three_splits_are_compared_pairwise() -> None:
    found = near_duplicates({name: ["open the red door"] for name in ("train", "val", "test")})
    assert {pair.splits for pair in found} == set(combinations(("train", "val", "test"), 2))
