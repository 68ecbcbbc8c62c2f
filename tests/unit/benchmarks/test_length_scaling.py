"""The measure of long videos, on short ones."""

from __future__ import annotations

import json

from spotvmr.benchmarks.length_scaling import time_query
from spotvmr.config import as_plain, compose


def test_a_probe_tells_seconds_and_its_own_peak() -> None:
    config = compose(["model.dim=16", "model.conv_layers=1"])
    found = json.loads(time_query(json.dumps({"config": as_plain(config), "dims": [6, 5, 4], "clips": 50})))
    assert 0 < found["seconds"] < 60
    assert 2**26 < found["peak_bytes"] < 2**34
