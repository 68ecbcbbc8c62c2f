"""The contract of the settings: order of layers, choices, limits, and one clear line for whatever is wrong."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from spotvmr.config import GROUPS, Config, WorldConfig, as_plain, compose, from_plain, load, save, to_yaml
from spotvmr.config.folders import CONF, choices
from spotvmr.config.layers import setting_keys
from spotvmr.errors import UserError

ALL_CHOICES = [(group, choice) for group in GROUPS for choice in choices(group)]


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def complaint(*overrides: str) -> str:
    """The one line that these overrides deserve."""
    with pytest.raises(UserError) as caught:
        compose(overrides)
    line = str(caught.value)
    assert "\n" not in line
    return line


# Order of layers


def test_the_defaults_of_conf_and_schema_agree() -> None:
    schema = asdict(Config())
    schema["name"] = "demo"
    schema["dataset"] |= {"root": "data/demo", "world": asdict(WorldConfig())}
    composed = as_plain(compose())
    # Encoders are described by their presets alone.
    assert {k: v for k, v in composed.items() if k not in ("index", "expert")} == {
        k: v for k, v in schema.items() if k not in ("index", "expert")
    }


def test_a_later_layer_wins_over_every_earlier_one(tmp_path: Path) -> None:
    trainer = write(tmp_path / "mine.yaml", "lr: 0.02\npatience: 7\nbatch_size: 3\n")
    experiment = write(tmp_path / "exp.yaml", "trainer: {patience: 8, batch_size: 4}\nbudget: 0.3\n")
    config = compose([f"trainer={trainer}", f"experiment={experiment}", "trainer.batch_size=5"])
    assert (config.trainer.lr, config.trainer.patience, config.trainer.batch_size) == (0.02, 8, 5)
    assert config.trainer.teacher_epochs == Config().trainer.teacher_epochs
    assert config.budget == 0.3


def test_choices_come_from_base_then_dataset_then_experiment_then_command_line(tmp_path: Path) -> None:
    dataset = write(tmp_path / "film.yaml", "defaults: {selector: random, distill: none, trainer: fast}\n")
    experiment = write(
        tmp_path / "exp.yaml", f"defaults: {{dataset: '{dataset}', selector: uniform, distill: default}}\n"
    )
    by_dataset = compose([f"dataset={dataset}"])
    assert (by_dataset.selector.name, by_dataset.distill.heads, by_dataset.trainer.teacher_epochs) == ("random", 0.0, 1)
    by_experiment = compose([f"experiment={experiment}"])
    assert (by_experiment.dataset.name, by_experiment.selector.name) == ("film", "uniform")
    assert (by_experiment.distill.heads, by_experiment.trainer.teacher_epochs) == (1.0, 1)
    assert compose([f"experiment={experiment}", "selector=oracle"]).selector.name == "oracle"
    assert compose([f"experiment={experiment}", "dataset=demo"]).trainer.teacher_epochs > 1


def test_a_data_set_of_ones_own_needs_a_file_and_no_code(tmp_path: Path) -> None:
    dataset = write(tmp_path / "film.yaml", f"root: {tmp_path}/film\nval: null\nclip_s: 2\n")
    config = compose([f"dataset={dataset}"])
    assert (config.name, config.dataset.name, config.dataset.root) == ("film", "film", f"{tmp_path}/film")
    assert (config.dataset.val, config.dataset.clip_s, config.dataset.world) == (None, 2.0, None)


def test_a_group_is_chosen_before_its_keys_are_set_wherever_they_stand() -> None:
    assert compose(["trainer.batch_size=9", "trainer=fast"]) == compose(["trainer=fast", "trainer.batch_size=9"])
    assert compose(["trainer=fast", "trainer={lr: 0.5, workers: 2}", "trainer.lr=0.25"]).trainer.lr == 0.25


def test_an_experiment_is_found_by_name_below_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "experiments/claim/half_budget.yaml", "budget: 0.05\nname: half\n")
    config = compose(["experiment=half_budget"])
    assert (config.budget, config.name) == (0.05, "half")
    assert "half_budget" in complaint("experiment=halfbudget")
    write(tmp_path / "experiments/other/half_budget.yaml", "")
    assert "claim" in (line := complaint("experiment=half_budget"))
    assert "other" in line


@pytest.mark.parametrize(("group", "choice"), ALL_CHOICES)
def test_every_choice_composes_and_carries_its_name(group: str, choice: str) -> None:
    settings = getattr(compose([f"{group}={choice}"]), group)
    if f"{group}.name" in setting_keys():
        assert settings.name == choice


@pytest.mark.parametrize("group", GROUPS)
def test_base_names_an_existing_choice_for_every_group(group: str) -> None:
    defaults = yaml.safe_load((CONF / "base.yaml").read_text(encoding="utf-8"))["defaults"]
    assert defaults[group] in choices(group)


def test_the_arms_of_the_ablation_are_there() -> None:
    arms = {"all", "none", "random", "uniform", "similarity", "one_shot", "spotter", "spotter_gumbel", "oracle"}
    assert arms <= set(choices("selector"))


# Values


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("name='a=b'", "a=b"),
        ('name="x = y = z"', "x = y = z"),
        ("name=12", "12"),
        ("name=001", "001"),
        ("name=123E456", "123E456"),
        ("name=1e3", "1e3"),
        ("name=on", "on"),
        ("name=12:30:45", "12:30:45"),
        ("name=0x10", "0x10"),
        ("name=1_000", "1_000"),
        ("name=a # b", "a # b"),
        ("name='001'", "001"),
        ("dataset.videos=01", "01"),
        ("dataset.videos=off", "off"),
        ("log.entity=1e3", "1e3"),
        ("name='None'", "None"),
        ("dataset.val=None", None),
        ("dataset.val=null", None),
        ("dataset.world=null", None),
        ("trainer.lr=3e-4", 3e-4),
        ("trainer.lr=1", 1.0),
        ("seed='4'", 4),
        ("budget=1", 1.0),
        ("name=none", "none"),
        ("dataset.iou_rule='>'", ">"),
    ],
)
def test_values_are_read_as_yaml(override: str, value: object) -> None:
    found: object = compose([override])
    for part in override.partition("=")[0].split("."):
        found = getattr(found, part)
    assert found == value
    assert type(found) is type(value)


def test_the_last_of_two_words_counts() -> None:
    assert compose(["budget=0.2", "selector=all", "budget=0.4", "selector=none"]).budget == 0.4
    assert compose(["selector=all", "selector=none"]).selector.name == "none"


def test_interpolations_follow_what_is_set_last() -> None:
    config = compose(["paths.data=/big", "dataset.name=town", "trainer.patience=${trainer.batch_size}"])
    assert (config.dataset.root, config.name, config.trainer.patience) == ("/big/town", "town", 16)


# What is wrong gets one line


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("bugdet=0.1", ["'bugdet'", "'budget'"]),
        ("lr=1", ["'lr'", "'trainer.lr'"]),
        ("trainer.batchsize=1", ["'trainer.batch_size'", "command line"]),
        ("dataset.wrld.fps=9", ["'dataset.wrld'", "'dataset.world'"]),
        ("budget.share=1", ["'budget.share'"]),
        ("selectr=all", ["'selector'"]),
        ("experimnt=x", ["'experiment'"]),
        ("dataset=dmeo", ["dataset 'dmeo'", "demo"]),
        ("model=vslnt", ["model 'vslnt'", "vslnet"]),
        ("selector=unifrom", ["from uniform,"]),
        ("dataset=no/such.yaml", ["no/such.yaml", "does not exist"]),
        ("experiment=no/such.yaml", ["no/such.yaml", "does not exist"]),
        ("dataset=", ["dataset=", "names nothing"]),
        ("selector=null", ["names nothing"]),
        ("experiment=None", ["names nothing"]),
        ("budget=abc", ["budget='abc'", "a number"]),
        ("budget=null", ["budget=None", "a number"]),
        ("budget=[0.1]", ["budget=[0.1]", "a number"]),
        ("budget=true", ["budget=True", "a number"]),
        ("trainer.devices=1.5", ["trainer.devices=1.5", "a whole number"]),
        ("dataset.val={a: 1}", ["'dataset.val.a'"]),
        ("dataset.val=[a]", ["dataset.val=['a']", "a text or null"]),
        ("paths=here", ["paths='here'", "paths.<key>"]),
        ("dataset.world=3", ["dataset.world=3", "dataset.world.<key>"]),
        ("name=[1", ["name=[1", "YAML"]),
        ("name=${nowhere}", ["name", "nowhere"]),
        ("budget=${dataset.name}", ["budget"]),
        ("dataset.name=${name}", ["ecursive"]),
        ("nonsense", ["'nonsense'", "key=value"]),
        ("=3", ["'=3'", "key=value"]),
        ("a b=3", ["'a b=3'"]),
        ("trainer..lr=3", ["key=value"]),
    ],
)
def test_wrong_words_get_one_line_that_names_them(override: str, parts: list[str]) -> None:
    line = complaint(override)
    assert [part for part in parts if part not in line] == []


@pytest.mark.parametrize(
    ("key", "good", "bad"),
    [
        ("budget", ["1", "1e-6"], ["0", "1.5", "-0.1", ".nan", ".inf"]),
        ("seed", ["0"], ["-1"]),
        ("name", ["a.b-c", ".a"], ["../x", "a/b", "''", "'a\\b'", "'..'", "."]),
        ("selector.name", ["a"], ["."]),
        ("dataset.clip_s", ["0.5"], ["0", "-1", ".inf", ".nan"]),
        ("dataset.iou_rule", ["'>'", "'>='"], ["'<'", "ge"]),
        ("dataset.val_share", ["0", "0.5"], ["1", "-0.1", ".nan"]),
        ("dataset.world.fps", ["8"], ["7"]),
        ("dataset.world.minutes", ["0.5"], ["0", "-8"]),
        ("dataset.world.width", ["320"], ["158", "161"]),
        ("dataset.world.test_videos", ["0"], ["-1"]),
        ("expert.frames", ["1"], ["0"]),
        ("selector.steps", ["1"], ["0"]),
        ("selector.train_steps", ["1"], ["0"]),
        ("selector.cap", ["1", "2.5"], ["0.5", ".inf", ".nan"]),
        ("selector.budget_weight", ["0"], ["-1"]),
        ("selector.rerank", ["0"], ["-0.1"]),
        ("expert.drop", ["[]"], ["[a]"]),
        ("selector.temperature", ["0.1"], ["0"]),
        ("model.kernel", ["1", "9"], ["0", "-1", "6"]),
        ("model.heads", ["8"], ["0", "7"]),
        ("model.dropout", ["0"], ["1", "-0.1"]),
        ("model.top_k", ["1"], ["0"]),
        ("distill.heads", ["0"], ["-1", ".nan"]),
        ("distill.start", ["teacher", "scratch"], ["nothing"]),
        ("trainer.teacher_epochs", ["1"], ["0"]),
        ("trainer.student_epochs", ["1"], ["0"]),
        ("trainer.batch_size", ["1"], ["0"]),
        ("trainer.warmup", ["0", "1"], ["1.1", "-0.1"]),
        ("trainer.devices", ["2"], ["0"]),
        ("trainer.strategy", ["ddp"], ["dpp"]),
        ("trainer.precision", ["bf16-mixed"], ["8", "64-true"]),
        ("trainer.accelerator", ["cpu"], ["gpus"]),
    ],
)
def test_limits(key: str, good: list[str], bad: list[str]) -> None:
    for value in good:
        compose([f"{key}={value}"])
    for value in bad:
        assert key in complaint(f"{key}={value}")


@pytest.mark.parametrize("selector", ["spotter", "one_shot"])
def test_a_spotter_that_nothing_teaches_is_refused(selector: str) -> None:
    with pytest.raises(UserError, match=rf"distill\.selection=0 leaves selector={selector} without a loss"):
        compose([f"selector={selector}", "distill.selection=0"])
    assert compose(["selector=uniform", "distill.selection=0"]).distill.selection == 0


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("lrr: 1\n", ["'trainer.lrr'", "broken.yaml", "'trainer.lr'"]),
        ("lr: fast\n", ["trainer.lr='fast'", "broken.yaml", "a number"]),
        ("lr: [1\n", ["broken.yaml", "YAML", "line 2"]),
        ("lr: 1\nlr: 2\n", ["broken.yaml", "lr"]),
        ("- 1\n- 2\n", ["broken.yaml", "list"]),
        ("defaults: {selector: all}\n", ["'trainer.defaults'", "broken.yaml"]),
    ],
)
def test_wrong_files_get_one_line_that_names_the_file(tmp_path: Path, text: str, parts: list[str]) -> None:
    line = complaint(f"trainer={write(tmp_path / 'broken.yaml', text)}")
    assert [part for part in parts if part not in line] == []


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (path := tmp_path / "video.yaml").write_bytes(b"\xff\xfe\x00\x81")
    assert "video.yaml" in complaint(f"dataset={path}")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("defaults: {selectr: all}\n", ["'selectr'", "'selector'"]),
        ("defaults: [all]\n", ["defaults"]),
        ("defaults: {selector: al}\n", ["selector 'al'", "all"]),
        ("defaults: {dataset: demo}\n", ["not of dataset"]),
    ],
)
def test_wrong_defaults_of_a_data_set_are_refused(tmp_path: Path, text: str, parts: list[str]) -> None:
    line = complaint(f"dataset={write(tmp_path / 'mine.yaml', text)}")
    assert [part for part in parts if part not in line] == []


# To plain Python, YAML and back


# No deadline: other work on the machine is no failure.
@settings(max_examples=25, deadline=None)
@given(
    budget=st.floats(1e-9, 1.0),
    seed=st.integers(0, 2**63),
    name=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1).filter(
        lambda text: text != "." and not any(part in text for part in ("/", "\\", "..", "$"))
    ),
)
def test_settings_survive_plain_python_and_yaml(budget: float, seed: int, name: str) -> None:
    plain = as_plain(compose()) | {"budget": budget, "seed": seed, "name": name}
    config = from_plain(plain)
    assert (config.budget, config.seed, config.name) == (budget, seed, name)
    assert as_plain(config) == plain
    assert from_plain(yaml.safe_load(to_yaml(config))) == config


def test_saved_settings_load_as_they_were_and_serve_as_an_experiment(tmp_path: Path) -> None:
    config = compose(["selector=uniform", "budget=0.25", "dataset.world=null", "trainer.lr=2e-5"])
    save(config, path := tmp_path / "runs" / "config.yaml")
    assert load(path) == config
    assert "${" not in path.read_text(encoding="utf-8")
    assert compose([f"experiment={path}", "budget=0.5"]).trainer.lr == 2e-5
    assert [file.name for file in path.parent.iterdir()] == ["config.yaml"]


def test_saving_where_nothing_can_be_written_is_the_users_error(tmp_path: Path) -> None:
    blocked = write(tmp_path / "file", "")
    with pytest.raises(UserError, match="file"):
        save(compose(), blocked / "config.yaml")


def test_a_saved_file_of_another_version_names_the_unknown_key(tmp_path: Path) -> None:
    path = write(tmp_path / "config.yaml", "seed: 1\ncolour: red\n")
    with pytest.raises(UserError, match=r"'colour' \(.*config\.yaml\)"):
        load(path)


def test_settings_need_no_torch() -> None:
    code = (
        "import sys, spotvmr.config as c; c.compose(); print([m for m in ('torch', 'numpy', 'av') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# Anything at all

_KEYS = st.sampled_from(
    ["budget", "model.dim", "dataset", "trainer", "paths.runs", "dataset.world", "index.imported", "model.options"]
)
_WORDS = st.text(max_size=12) | st.sampled_from(
    ["null", "1e999", "-1", "[1", "{a: 1}", "${name}", "${budget}", "&a *a", "!!python/name:os.system"]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.builds("{}={}".format, _KEYS | st.text(max_size=12), _WORDS) | st.text(max_size=12), max_size=3))
def test_any_words_make_settings_or_one_line(words: list[str]) -> None:
    said = "settings"
    try:
        compose(words)
    except UserError as error:
        said = str(error)
    assert said
