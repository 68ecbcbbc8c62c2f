"""Write Big Buck Bunny and its queries as a generic data set: 13 queries to train, 4 to validate, 4 to test.

Usage: python experiments/real_film/split.py FOLDER_OF_THE_FILM FOLDER_TO_MAKE
"""

from __future__ import annotations

import sys
from pathlib import Path

FILM = "big_buck_bunny_720p_full_596s.mp4"


def main(source: Path, target: Path) -> None:
    """Link the film and split its queries: of each five, one goes to val and one to test."""
    rows = (source / "bbb_queries.jsonl").read_text(encoding="utf-8").splitlines()
    parts = {"val": rows[1::5][:4], "test": rows[3::5][:4]}
    parts["train"] = [row for row in rows if row not in [*parts["val"], *parts["test"]]]
    (target / "videos").mkdir(parents=True, exist_ok=True)
    for split, lines in parts.items():
        (target / f"{split}.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    film = target / "videos" / FILM
    if not film.exists():
        film.symlink_to((source / FILM).resolve())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
