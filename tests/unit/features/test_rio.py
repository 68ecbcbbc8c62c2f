"""The projection of RIO: fitted without labels, an eigendecomposition done the long way as reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from spotvmr.errors import UserError
from spotvmr.features.rio import fit_projection, load_projection, rio_parts, rio_sentences, save_projection

RNG = np.random.default_rng(0)
DIM = 24
MIXING = RNG.standard_normal((DIM, DIM))
VIDEOS = [RNG.standard_normal((n, DIM)) @ MIXING + 2 for n in (50, 31, 70)]
BANKS = {"room": RNG.standard_normal((9, DIM)) + 1, "object": RNG.standard_normal((80, DIM)) + 1}


def test_parts_are_the_principal_components_of_the_answers() -> None:
    projection = fit_projection(VIDEOS, BANKS)
    assert projection.parts == {"room": 9, "object": 24}
    clips = np.concatenate(VIDEOS)
    parts = rio_parts(clips, projection)
    first = 0
    for part, size in projection.parts.items():
        bank = BANKS[part] / np.linalg.norm(BANKS[part], axis=1, keepdims=True)
        answers = (clips - clips.mean(0)) @ bank.T
        _, singular, axes = np.linalg.svd(answers, full_matrices=False)
        scale = np.sqrt((singular[:size] ** 2).mean() / len(clips))
        wanted = answers @ axes[:size].T / scale
        mine = parts[:, first : first + size]
        # An axis may point either way.
        np.testing.assert_allclose(np.abs(mine), np.abs(wanted), atol=2e-3)
        assert mine.var(0).mean() == pytest.approx(1, abs=1e-3)
        assert np.abs(mine.mean(0)).max() < 1e-3
        first += size


def test_a_part_has_64_channels_at_most() -> None:
    banks = {"room": RNG.standard_normal((200, 300)), "object": RNG.standard_normal((10, 300))}
    assert fit_projection([RNG.standard_normal((5, 300))], banks).parts == {"room": 64, "object": 10}


def test_sentences_meet_the_images_they_describe() -> None:
    """Texts lie apart from images by a constant, as in CLIP models; the nearest of them is still the right one."""
    meanings = RNG.standard_normal((40, DIM))
    images, texts = meanings * 0.5 + 3, meanings * 0.8 - 4
    projection = fit_projection([images], {"room": texts[:20], "object": texts[20:]})
    shown, said = rio_parts(images, projection), rio_sentences(texts, projection)
    cosine = (said / np.linalg.norm(said, axis=1, keepdims=True)) @ (shown / np.linalg.norm(shown, axis=1)[:, None]).T
    assert (cosine.argmax(1) == np.arange(40)).mean() > 0.9
    assert np.abs(said.mean(0)).max() < 1e-3
    assert said.var(0).mean() == pytest.approx(1, abs=1e-3)


def test_a_still_video_gives_finite_parts() -> None:
    projection = fit_projection([np.ones((3, DIM))], BANKS)
    assert np.abs(rio_parts(np.ones((2, DIM)), projection)).max() < 1e-4
    with pytest.raises(ValueError, match="at least one clip"):
        fit_projection([], BANKS)


def test_a_projection_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "sub" / "p.safetensors"
    assert load_projection(path) is None
    projection = fit_projection(VIDEOS, BANKS)
    save_projection(projection, path, {"weights": "abc"})
    found = load_projection(path)
    assert found is not None
    assert found[1] == {"weights": "abc"}
    assert found[0].parts == projection.parts
    assert found[0].digest() == projection.digest() != fit_projection(VIDEOS[:2], BANKS).digest()
    np.testing.assert_array_equal(found[0].weight, projection.weight)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(UserError, match=r"is damaged .* delete it and run `spotvmr index` again"):
        load_projection(path)
