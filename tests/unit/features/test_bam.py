"""Background, appearance and motion, against loops that say the same."""

from __future__ import annotations

import numpy as np
import pytest

from spotvmr.features.bam import bam_parts, bam_sentences, key_changes, motion_channels

RNG = np.random.default_rng(1)


@pytest.mark.parametrize(("n", "clip_s", "reach"), [(200, 1.0, 30), (200, 2.0, 15), (10, 1.0, 30), (5, 100.0, 0)])
def test_background_is_the_mean_over_a_minute_and_appearance_the_rest(n: int, clip_s: float, reach: int) -> None:
    embeddings, motion = RNG.standard_normal((n, 8)), RNG.standard_normal((n, 6))
    parts = bam_parts(embeddings, motion, clip_s)
    wanted = np.array([embeddings[max(0, t - reach) : t + reach + 1].mean(0) for t in range(n)])
    np.testing.assert_allclose(parts[:, :8], wanted, atol=1e-5)
    np.testing.assert_allclose(parts[:, :8] + parts[:, 8:16], embeddings, atol=1e-5)
    np.testing.assert_allclose(parts[:, 16:], motion, atol=1e-6)


def test_a_sentence_meets_a_clip_as_it_meets_its_embedding() -> None:
    embeddings, sentences = RNG.standard_normal((50, 8)), RNG.standard_normal((3, 8))
    parts = bam_parts(embeddings, RNG.standard_normal((50, 6)), 1.0)
    np.testing.assert_allclose(bam_sentences(sentences) @ parts.T, sentences @ embeddings.T, atol=1e-4)


def test_motion_tells_the_bytes_of_a_clip_apart_from_the_bit_rate() -> None:
    # Two packets a clip of four clips, the first packet of the video a large key frame.
    sizes = np.array([5000, 100, 100, 100, 800, 200, 100, 100])
    clips, key = np.repeat(np.arange(4), 2), np.arange(8) == 0
    motion = motion_channels(sizes, clips, key, np.zeros((0, 3)), 4)
    np.testing.assert_allclose(motion[:, 0], [0, 0, 2, 0], atol=1e-6)  # mean of log2(size / 100)
    np.testing.assert_allclose(motion[:, 1], [0, 0, 3, 0], atol=1e-6)
    np.testing.assert_allclose(motion[:, 2], [0, 0, 1, 0], atol=1e-6)
    np.testing.assert_allclose(motion[:, 3], [0, 0, 2, -2], atol=1e-6)
    assert not motion[:, 4:].any()
    np.testing.assert_allclose(motion_channels(sizes * 7, clips, key, np.zeros((0, 3)), 4), motion, atol=1e-6)


def test_videos_of_key_frames_alone_and_clips_without_packets() -> None:
    sizes, clips = np.array([100, 400, 100]), np.array([0, 2, 9])
    motion = motion_channels(sizes, clips, np.ones(3, bool), np.zeros((0, 3)), 4)
    np.testing.assert_allclose(motion[:, 0], [0, 0, 2, 0], atol=1e-6)
    nothing = motion_channels(np.zeros(0), np.zeros(0, int), np.zeros(0, bool), np.zeros((0, 3)), 3)
    assert nothing.shape == (3, 6)
    assert not nothing.any()


def test_key_frames_are_compared_with_the_one_before() -> None:
    black, white = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 255, np.uint8)
    half = white.copy()
    half[:2] = 0
    changes = key_changes([(0, black), (2, half), (5, half), (9, white)])
    np.testing.assert_allclose(changes, [[2, 5, 0.5], [5, 0, 0], [9, 5, 0.5]], atol=1e-5)
    motion = motion_channels(np.ones(12), np.arange(12), np.zeros(12, bool), changes, 12)
    np.testing.assert_allclose(motion[:, 5], [0.5] * 3 + [0] * 3 + [0.5] * 6, atol=1e-6)
    assert key_changes([(0, black)]).shape == (0, 3)
