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
    assert {"spotvmr/conf/base.yaml", "spotvmr/conf/dataset/demo.yaml"} <= names
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


def project() -> dict[str, list[Requirement]]:
    """Requirements of core, development and extras; read by the builder, for Python 3.10 has no TOML."""
    from hatchling.metadata.core import ProjectMetadata

    core = ProjectMetadata(str(ROOT), None).core
    return {
        "core": [Requirement(text) for text in core.dependencies],
        "dev": [Requirement(text) for text in core.optional_dependencies["dev"]],
        "extras": [
            Requirement(text) for extra, texts in core.optional_dependencies.items() if extra != "dev" for text in texts
        ],
    }


def test_the_tested_versions_lie_in_the_declared_ranges() -> None:
    pins = {}
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            pins[canonicalize_name(pin.name)] = next(iter(pin.specifier)).version
    for requirement in [wanted for wanteds in project().values() for wanted in wanteds]:
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)], prereleases=True), requirement


def test_known_traps_of_the_requirements() -> None:
    core = {requirement.name: requirement for requirement in project()["core"]}
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
    def modules(group: str) -> set[str]:
        names = [canonicalize_name(requirement.name) for requirement in project()[group]]
        return {MODULES.get(name, name.replace("-", "_")) for name in names}

    known = set(sys.stdlib_module_names) | {"spotvmr"}
    assert set(imports(PACKAGE)) - known - modules("core") - modules("extras") == set()
    helpers = {path.stem for path in (ROOT / "tests").rglob("*.py")}
    extra = {"packaging"}  # comes with pytest
    assert (
        set(imports(ROOT / "tests")) - known - modules("core") - modules("extras") - modules("dev") - helpers - extra
        == set()
    )
