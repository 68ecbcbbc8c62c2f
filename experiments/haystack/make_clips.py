"""Cut each event of a generated world into a clip with a caption, for haystacks.

Usage: python experiments/haystack/make_clips.py FOLDER_OF_THE_WORLD FOLDER_TO_MAKE [VIDEOS]

Writes FOLDER_TO_MAKE/clips/*.mp4 and FOLDER_TO_MAKE/captions.csv; with VIDEOS, from that many videos alone. A video
whose clips are there is passed over.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from spotvmr.system.files import write_text_atomic
from spotvmr.system.processes import in_processes
from spotvmr.types.environment import hardware
from spotvmr.video import VideoWriter, open_reader
from spotvmr.worlds import ACTIONS, COLOURS, SHAPES

Row = tuple[str, str]


def main(world: Path, target: Path, videos: int | None = None) -> None:
    """Cut the events of some videos, or of all."""
    names = sorted(path.stem for path in (world / "videos").glob("*.mp4"))[:videos]
    rows: list[Row] = []
    for done, part in enumerate(
        in_processes(cut_video, [(world, target, n) for n in names], hardware().cores), start=1
    ):
        rows += part
        print(f"\r{done} of {len(names)} videos, {len(rows)} clips", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    table = io.StringIO()
    csv.writer(table).writerows([("file", "caption"), *sorted(rows)])
    write_text_atomic(target / "captions.csv", table.getvalue())


def cut_video(world: Path, target: Path, name: str) -> list[Row]:
    """Write the events of one video as clips; return file and caption of each."""
    reader = open_reader(world / "videos" / f"{name}.mp4")
    size, fps = (reader.info.width, reader.info.height), round(reader.info.fps)
    rows = []
    for number, (start_s, end_s, caption) in enumerate(events(world / "labels" / f"{name}.npz")):
        file = f"{name}_{number:03d}.mp4"
        rows.append((file, caption))
        if not (target / "clips" / file).exists():
            times = start_s + np.arange(round((end_s - start_s) * fps)) / fps
            with VideoWriter(target / "clips" / file, *size, fps, crf=20) as writer:
                for frame in reader.read(times.tolist()).pixels:
                    writer.write(frame)
    return rows


def events(labels: Path) -> Iterator[tuple[float, float, str]]:
    """Start and end in seconds, and caption of each event.

    One wording for all: two captions are the same text exactly when they mean the same.
    """
    with np.load(labels) as arrays:
        columns = [arrays[f"event_{name}"] for name in ("start_s", "end_s", "action", "colour", "shape")]
    for start_s, end_s, action, colour, shape in zip(*columns, strict=True):
        yield start_s, end_s, f"when did I {ACTIONS[action][0].base} the {COLOURS[colour]} {SHAPES[shape][0]}?"


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
