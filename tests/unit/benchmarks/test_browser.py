"""The benchmark of the dashboard where its browser is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from spotvmr.benchmarks.browser.browser import chromium
from spotvmr.cli.main import main
from spotvmr.errors import UserError


def test_no_browser_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert main(["bench", "part=page"]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "install Debian's packages chromium and chromium-driver" in err


def test_no_selenium_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: name)
    monkeypatch.setitem(sys.modules, "selenium", None)
    with pytest.raises(UserError, match=r"pip install 'spotvmr\[browser\]'"), chromium(tmp_path / "profile"):
        pass
