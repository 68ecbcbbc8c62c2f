"""The contract of the Makefile and of ``.ci/run``, with fake tools in the place of slow ones."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from spotvmr.cli.parsing.reads import settings_read_by

ROOT = Path(__file__).resolve().parents[2]
TARGETS = {"help", "setup", "train", "test", "lint", "index", "bench", "report", "search", "dashboard", "docs", "sweep"}

FAKE_PYTHON = """#!/bin/sh
echo "$@" >> "{log}"
case "$1 $2" in "-m venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python ;; esac
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the files that ``make`` looks at, a fake Python and its log."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    executable(tmp_path / "python", FAKE_PYTHON.format(log=tmp_path / "log"))
    return tmp_path


def executable(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    # An outer make hands its flags and variables down; they are not this one's.
    dropped = (
        "MAKEFLAGS",
        "MFLAGS",
        "MAKELEVEL",
        "MAKEOVERRIDES",
        "ARGS",
        "DATASET",
        "MODEL",
        "BUDGET",
        "VIDEO",
        "QUERY",
        "RUN",
        "SWEEP",
        "LOCAL",
        "QUICK",
        "TORCH",
    )
    env = {key: value for key, value in os.environ.items() if key not in dropped}
    return subprocess.run(["make", *words], cwd=folder, env=env, capture_output=True, text=True, check=False)


def test_help_is_the_default_and_explains_every_target(checkout: Path) -> None:
    done = make(checkout)
    assert done.returncode == 0
    assert set(re.findall(r"^  ([a-z]+) +\S", done.stdout, flags=re.MULTILINE)) == TARGETS
    assert not (checkout / "log").exists()


def test_every_phony_target_is_explained() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.*)$", text, flags=re.MULTILINE)
    assert set(" ".join(phony).split()) == TARGETS


@pytest.mark.parametrize(
    ("target", "read"),
    [
        ("train", ["'dataset=mine.yaml'", "'model=vslnet'", "'budget=0.05'"]),
        ("bench", ["'dataset=mine.yaml'", "'model=vslnet'", "'budget=0.05'"]),
        ("sweep", ["'dataset=mine.yaml'", "'model=vslnet'", "'budget=0.05'"]),
        ("index", ["'dataset=mine.yaml'"]),
        ("report", []),
    ],
)
def test_variables_become_the_settings_that_the_command_reads(checkout: Path, target: str, read: list[str]) -> None:
    words = ("DATASET=mine.yaml", "MODEL=vslnet", "BUDGET=0.05", "ARGS=trainer=fast seed=1")
    last = make(checkout, "-n", target, *words).stdout.splitlines()[-1]
    assert last.split() == [".venv/bin/spotvmr", target, *read, "trainer=fast", "seed=1"]
    keys = [word.strip("'").partition("=")[0] for word in read]
    assert settings_read_by(target, [f"{key}=x" for key in keys]) == [f"{key}=x" for key in keys]


@pytest.mark.parametrize(
    ("word", "calls"),
    [
        ("QUICK=1", [["part=speed"], ["part=index"], ["quick=true"]]),
        ("ARGS=part=long", [["part=long"]]),
        ("QUICK=", [["part=speed"], ["part=index"], []]),
    ],
)
def test_bench_times_the_parts_first_unless_one_is_named(checkout: Path, word: str, calls: list[list[str]]) -> None:
    lines = [line.split() for line in make(checkout, "-n", "bench", word).stdout.splitlines()]
    assert [line[2:] for line in lines if line[:2] == [".venv/bin/spotvmr", "bench"]] == calls


def test_the_dashboard_is_a_report_whose_file_can_be_chosen(checkout: Path) -> None:
    last = make(checkout, "-n", "dashboard", "ARGS=runs=experiments html=x.html").stdout.splitlines()[-1]
    assert last.split() == [
        ".venv/bin/spotvmr", "report", "html=runs/dashboard.html", "runs=experiments", "html=x.html",
    ]  # fmt: skip


