"""An index that is read without some of its parts."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from spotvmr.errors import UserError
from spotvmr.features import FeatureStore, StoreKey, StoreWriter


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    key = StoreKey("test", "0", "none", 1.0, 1, {"room": 2, "object": 3, "hand": 1})
    with StoreWriter(tmp_path / "index", key) as writer:
        writer.add("a", np.arange(1, 25, dtype=np.float32).reshape(4, 6), 4.0)
        writer.finish(["a"])
    return FeatureStore.open(tmp_path / "index")


def test_reads_zeros_in_the_dropped_parts_alone(store: FeatureStore) -> None:
    whole, part = store.read("a"), store.without(["object"]).read("a", 1, 3)
    assert (part[:, 2:5] == 0).all()
    np.testing.assert_array_equal(part[:, [0, 1, 5]], whole[1:3][:, [0, 1, 5]])
    assert (store.without(["room", "hand"]).gather("a", [3])[:, [0, 1, 5]] == 0).all()


def test_stays_without_them_in_a_worker(store: FeatureStore) -> None:
    again = pickle.loads(pickle.dumps(store.without(["object"])))
    assert (again.read("a")[:, 2:5] == 0).all()


def test_unknown_parts_are_refused(store: FeatureStore) -> None:
    with pytest.raises(UserError, match="rom is no part of .*room, object, hand"):
        store.without(["rom"])


def test_a_healthy_store_without_parts_is_whole(store: FeatureStore) -> None:
    store.without(["object"]).verify()
