"""Recall over video length: train on short haystacks, evaluate long ones at a proportional and at a fixed budget.

Usage: python experiments/haystack/run.py FOLDER_OF_MAKE_CLIPS [--minutes 10 30 60 120 300 600] [key=value …]

The words ``key=value`` go to `spotvmr train`. Finished parts are used again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
STYLE = ["borders=fade", "width=160", "height=90", "fps=10"]  # as in the training of the errands encoders
PROPORTIONAL = 0.1
TEST_HOURS = 6.0  # of each length, but at least one video


def main() -> None:
    """Make the haystacks, train, evaluate and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", type=Path)
    parser.add_argument("--minutes", type=float, nargs="+", default=[10, 30, 60, 120, 300, 600])
    parser.add_argument("--videos", type=int, default=60, help="of the haystack to train on")
    parser.add_argument("--hours", type=float, default=TEST_HOURS, help="of test video of each length")
    parser.add_argument("--name", default="haystack", help="of the run")
    parser.add_argument("--runs", default="runs")
    parser.add_argument("--data", default="data")
    given, words = parser.parse_known_args()
    runs, data = f"paths.runs={given.runs}", f"paths.data={given.data}"
    clips = [f"clips={given.raw / 'clips'}", f"captions={given.raw / 'captions.csv'}", *STYLE]
    shortest = min(given.minutes)
    options = [f"minutes={shortest:g}", f"videos={given.videos}", data]
    trained_on = haystack([*clips, *options], given.data, f"haystack-{shortest:g}min")
    experiment = f"experiment={HERE / 'haystack.yaml'}"
    spotvmr("train", experiment, f"dataset={trained_on}", runs, data, *words, f"name={given.name}")
    for minutes in given.minutes:
        videos = max(1, round(given.hours * 60 / minutes))
        options = [f"minutes={minutes:g}", f"videos={videos}", "only=test", data]
        dataset = haystack([*clips, *options], given.data, f"haystack-test-{minutes:g}min")
        for budget in sorted({PROPORTIONAL, PROPORTIONAL * shortest / minutes}):
            spotvmr("evaluate", f"run={given.runs}/{given.name}", f"dataset={dataset}", f"budget={budget:.6g}", data)
    spotvmr("report", f"runs={given.runs}/{given.name}")


def haystack(words: list[str], data: str, name: str) -> Path:
    """Make a haystack and return its YAML file."""
    spotvmr("haystack", *words, f"name={name}")
    return Path(data) / name / f"{name}.yaml"


def spotvmr(*words: str) -> None:
    """Run a command; stop with its exit code if it fails."""
    print("spotvmr", *words, flush=True)
    code = subprocess.run([sys.executable, "-m", "spotvmr", *words], check=False).returncode
    if code:
        sys.exit(code)


if __name__ == "__main__":
    main()