@pytest.mark.parametrize(("words", "place"), [((), []), (("LOCAL=1",), ["local=true"])])
def test_a_sweep_is_steered_by_the_server_or_by_this_machine(
    checkout: Path, words: tuple[str, ...], place: list[str]
) -> None:
    last = make(checkout, "-n", "sweep", "SWEEP=conf/sweep/grid.yaml", "BUDGET=0.05", *words).stdout.splitlines()[-1]
    assert last.split() == [".venv/bin/spotvmr", "sweep", "'conf/sweep/grid.yaml'", *place, "'budget=0.05'"]


def test_without_variables_the_choice_is_left_to_the_settings(checkout: Path) -> None:
    assert make(checkout, "-n", "train").stdout.splitlines()[-1].split() == [".venv/bin/spotvmr", "train"]


def test_setup_installs_once_and_again_when_the_packages_change(checkout: Path) -> None:
    def installs() -> int:
        done = make(checkout, "setup", f"PYTHON={checkout}/python")
        assert done.returncode == 0, done.stderr
        return (checkout / "log").read_text(encoding="utf-8").count("-m pip install")

    assert [installs(), installs()] == [1, 1]
    for name in ("constraints.txt", "pyproject.toml"):
        newer = (checkout / ".venv/.installed").stat().st_mtime + 10
        os.utime(checkout / name, (newer, newer))
        before = (checkout / "log").read_text(encoding="utf-8").count("-m pip install")
        assert installs() == before + 1
        os.utime(checkout / name, (newer - 3600, newer - 3600))
    extras = ".[train,report,features,timm,sweep]"
    assert f"-c constraints.txt -e {extras}\n" in (checkout / "log").read_text(encoding="utf-8")


def test_setup_installs_torch_without_cuda_where_that_is_wanted(checkout: Path) -> None:
    done = make(checkout, "setup", "TORCH=cpu", f"PYTHON={checkout}/python")
    assert done.returncode == 0, done.stderr
    log = (checkout / "log").read_text(encoding="utf-8")
    assert "-c constraints.txt --extra-index-url https://download.pytorch.org/whl/cpu -e ." in log


def test_another_torch_is_refused_in_one_line_before_anything_is_made(checkout: Path) -> None:
    done = make(checkout, "setup", "TORCH=cu128", f"PYTHON={checkout}/python")
    assert done.returncode != 0
    assert done.stderr.splitlines()[0] == "TORCH=cu128 is not understood: give TORCH=cpu, or leave it out"
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("target", ["test", "lint", "docs"])
def test_what_developers_run_adds_their_packages(checkout: Path, target: str) -> None:
    assert "-e '.[dev]'" in make(checkout, "-n", target).stdout


@pytest.mark.parametrize("target", ["setup", "train", "index", "bench", "report", "search", "dashboard", "sweep"])
def test_what_users_run_does_not(checkout: Path, target: str) -> None:
    installed = make(checkout, "-n", target).stdout
    assert "-e '.[train," in installed
    assert "[dev]" not in installed


def test_a_failed_installation_is_tried_again(checkout: Path) -> None:
    executable(checkout / "python", FAKE_PYTHON.format(log=checkout / "log") + 'case "$*" in *pip*) exit 1 ;; esac\n')
    assert make(checkout, "setup", f"PYTHON={checkout}/python").returncode != 0
    assert not (checkout / ".venv/.installed").exists()


def test_an_old_python_is_refused_in_one_line_before_anything_is_made(checkout: Path) -> None:
    executable(checkout / "python", "#!/bin/sh\nexit 1\n")
    done = make(checkout, "train", f"PYTHON={checkout}/python")
    assert done.returncode != 0
    assert "needs Python 3.10" in done.stderr
    assert not (checkout / ".venv").exists()


