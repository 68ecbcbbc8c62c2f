"""The contract of the package: what the wheel holds, and that it works from any folder."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from spotvmr.system.extras import EXTRAS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "spotvmr"
# Distributions whose module has another name.
MODULES = {"open-clip-torch": "open_clip", "pillow": "PIL", "pyyaml": "yaml"}


def pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "PIP_NO_INDEX": "1"})
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip("wheel", ROOT, "--no-deps", "--no-build-isolation", "--wheel-dir", folder)
    (path,) = folder.glob("spotvmr-*.whl")
    return path


def test_the_wheel_holds_all_settings_weights_and_configurations(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    kinds = (".py", ".yaml", ".json", ".safetensors", ".html", ".css", ".js")
    shipped = [path for path in PACKAGE.rglob("*") if path.suffix in kinds]
    assert [path for path in shipped if f"spotvmr/{path.relative_to(PACKAGE).as_posix()}" not in names] == []
    assert {"spotvmr/py.typed", "spotvmr/conf/base.yaml", "spotvmr/conf/dataset/demo.yaml"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_wheel_holds_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert [name for name in names if not re.match(r"spotvmr(-[\d.]+\.dist-info)?/", name)] == []
    assert [name for name in names if "__pycache__" in name or name.endswith(".tmp")] == []


def test_the_wheel_is_small(wheel: Path) -> None:
    assert wheel.stat().st_size < 5e6
    assert sum(path.stat().st_size for path in PACKAGE.rglob("*.safetensors")) < 3e6


def test_an_installed_spotvmr_works_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    pip("install", "--no-deps", "--quiet", "--target", tmp_path / "site", wheel)
    (elsewhere := tmp_path / "elsewhere").mkdir()
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    code = (
        "import spotvmr, sys; sys.stderr.write(spotvmr.__file__); from spotvmr.cli.main import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "config", "selector=uniform"],
        cwd=elsewhere, env=env, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(done.stderr).is_relative_to(tmp_path / "site")
    assert yaml.safe_load(done.stdout)["selector"]["name"] == "uniform"
    assert list(elsewhere.iterdir()) == []


def test_the_settings_are_kept_once() -> None:
    assert (ROOT / "conf").is_symlink()
    assert (ROOT / "conf").resolve() == PACKAGE / "conf"


OF_DEVELOPERS = ("dev", "docs", "notebooks")
APART = ("torchcodec",)
"""Extras that need libraries which pip does not install."""


def declared() -> dict[str, list[Requirement]]:
    """Requirements by extra, "" for the base; read by the builder, for Python 3.10 has no TOML."""
    from hatchling.metadata.core import ProjectMetadata

    core = ProjectMetadata(str(ROOT), None).core
    groups = {"": core.dependencies, **core.optional_dependencies}
    return {extra: [Requirement(text) for text in texts] for extra, texts in groups.items()}


def modules(extra: str) -> set[str]:
    """What an extra lets one import."""
    names = [canonicalize_name(requirement.name) for requirement in declared()[extra]]
    return {MODULES.get(name, name.replace("-", "_")) for name in names}


def test_the_base_installs_few_packages() -> None:
    assert len(declared()[""]) <= 12


def test_all_holds_every_extra_but_those_of_developers() -> None:
    extras = set(declared()) - {"", "all", *APART, *OF_DEVELOPERS}
    assert modules("all") == set().union(*map(modules, extras))


def test_every_package_is_in_an_installation_of_all() -> None:
    core = {"torch", "lightning", "torchmetrics", "open_clip_torch", "decord", "wandb", "omegaconf"}
    assert {MODULES.get(canonicalize_name(name), name) for name in core} <= modules("") | modules("all")


def test_messages_name_an_extra_that_installs_the_module() -> None:
    assert [module for module, extra in EXTRAS.items() if module not in modules(extra)] == []
    assert set(EXTRAS) == modules("all")


def test_the_tested_versions_lie_in_the_declared_ranges() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            pins[canonicalize_name(pin.name)] = next(iter(pin.specifier)).version
    wanted = [requirement for group in declared().values() for requirement in group if requirement.name != "spotvmr"]
    for requirement in wanted:
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)], prereleases=True), requirement


def test_known_traps_of_the_requirements() -> None:
    core = {requirement.name: requirement for group in declared().values() for requirement in group}
    # 2.6.2 and 2.6.3 on PyPI were malicious releases.
    assert [v for v in ("2.6.2", "2.6.3", "2.7.0") if core["lightning"].specifier.contains(v)] == []
    assert not core["omegaconf"].specifier.contains("2.3.0")
    marker = core["decord"].marker
    assert marker is not None
    machines = {"x86_64": True, "AMD64": True, "aarch64": False, "arm64": False}
    assert {name: marker.evaluate({"platform_machine": name}) for name in machines} == machines
    # All three install the module ``decord``.
    assert not {"decord2", "eva-decord"} & set(core)


def imports(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module.partition(".")[0]


def test_whatever_is_imported_is_declared() -> None:
    known = set(sys.stdlib_module_names) | {"spotvmr"} | modules("") | modules("all") | modules("torchcodec")
    assert set(imports(PACKAGE)) - known == set()
    helpers = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    assert set(imports(ROOT / "tests")) - known - modules("dev") - helpers == set()
