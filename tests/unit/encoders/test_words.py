"""Sentences to word numbers."""

from __future__ import annotations

import zlib

from spotvmr.encoders.text.words import BUCKETS, Vocabulary, split_words


def test_splits_at_anything_but_letters_digits_and_inner_apostrophes() -> None:
    assert split_words("  It's the RED mug -- no. 7! ") == ["it's", "the", "red", "mug", "no", "7"]
    assert split_words("") == []


def test_numbers_words_from_two_after_padding_and_opening() -> None:
    vocabulary = Vocabulary(["red", "mug", "red"])
    assert vocabulary.size == 2 + 2 + BUCKETS
    assert vocabulary.encode(["mug red", ""], longest=8).tolist() == [[1, 3, 2], [1, 0, 0]]


def test_unknown_words_fall_in_the_bucket_of_their_crc() -> None:
    vocabulary = Vocabulary(["red"])
    assert vocabulary.number("zeppelin") == 3 + zlib.crc32(b"zeppelin") % BUCKETS
    assert {vocabulary.number(f"w{n}") for n in range(2000)} == set(range(3, 3 + BUCKETS))


def test_long_sentences_are_cut() -> None:
    assert Vocabulary(["a"]).encode(["a " * 50], longest=5).tolist() == [[1, 2, 2, 2, 2]]