def test_test_lints_first_and_computes_on_one_thread_a_process(checkout: Path) -> None:
    lines = make(checkout, "-n", "test").stdout.splitlines()
    commands = [line for line in lines if re.search(r"ruff|mypy|lint-imports|pytest", line)]
    assert [re.findall(r"ruff check|ruff format|mypy|lint-imports|pytest", line)[0] for line in commands] == [
        "ruff check", "ruff format", "mypy", "lint-imports", "pytest",
    ]  # fmt: skip
    assert "OMP_NUM_THREADS=1" in commands[-1]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout with ``.ci/run`` beside a folder ``bin`` for its tools."""
    (tmp_path / "clone/.ci").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / "clone/.ci/run")
    return tmp_path / "clone"


def test_ci_runs_make_test_in_the_checkout_from_anywhere_without_input(clone: Path, tmp_path: Path) -> None:
    for browser in ("chromium", "chromedriver"):
        executable(tmp_path / "bin" / browser, "#!/bin/sh\n")
    executable(tmp_path / "bin/make", '#!/bin/sh\necho "$PWD $*"\ncat\nexit 3\n')
    env = {**os.environ, "CI": "true", "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    done = subprocess.run(
        [clone / ".ci/run"], cwd="/", env=env, input="typed", capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{clone.resolve()} test\n"
    assert done.returncode == 3


@pytest.mark.skipif(os.geteuid() != 0, reason="only root installs a browser")
@pytest.mark.parametrize("works", [True, False])
def test_ci_installs_a_missing_browser_and_goes_on_when_it_cannot(clone: Path, tmp_path: Path, works: bool) -> None:
    log = tmp_path / "log"
    fake_tools(tmp_path, f'#!/bin/sh\necho noise\necho "$@" >> {log}\nexit {0 if works else 1}\n')
    done = subprocess.run(
        [clone / ".ci/run"], env={"PATH": f"{tmp_path}/bin"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
    said = log.read_text(encoding="utf-8")
    assert ("chromium chromium-driver" in said) is works
    assert ("could not install chromium" in done.stderr) is not works


def test_ci_without_root_installs_nothing_and_goes_on(clone: Path, tmp_path: Path) -> None:
    fake_tools(tmp_path, f"#!/bin/sh\ntouch {tmp_path}/called\n")
    run = clone / ".ci/run"
    run.write_text(
        run.read_text(encoding="utf-8").replace("$EUID", "1000"), encoding="utf-8"
    )  # bash keeps it read-only
    done = subprocess.run([run], env={"PATH": f"{tmp_path}/bin"}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "only root can install them" in done.stderr
    assert not (tmp_path / "called").exists()


def fake_tools(folder: Path, apt_get: str) -> None:
    """The few programs that ``.ci/run`` needs, an ``apt-get`` and a ``make`` that does nothing."""
    for tool in ("bash", "dirname", "env", "sh"):
        (folder / "bin" / tool).symlink_to(str(shutil.which(tool)))
    executable(folder / "bin/apt-get", apt_get)
    executable(folder / "bin/make", "#!/bin/sh\n")


def test_search_trains_first_and_takes_any_quotes(checkout: Path) -> None:
    lines = make(checkout, "-n", "search", "VIDEO=my film.mp4", 'QUERY=who\'s "there"').stdout
    assert "spotvmr train" in lines
    assert '.venv/bin/spotvmr search "$VIDEO" "$QUERY" run=runs/demo' in lines
    (checkout / "runs/mine").mkdir(parents=True)
    (checkout / "runs/mine/weights.safetensors").touch()
    (checkout / ".venv/bin").mkdir(parents=True)
    executable(checkout / ".venv/bin/spotvmr", '#!/bin/sh\nprintf "%s|" "$@"\n')
    (checkout / ".venv/.installed").touch()
    done = make(checkout, "search", "VIDEO=my film.mp4", 'QUERY=who\'s "there"', "DATASET=conf/mine.yaml", "BUDGET=0.2")
    assert done.stdout == 'search|my film.mp4|who\'s "there"|run=runs/mine|budget=0.2|'
