"""The cost of encoding a video, to the digit; DeCafNet's published line among it."""

from __future__ import annotations

import json

import pytest

from spotvmr.cli.main import main
from spotvmr.config import compose
from spotvmr.cost.encoding import bytes_an_hour, encoding_cost

DECAFNET = ["dataset=ego4d", "index=decafnet", "expert=decafnet", "seconds=480"]


def told(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    """What ``spotvmr cost`` says as JSON."""
    assert main(["cost", *words, "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("budget", [0.01, 0.1, 0.3, 0.5, 1.0])
def test_the_formula(budget: float) -> None:
    cost = encoding_cost(1000.0, 2.0, index_gflops=3.0, expert_gflops=70.0, budget=budget)
    assert cost.n_clips == 500
    assert cost.chosen == round(500 * budget)
    assert cost.index_tflops == 1.5
    assert cost.dense_tflops == 35.0
    assert cost.budgeted_tflops == pytest.approx(1.5 + budget * 35.0, rel=1e-12)
    assert cost.ratio_to_dense == cost.budgeted_tflops / 35.0


def test_a_short_video_gets_one_clip_at_least() -> None:
    assert encoding_cost(3.0, 1.0, 1.0, 10.0, 0.1).chosen == 1


def test_bytes_an_hour_are_those_of_the_store() -> None:
    assert bytes_an_hour(512, 2.0) == 1800 * 512 * 2


@pytest.mark.parametrize(
    ("budget", "published"),
    # 21.6 + r · 668.2 TFLOPs a video (DeCafNet, CVPR 2025).
    [("1.0", 689.8), ("0.5", 355.7), ("0.3", 222.06)],
)
def test_decafnets_line(budget: str, published: float, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, *DECAFNET, f"budget={budget}")
    assert found["line"] == "21.6 + r·668.2"
    assert found["tflops"]["budgeted"] == pytest.approx(published, abs=0.005)  # type: ignore[index]
    assert found["video"]["clips"] == 900  # type: ignore[index]


def test_decafnets_presets_say_where_their_numbers_come_from() -> None:
    config = compose(DECAFNET[:3])
    for encoder, total in ((config.index, 21.6), (config.expert, 668.2)):
        assert encoder.imported is not None
        assert encoder.imported.gflops * 900 / 1000 == pytest.approx(total, abs=0.0005)
        assert f"{total} TFLOPs a video of 480 s, over 900 features" in encoder.imported.source


def test_computed_encoders_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    encoders = told(capsys, "hours=2")["encoders"]
    # conf/index/errands.yaml and conf/expert/errands.yaml name these numbers.
    assert encoders["index"]["gflops_per_clip"] == pytest.approx(0.0098, abs=5e-5)  # type: ignore[index]
    assert encoders["expert"]["gflops_per_clip"] == pytest.approx(0.2453, abs=5e-5)  # type: ignore[index]
    assert encoders["index"]["parts"] == {"room": 32, "interaction": 32, "object": 32}  # type: ignore[index]
    assert encoders["index"]["bytes_per_hour"] == 3600 * 96 * 2  # type: ignore[index]
    assert encoders["index"]["source"] == "counted"  # type: ignore[index]


def test_a_clip_of_imported_features_costs_what_its_time_holds(capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, "dataset=mad", "index=clip-mad")
    # Five CLIP frames a second, 8.8 GFLOPs each.
    assert found["encoders"]["index"]["gflops_per_clip"] == pytest.approx(44.0)  # type: ignore[index]


@pytest.mark.parametrize("words", [["hours=0"], ["hours=x"], ["seconds=-1"], ["hours=1", "seconds=1"]])
def test_lengths_that_are_none_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cost", *words]) == 2
    assert words[-1].split("=")[0] in capsys.readouterr().err
