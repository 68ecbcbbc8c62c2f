"""Reading: what was written comes back, and nothing else is accepted."""

from __future__ import annotations

import json
import pickle
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spotvmr.errors import UserError
from spotvmr.features import FeatureStore, StoreKey, StoreWriter

KEY = StoreKey("tiny", "a1b2", "resize 90x160", 1.0, 1, {"room": 3, "object": 5})


def features_of(video_id: str, clips: int) -> NDArray[np.float32]:
    """Numbers that fp16 holds exactly and that differ between videos and clips."""
    return (np.arange(clips * 8).reshape(clips, 8) % 1000 + len(video_id)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    """Three videos of 4, 1 and 100 clips."""
    with StoreWriter(tmp_path / "index", KEY) as writer:
        for video_id, clips in (("one", 4), ("three", 1), ("eleven", 100)):
            writer.add(video_id, features_of(video_id, clips), duration_s=clips - 0.5)
        writer.finish(["one", "three", "eleven"])
    return FeatureStore.open(tmp_path / "index", KEY)


def test_what_was_written_comes_back(store: FeatureStore) -> None:
    assert store.video_ids == ("one", "three", "eleven")
    assert (store.dim, store.key) == (8, KEY)
    for video_id, clips in (("one", 4), ("three", 1), ("eleven", 100)):
        assert store.n_clips(video_id) == clips
        assert store.duration_s(video_id) == clips - 0.5
        np.testing.assert_array_equal(store.read(video_id), features_of(video_id, clips))
    store.verify()
    assert "one" in store
    assert "two" not in store


def test_windows_and_scattered_clips(store: FeatureStore) -> None:
    whole = features_of("eleven", 100)
    np.testing.assert_array_equal(store.read("eleven", 90, 95), whole[90:95])
    np.testing.assert_array_equal(store.read("eleven", 98, 120), whole[98:])
    np.testing.assert_array_equal(store.gather("eleven", [99, 0, 0, 50]), whole[[99, 0, 0, 50]])
    assert store.gather("eleven", []).shape == (0, 8)
    assert not store.read("eleven").flags.writeable


def test_gather_stays_inside_its_video(store: FeatureStore) -> None:
    with pytest.raises(IndexError):
        store.gather("one", [4])


def test_packed_without_gaps_and_reproducible(store: FeatureStore) -> None:
    data = (store.path / "features.bin").read_bytes()
    expected = [features_of(v, n).astype(np.float16).tobytes() for v, n in (("one", 4), ("three", 1), ("eleven", 100))]
    assert data == b"".join(expected)


def test_a_pickled_store_maps_the_file_again(store: FeatureStore) -> None:
    message = pickle.dumps(store)
    assert len(message) < 1000
    np.testing.assert_array_equal(pickle.loads(message).read("one"), features_of("one", 4))


def test_unknown_video(store: FeatureStore) -> None:
    with pytest.raises(UserError, match=r"video four is not in the feature store .* holds 3 videos"):
        store.read("four")


def test_another_encoder_is_refused_by_field(store: FeatureStore) -> None:
    with pytest.raises(UserError) as caught:
        FeatureStore.open(store.path, replace(KEY, weights_hash="ffff", clip_s=2.0))
    assert "weights_hash is 'a1b2', wanted 'ffff'; clip_s is 1.0, wanted 2.0" in str(caught.value)
    assert "encoder" not in str(caught.value).split(":")[1]
    assert "spotvmr index" in str(caught.value)


def test_the_order_of_parts_counts(store: FeatureStore) -> None:
    swapped = replace(KEY, parts={"object": 5, "room": 3})
    assert swapped.digest() != KEY.digest()
    with pytest.raises(UserError, match="parts is"):
        FeatureStore.open(store.path, swapped)


@pytest.mark.parametrize("position", [0, 8 * 2 * 4 + 3, -1])
def test_one_flipped_bit_names_the_video(store: FeatureStore, position: int) -> None:
    path = store.path / "features.bin"
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)
    victim = {0: "one", 67: "three", -1: "eleven"}[position]
    with pytest.raises(UserError, match=f"features of video {victim} are damaged"):
        FeatureStore.open(store.path).verify()


def test_a_cut_data_file_is_refused_at_once(store: FeatureStore) -> None:
    path = store.path / "features.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match=r"has 1679 bytes where the manifest speaks of 1680"):
        FeatureStore.open(store.path)
    path.unlink()
    with pytest.raises(UserError, match="has 0 bytes"):
        FeatureStore.open(store.path)


def test_no_store(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no feature store at .*nowhere"):
        FeatureStore.open(tmp_path / "nowhere")


@pytest.mark.parametrize(
    "damage",
    [
        lambda m: m.clear(),
        lambda m: m.update(schema=99),
        lambda m: m.update(key=[]),
        lambda m: m["key"].pop("clip_s"),
        lambda m: m["key"].update(parts={}),
        lambda m: m.update(videos=3),
        lambda m: m["videos"]["three"].update(offset=5),
        lambda m: m["videos"]["one"].update(count=3),
        lambda m: m["videos"]["one"].update(count="4"),
        lambda m: m["videos"]["one"].pop("checksum"),
    ],
)
def test_a_damaged_manifest_is_one_clear_line(store: FeatureStore, damage: object) -> None:
    path = store.path / "manifest.json"
    content = json.loads(path.read_text())
    damage(content)  # type: ignore[operator]
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"manifest\.json is damaged") as caught:
        FeatureStore.open(store.path)
    assert "\n" not in str(caught.value)


def test_a_manifest_that_is_no_json(store: FeatureStore) -> None:
    (store.path / "manifest.json").write_bytes(b"\xff{")
    with pytest.raises(UserError, match="is not JSON"):
        FeatureStore.open(store.path)


@pytest.mark.parametrize("video_id", ["", ".", "..", "a/b", "../x", "a\\b", "a\0b", "a\nb", "x" * 201, "\ud800"])
def test_ids_that_could_leave_the_folder_are_refused(tmp_path: Path, video_id: str) -> None:
    with StoreWriter(tmp_path / "index", KEY) as writer, pytest.raises(UserError, match="video id"):
        writer.add(video_id, features_of("x", 2), 2.0)
    assert [p.name for p in tmp_path.iterdir()] == ["index"]


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\u2028", "\x85"])
def test_an_error_that_quotes_a_line_break_of_a_manifest_is_one_line(store: FeatureStore, line_break: str) -> None:
    path = store.path / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {"schema": f"one{line_break}two"}))
    with pytest.raises(UserError, match="schema one two") as error:
        FeatureStore.open(store.path)
    assert len(str(error.value).splitlines()) == 1


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=8), inside, max_size=3),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), value=_JSON)
def test_a_manifest_with_anything_anywhere_opens_or_is_one_line(
    store: FeatureStore, data: st.DataObject, value: object
) -> None:
    path = store.path / "manifest.json"
    before = path.read_bytes()
    content = json.loads(before)
    place: Any = content
    while isinstance(place, dict) and place:
        inside = data.draw(st.sampled_from(sorted(place)))
        if not isinstance(place[inside], dict) or data.draw(st.booleans()):
            place[inside] = value
            break
        place = place[inside]
    path.write_text(json.dumps(content))
    said = ""
    try:
        FeatureStore.open(store.path).verify()
    except UserError as error:
        said = str(error)
    finally:
        path.write_bytes(before)
    assert "\n" not in said
