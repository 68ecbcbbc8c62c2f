"""Search without a run, by two tiny image-text models with random weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch.nn import functional as fn

from spotvmr.cli.main import main
from spotvmr.errors import UserError
from spotvmr.retrieval import Retriever

QUERY = "a red flask on the shelf"
YAML = "family: open_clip\nmodel: {model}\npretrained: random:{seed}\nframes: {frames}\nbatch_clips: 8\n"


@pytest.fixture
def models(tmp_path: Path) -> dict[str, str]:
    """An index of 48 channels and an expert of 24, as YAML files."""
    wide = {"image_size": 32, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8}
    words = {"context_length": 32, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 2}
    own = tmp_path / "tiny-expert.json"
    own.write_text(json.dumps({"embed_dim": 24, "vision_cfg": wide, "text_cfg": words}))
    (tmp_path / "tiny-index.yaml").write_text(YAML.format(model="tiny-test", seed=1, frames=1))
    (tmp_path / "tiny-expert.yaml").write_text(YAML.format(model=own, seed=2, frames=2))
    return {"index": str(tmp_path / "tiny-index.yaml"), "expert": str(tmp_path / "tiny-expert.yaml")}


def test_both_models_are_used_and_the_budget_is_kept(videos: Path, models: dict[str, str], tmp_path: Path) -> None:
    retriever = Retriever.zero_shot(**models, cache=tmp_path / "cache")
    video = retriever.open(videos / "plain.mp4", progress=False)
    answer = video.ask(QUERY, budget=0.4, top=3)
    assert (answer.n_clips, len(answer.clips), [len(step) for step in answer.steps]) == (10, 4, [2, 2])
    assert 1 <= len(answer.moments) <= 3
    assert 0 < answer.confidence <= 1
    stages = answer.stages
    assert all(stages[stage]["gflops"] > 0 for stage in ("text", "selection", "expert", "model"))
    again = video.ask(QUERY, budget=0.4, top=3)
    assert (again.moments, again.clips, again.new_clips) == (answer.moments, answer.clips, 0)


def test_the_first_look_is_where_the_index_is_most_similar(
    videos: Path, models: dict[str, str], tmp_path: Path
) -> None:
    retriever = Retriever.zero_shot(**models, cache=tmp_path / "cache")
    context = retriever.context
    video = retriever.open(videos / "plain.mp4", every_s=1.0, progress=False)
    answer = video.ask(QUERY, budget=0.1)
    sentence = context.text.encode([QUERY]).sentence
    cosine = fn.cosine_similarity(video._opened.index[0], sentence, dim=-1)
    assert answer.clips == (int(cosine.argmax()),)
    text = context.text.encode([QUERY])
    assert (text.tokens.shape, text.sentence.shape) == ((1, 1, 24), (1, 48))
    assert torch.isfinite(torch.tensor(answer.scores)).all()


def test_the_command(
    videos: Path,
    models: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SPOTVMR_CACHE", str(tmp_path / "cache"))
    words = [f"{key}={path}" for key, path in models.items()]
    assert main(["search", str(videos / "plain.mp4"), QUERY, "--zero-shot", "--json", "budget=0.2", *words]) == 0
    (flag,) = json.loads(capsys.readouterr().out)["answers"]
    assert main(["search", str(videos / "plain.mp4"), QUERY, "zero_shot=true", "--json", "budget=0.2", *words]) == 0
    (option,) = json.loads(capsys.readouterr().out)["answers"]
    assert flag["moments"] == option["moments"]
    assert len(flag["clips"]) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["zero_shot=perhaps"], "zero_shot=perhaps"),
        (["--zero-shot", "run=runs/demo"], "leave one of them out"),
        (["--zero-shot", "index=errands"], "index=errands cannot"),
        (["--zero-shot", "index=rio"], "index=rio cannot"),
        (["--zero-shot", "index.pretrained=local-dir:nowhere"], "index.pretrained="),
        (["--zero-shot", "index=INDEX", "expert.pretrained=absent.safetensors"], "local-dir:FOLDER"),
    ],
)
def test_what_cannot_be_is_one_line(
    words: list[str], said: str, models: dict[str, str], videos: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [word.replace("INDEX", models["index"]) for word in words]
    assert main(["search", str(videos / "plain.mp4"), QUERY, *given]) == 2
    shown = capsys.readouterr()
    assert said in shown.err.splitlines()[-1]
    assert shown.out == ""


def test_no_weights_says_how_to_get_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(UserError, match=r"fetches weights at first use.*local-dir:FOLDER") as error:
        Retriever.zero_shot(cache=tmp_path / "cache")
    assert "\n" not in str(error.value)


def test_other_commands_have_no_such_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "--zero-shot"]) == 2
    assert "--zero-shot means nothing" in capsys.readouterr().err
