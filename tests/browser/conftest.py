"""A headless Chromium and folders of made-up runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from selenium import webdriver

from spotvmr.types.moment import Moment
from spotvmr.types.predictions import Prediction, write_predictions
from spotvmr.types.record import Cost, Hardware, RunRecord, Selection, write_record
from spotvmr.types.traces import Trace, write_traces

FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-dev-shm-usage",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--force-color-profile=srgb",
)  # fmt: skip
SELECTORS = ("spotter", "similarity", "uniform", "random", "one_shot")
STAGES = ("index", "text", "selection", "expert", "model")


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    """Debian's Chromium with a profile of its own; its console is kept."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not (program and driver):
        message = "needs Debian's packages chromium and chromium-driver"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in (*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options, webdriver.ChromeService(driver))
    chrome.set_page_load_timeout(60)
    chrome.set_script_timeout(60)
    yield chrome
    chrome.quit()


def a_record(number: int, **more: object) -> RunRecord:
    """A run whose scores and costs follow from its number."""
    rng = np.random.default_rng(number)
    selector = SELECTORS[number % len(SELECTORS)]
    budget = (0.05, 0.1, 0.2, 0.3)[number // len(SELECTORS) % 4]
    score = float(np.clip(0.3 + budget + 0.3 * rng.random(), 0, 1))
    stages = {stage: {"gflops": 1e4 * float(rng.random()), "seconds": 900 * float(rng.random())} for stage in STAGES}
    gflops = 118 * budget + 5.0 + float(rng.random())
    values: dict[str, object] = {
        "name": f"run-{number}", "created": f"2026-01-02T03:04:{number % 60:02d}+00:00", "git": "", "seed": number % 3,
        "command": f"spotvmr train name=run-{number}", "dataset": "demo", "split": "test", "n_queries": 1000,
        "n_videos": 50, "hours": 6.7, "iou_rule": ">=", "model": ("vslnet", "qd_detr")[number % 2],
        "selector": selector, "budget": budget,
        "metrics": {"R1@0.3": score, "R1@0.5": score - 0.05, "R5@0.3": min(1.0, score + 0.2), "mIoU": score - 0.1},
        "ci95": dict.fromkeys(("R1@0.3", "mIoU"), (score - 0.04, score + 0.03)),
        "selection": Selection(budget, budget, budget, 0.75),
        "cost": Cost(
            20.0, {"decode": {"seconds": 500.0, "frames": 9}, **stages}, {"q1": gflops, "q10": gflops / 2, "all": 3.0},
            {"q1": 118.0, "q10": 12.0, "all": 8.0}, {"q1": gflops / 118, "q10": 0.2, "all": 0.3}, "measured",
        ),
        "hardware": Hardware("Some CPU", 2), "versions": {}, "config": {"dataset": {"clip_s": 1.0}},
        "annotations_digest": "0123abcd",
    }  # fmt: skip
    return RunRecord(**(values | more))  # type: ignore[arg-type]


def a_run(folder: Path, record: RunRecord, queries: int, text: str = "the hand turned the red mug over") -> None:
    """Write a run with predictions and traces of every 40th query beside its record."""
    rng = np.random.default_rng(record.seed)
    answers, traces = [], []
    for number in range(queries):
        start_s = float(rng.integers(0, 470)) + 0.25
        moments = [Moment(s, s + 4.2, 0.9) for s in (start_s + 1, *rng.uniform(0, 470, 4).round(2).tolist())]
        clips = sorted(rng.choice(480, 48, replace=False).tolist())
        truth = (Moment(start_s, start_s + 5.0),)
        answers.append(
            Prediction(
                str(number), f"video_{number % 50}", f"{text}, {number}", tuple(moments), tuple(clips), truth, 480.0
            )
        )
        if number % 40 == 0:
            scores = tuple(tuple(rng.normal(0, 3, 480).round(3).tolist()) for _ in range(3))
            steps = (tuple(clips[:16]), tuple(clips[16:32]), tuple(clips[32:]))
            traces.append(Trace(str(number), 480.0, 1.0, steps, scores))
    write_predictions(answers, folder / "predictions.jsonl")
    write_traces(traces, folder / "traces.jsonl")
    write_record(record, folder / "record.json")


@pytest.fixture
def make_record() -> Callable[..., RunRecord]:
    return a_record


@pytest.fixture
def make_run() -> Callable[..., None]:
    return a_run
