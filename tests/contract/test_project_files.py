"""The contract of the files around the package: they agree with pyproject.toml, with one another and with the code."""

from __future__ import annotations

import ast
import re
import runpy
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from hatchling.metadata.core import ProjectMetadata

from spotvmr import __version__

ROOT = Path(__file__).resolve().parents[2]
CORE = ProjectMetadata(str(ROOT), None).core
VERSIONS = [name.rpartition(" ")[2] for name in CORE.classifiers if re.search(r":: 3\.\d+$", name)]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def read_yaml(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_declared_versions_of_python() -> None:
    assert VERSIONS == ["3.10", "3.11", "3.12", "3.13", "3.14"]
    assert CORE.requires_python == f">={VERSIONS[0]}"


@pytest.mark.parametrize("folder", ["src", "tests", "experiments", "docs"])
def test_every_file_is_written_in_the_oldest_python(folder: str) -> None:
    for path in (ROOT / folder).rglob("*.py"):
        ast.parse(path.read_text(encoding="utf-8"), filename=str(path), feature_version=(3, 10))


def test_the_workflow_tests_every_python_on_every_system() -> None:
    jobs = read_yaml(".github/workflows/test.yml")["jobs"]
    matrix = jobs["matrix"]["strategy"]["matrix"]
    assert matrix["python"] == VERSIONS
    kinds = {re.sub(r"-[\d.]+", "", system) for system in matrix["system"]}
    assert kinds == {"ubuntu", "ubuntu-arm", "macos"}
    steps = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert [make_targets(step) for step in steps if step.startswith("make")] == [["test"], ["docs"], ["lint"]]


def make_targets(line: str) -> list[str]:
    """The targets of a line of ``make``; fails where there is no such target."""
    known = re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    words = [word for word in shlex.split(re.sub(r"\$\{\{.*?\}\}", "", line), comments=True)[1:] if "=" not in word]
    assert set(words) <= set(known)
    return words


def test_the_citation_is_complete_and_of_this_version() -> None:
    citation = read_yaml("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)  # what the format 1.2.0 requires
    assert citation["cff-version"] == "1.2.0"
    assert (citation["title"], citation["version"]) == (CORE.name, __version__)
    assert citation["license"] == CORE.license_expression
    assert citation["repository-code"] == CORE.urls["Repository"]
    assert all(author.get("name") or author.get("family-names") for author in citation["authors"])


def test_the_changelog_names_this_version() -> None:
    heads = re.findall(r"^## \[?([\w.]+)\]?", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert heads[0] == "Unreleased"
    assert __version__ in heads


def test_every_url_is_below_the_repository() -> None:
    assert {"Homepage", "Documentation", "Repository", "Issues", "Changelog"} == set(CORE.urls)
    assert [url for url in CORE.urls.values() if not url.startswith(CORE.urls["Repository"])] == []


def test_the_image_of_docker_is_made_of_files_that_are_here() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (version,) = re.findall(r"^FROM python:(3\.\d+)-slim$", text, re.MULTILINE)
    assert version in VERSIONS
    copied = [word for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for word in line.split()]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    # The build needs the settings, the pins, and the files that pyproject.toml names.
    assert {"pyproject.toml", "constraints.txt", "Makefile", "src", str(CORE.readme_path), "LICENSE"} <= set(copied)
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line[1:] for line in allowed if line.startswith("!")} == set(copied)
    runs = re.findall(r"docker run .*", text)
    assert len(runs) == 2
    assert all("--shm-size=" in line for line in runs)


def test_the_hooks_run_the_tools_of_make_lint() -> None:
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    hooks = [hook["entry"].split()[0] for hook in repository["hooks"]]
    lint = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\nlint:")[2].partition("\n\n")[0]
    assert hooks == [line.split()[0].replace("$(BIN)", ".venv/bin") for line in lint.splitlines()[1:]]


@pytest.mark.parametrize("form", ["bug", "feature"])
def test_each_issue_form_is_complete(form: str) -> None:
    content = read_yaml(f".github/ISSUE_TEMPLATE/{form}.yml")
    assert {"name", "description", "body"} <= set(content)
    ids = [field["id"] for field in content["body"]]
    assert len(ids) == len(set(ids))
    assert all(field["attributes"]["label"] for field in content["body"])


def test_the_picture_of_the_packages_is_that_of_pyproject() -> None:
    drawing = runpy.run_path(str(ROOT / "docs/images/layers.py"))
    assert (ROOT / "docs/images/layers.svg").read_text(encoding="utf-8") == drawing["picture"](), (
        "draw it again: python docs/images/layers.py"
    )
    rooms = {path.parent.name for path in (ROOT / "src/spotvmr").glob("*/__init__.py")}
    assert set(drawing["CONTENT"]) == rooms | {"errors"} == {name for floor in drawing["floors"]() for name in floor}


def test_contributing_names_files_and_targets_that_exist() -> None:
    named = re.findall(r"`((?:src|tests|docs|experiments|examples)/[\w./-]+)`", CONTRIBUTING)
    assert len(named) > 12
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []
    linked = re.findall(r"\]\((?!https?:)([\w./-]+)\)", CONTRIBUTING)
    assert [name for name in linked if not (ROOT / name).exists()] == []
    blocks = re.findall(r"^```sh\n(.*?)^```", CONTRIBUTING, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if line.startswith("make")]
    assert [make_targets(line) for line in lines] == [["lint"], ["test"], ["test"], ["bench"], ["bench"]]
    assert "MODELS" in "".join(path.read_text() for path in (ROOT / "src/spotvmr/assembly").glob("*.py"))
