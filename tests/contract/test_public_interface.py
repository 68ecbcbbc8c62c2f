"""The contract of the package as a library: its names, their types, and what an import costs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import spotvmr

ROOT = Path(__file__).resolve().parents[2]
NAMES = ["Answer", "Moment", "Retriever", "UserError", "Video", "__version__"]

SCRIPT = """\
from spotvmr import Answer, Moment, Retriever, UserError, Video

video = Retriever.from_run("runs/demo").open("long.mp4")
answer = video.ask("when did I open the fridge", budget=0.1)
first = answer.moments[0]

reveal_type(Retriever.from_run)
reveal_type(Retriever.zero_shot)
reveal_type(video)
reveal_type(video.ask(["one", "two"]))
reveal_type(answer)
reveal_type(answer.moments)
reveal_type(answer.confidence)
reveal_type(answer.clips)
reveal_type(answer.stages)
reveal_type(answer.seconds)
reveal_type(answer.dense.gflops)
reveal_type(first)
reveal_type(first.start_s)
reveal_type(first.score)
reveal_type(Moment(0.0, 1.0).length_s)
reveal_type(UserError("wrong"))
"""


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_public_names() -> None:
    assert spotvmr.__all__ == NAMES
    assert set(NAMES) <= set(dir(spotvmr))
    assert {name: getattr(spotvmr, name).__name__ for name in NAMES[:-1]} == {name: name for name in NAMES[:-1]}


def test_each_public_name_is_that_of_its_module() -> None:
    from spotvmr.errors import UserError
    from spotvmr.retrieval import Answer, Retriever, Video
    from spotvmr.types import Moment

    assert (spotvmr.Answer, spotvmr.Moment, spotvmr.Retriever) == (Answer, Moment, Retriever)
    assert (spotvmr.UserError, spotvmr.Video) == (UserError, Video)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'spotvmr' has no attribute 'Retriver'"):
        _ = spotvmr.Retriver  # type: ignore[attr-defined]


def test_the_package_alone_loads_nothing_slow() -> None:
    loaded = "import sys, spotvmr; dir(spotvmr); print(sorted(m for m in sys.modules if m.partition('.')[0] in {}))"
    assert python(loaded.format(("torch", "numpy", "av", "omegaconf", "rich"))) == "[]"
    assert python("import sys; from spotvmr import Moment, UserError; print('torch' in sys.modules)") == "False"


def test_searching_loads_no_package_that_only_training_needs() -> None:
    slow = ("torchvision", "lightning", "torchmetrics", "scipy", "wandb", "matplotlib", "open_clip", "torch._dynamo")
    code = f"import sys; from spotvmr import Retriever; print([m for m in {slow} if m in sys.modules])"
    assert python(code) == "[]"


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "src" / "spotvmr" / "py.typed").read_text(encoding="utf-8") == ""


def test_counting_flops_does_not_load_the_compiler() -> None:
    code = (
        "import sys, torch; from spotvmr.cost import count_gflops; "
        "print(count_gflops(torch.nn.Linear(1000, 500), torch.zeros(1000, 1000)), 'torch._dynamo' in sys.modules)"
    )
    assert python(code) == "1.0 False"


def test_a_user_script_is_fully_typed(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path / 'cache'}"]
    env = {**os.environ, "MYPYPATH": str(ROOT / "src")}
    done = subprocess.run([*command, "script.py"], cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert re.findall(r"script\.py.*error: .*", done.stdout) == [], done.stdout
    revealed = re.findall(r'Revealed type is "(.*)"', done.stdout)
    assert len(revealed) == SCRIPT.count("reveal_type")
    assert [kind for kind in revealed if "Any" in kind or kind == "object"] == []
