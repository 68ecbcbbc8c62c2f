"""Imported features in a store: the same as computed ones, made once, and made anew when the files change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotvmr.errors import UserError
from spotvmr.features import FeatureStore
from spotvmr.features.importers import ImportedFeatures, import_features

ROWS = np.random.default_rng(0).standard_normal((20, 4)).astype(np.float16)
Declare = Callable[..., ImportedFeatures]


@pytest.fixture
def source(write: dict[str, Any], tmp_path: Path) -> Path:
    """Features of two videos of 10 s."""
    for video in ("a", "b"):
        write["npy"](tmp_path / "source", video, ROWS)
    return tmp_path / "source"


def stamp(store: Path) -> int:
    return (store / "features.bin").stat().st_mtime_ns


def test_the_store_holds_what_the_files_hold(source: Path, declare: Declare, tmp_path: Path) -> None:
    import_features(tmp_path / "store", declare(), {"b": 10.0, "a": 10.0}, 1.0)
    store = FeatureStore.open(tmp_path / "store", declare().store_key(1.0))
    store.verify()
    assert store.video_ids == ("b", "a")
    assert (store.n_clips("a"), store.duration_s("a"), store.dim) == (10, 10.0, 4)
    np.testing.assert_allclose(store.read("a"), ROWS.astype(np.float32).reshape(10, 2, 4).mean(1), atol=2e-3)


def test_a_second_call_reads_nothing(
    source: Path, declare: Declare, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_features(tmp_path / "store", declare(), {"a": 10.0, "b": 10.0}, 1.0)
    before = stamp(tmp_path / "store")
    monkeypatch.setattr(ImportedFeatures, "read", lambda *_: pytest.fail("read again"))
    import_features(tmp_path / "store", declare(), {"a": 10.0, "b": 10.0}, 1.0)
    assert stamp(tmp_path / "store") == before


def test_further_videos_of_the_same_files_are_added(source: Path, declare: Declare, tmp_path: Path) -> None:
    import_features(tmp_path / "store", declare(), {"a": 10.0}, 1.0)
    import_features(tmp_path / "store", declare(), {"a": 10.0, "b": 10.0}, 1.0)
    assert FeatureStore.open(tmp_path / "store").video_ids == ("a", "b")


def test_replaced_files_are_imported_anew(source: Path, declare: Declare, tmp_path: Path) -> None:
    import_features(tmp_path / "store", declare(), {"a": 10.0, "b": 10.0}, 1.0)
    np.save(source / "a.npy", -ROWS)
    import_features(tmp_path / "store", declare(), {"a": 10.0, "b": 10.0}, 1.0)
    found = FeatureStore.open(tmp_path / "store").read("a")
    np.testing.assert_allclose(found, -ROWS.astype(np.float32).reshape(10, 2, 4).mean(1), atol=2e-3)


def test_other_settings_are_refused(source: Path, declare: Declare, tmp_path: Path) -> None:
    import_features(tmp_path / "store", declare(), {"a": 10.0}, 1.0)
    with pytest.raises(UserError, match=r"clip_s is 1\.0, wanted 2\.0"):
        import_features(tmp_path / "store", declare(), {"a": 10.0}, 2.0)


def test_nothing_is_left_of_a_broken_import(source: Path, declare: Declare, tmp_path: Path) -> None:
    (source / "b.npy").unlink()
    with pytest.raises(UserError, match="video b has no features"):
        import_features(tmp_path / "store", declare(), {"a": 10.0, "b": 10.0}, 1.0)
    assert not (tmp_path / "store" / "manifest.json").exists()


def test_the_hash_tells_names_sizes_and_ends(source: Path, declare: Declare, tmp_path: Path) -> None:
    marks = [declare().source_hash]
    np.save(source / "a.npy", ROWS[:-1])
    marks.append(declare().source_hash)
    (source / "a.npy").rename(source / "c.npy")
    marks.append(declare().source_hash)
    (source / "notes.txt").write_text("not features")
    assert declare().source_hash == marks[-1]
    assert len(set(marks)) == 3


def test_no_files_at_all(declare: Declare) -> None:
    with pytest.raises(UserError, match=r"set index\.imported\.path"):
        assert declare().source_hash
