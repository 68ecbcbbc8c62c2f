"""Compare reaches of new index features around the selected clips if key frames are rare: ``reach.py RUN FOLDER``.

Searches the video files of the validation split with a trained run. The generated world has 4 s between key frames
here. The first search has an index frame in the middle of every clip, the others an index of key frames with new index
features up to a reach around the selected clips. FOLDER gets videos and cache; ``reach.json`` is written here.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from spotvmr.assembly import find_videos, load_splits, make_world
from spotvmr.benchmarks.retrieval.answers import search_files
from spotvmr.metrics import GroundingMetrics
from spotvmr.retrieval import Retriever, keyframes
from spotvmr.system.files import write_text_atomic
from spotvmr.types.environment import origin

KEYFRAME_S = 4.0
REACHES = ((1.0, 5.0), (1.5, 8.0), (2.0, 8.0), (3.0, 12.0), (120.0, 480.0))
"""Groups of pictures, and seconds at most; the last reach is the whole video."""


def main(run: Path, folder: Path) -> None:
    """Search every query with every reach."""
    retriever = Retriever.from_run(run, folder / "cache")
    data = retriever.config.dataset
    world = replace(data.world, keyframe_s=KEYFRAME_S, train_videos=0, test_videos=0, pool_videos=0)
    data = replace(data, name="reach", root=str(folder / "world"), train=None, test=None, world=world)
    make_world(replace(retriever.config, dataset=data))
    splits = load_splits(data)
    queries, files = splits["val"], find_videos(data, splits)

    def recall(every_s: float | None) -> float:
        found, metric = search_files(retriever, queries, files, every_s), GroundingMetrics()
        metric.update([q.qid for q in queries], [found[q.qid].moments for q in queries], [q.moments for q in queries])
        return metric.compute()["R1@0.3"]

    every_clip, rows = recall(data.clip_s), []
    for groups, reach_s in REACHES:
        keyframes.GROUPS, keyframes.REACH_S = groups, reach_s
        found = recall(None)
        rows.append({"groups": groups, "reach_s": reach_s, "R1@0.3": found, "ratio": found / every_clip})
        print(json.dumps(rows[-1]), flush=True)
    record = {
        **origin("python", sys.argv[0]),
        "split": "val",
        "queries": len(queries),
        "every_clip": every_clip,
        "rows": rows,
    }
    write_text_atomic(Path(__file__).with_name("reach.json"), json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
