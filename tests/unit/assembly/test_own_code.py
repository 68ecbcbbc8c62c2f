"""Own models by file and by entry point, and what is said when they do not fit."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest
from torch import nn

from spotvmr.assembly import code_digests
from spotvmr.assembly.builders import build_model
from spotvmr.config import Config, compose
from spotvmr.config.schema.models import OwnModelConfig
from spotvmr.errors import UserError
from spotvmr.models import VslNet

WHOLE = """
from torch import nn
from spotvmr.models.losses import SpanLoss
class Mine(nn.Module):
    loss, fusion = SpanLoss, None
    encode = predict = decode = None
    def __init__(self, index_dim, dim, depth=1):
        super().__init__()
        self.dim, self.depth, self.index_dim = dim, depth, index_dim
class Needy(Mine):
    def __init__(self, index_dim, dim, tables):
        super().__init__(index_dim, dim)
class Half(nn.Module):
    dim = 3
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(WHOLE)
    return path


def build(file: Path, name: str = "Mine", **options: object) -> nn.Module:
    return build_model(OwnModelConfig(name=name, target=f"{file}:{name}", dim=8, options=options), 5, 6, 7)


def test_the_constructor_gets_what_it_asks_for(file: Path) -> None:
    model = build(file, depth=3)
    assert (model.dim, model.depth, model.index_dim) == (8, 3, 5)


def test_the_command_line_names_file_and_class(file: Path) -> None:
    config = compose([f"model={file}:Mine", "model.dim=12", "model.options.depth=2"]).model
    assert (config.name, config.target, config.options) == ("Mine", f"{file}:Mine", {"depth": 2})
    assert build_model(config, 5, 6, 7).dim == 12


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": "none.py:Mine"}, "model file none.py does not exist"),
        ({"target": "{file}:Mien"}, "has no class 'Mien': did you mean 'Mine'"),
        ({"target": "{file}"}, "write path/to/file.py:ClassName"),
        ({"options": {"dept": 1}}, "model.options.dept is no argument of Mine: did you mean 'depth'"),
        ({"target": "{file}:Needy"}, "Needy needs 'tables': set model.options.tables=VALUE"),
        ({"target": "{file}:Half"}, "Half lacks loss, fusion, encode, predict, decode"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(file: Path, change: dict[str, object], message: str) -> None:
    settings = OwnModelConfig(name="Mine", target=f"{file}:Mine")
    if "target" in change:
        change = {"target": str(change["target"]).replace("{file}", str(file))}
    with pytest.raises(UserError, match=message) as caught:
        build_model(replace(settings, **change), 5, 6, 7)
    assert "\n" not in str(caught.value)


def test_a_size_that_nothing_reads_is_refused(file: Path) -> None:
    file.write_text(WHOLE.replace("SpanLoss, None", "SpanLoss, nn.Linear(1, 1)"))
    with pytest.raises(UserError, match=r"model.heads=8 is no argument of Mine: leave it out"):
        build_model(OwnModelConfig(name="Mine", target=f"{file}:Mine", heads=8), 5, 6, 7)
    with pytest.raises(UserError, match=r"model.dropout=0.5 is no argument of Mine: leave it out"):
        build_model(OwnModelConfig(name="Mine", target=f"{file}:Mine", dropout=0.5), 5, 6, 7)


def test_a_file_that_does_not_load_says_why(file: Path) -> None:
    file.write_text("import no_such_module_here\n")
    with pytest.raises(UserError, match="does not load: ModuleNotFoundError: No module named 'no_such_module_here'"):
        build(file)


def test_weights_depend_on_the_file(file: Path) -> None:
    config = Config(model=OwnModelConfig(target=f"{file}:Mine"))
    before = code_digests(config)
    file.write_text(WHOLE + "# changed\n")
    assert set(before) == {"model"}
    assert code_digests(config) != before
    assert code_digests(Config()) == {}


def test_an_installed_package_offers_models_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = EntryPoints([EntryPoint("theirs", "spotvmr.models:VslNet", "spotvmr.models")])
    for module in ("spotvmr.assembly.own_code", "spotvmr.config.folders"):
        monkeypatch.setattr(f"{module}.entry_points", lambda group: offered.select(group=group))
    config = compose(["model=theirs"]).model
    assert (config.name, config.target) == ("theirs", "")
    assert isinstance(build_model(config, 5, 6, 7), VslNet)
    with pytest.raises(UserError, match="unknown model 'thiers'"):
        compose(["model=thiers"])


def test_an_unknown_name_says_what_is_near_and_how_to_bring_an_own_one() -> None:
    with pytest.raises(UserError, match=r"did you mean 'snag'.*path/to/file.py:ClassName"):
        build_model(OwnModelConfig(name="snagg"), 5, 6, 7)
