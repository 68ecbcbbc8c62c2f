from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from spotvmr.errors import UserError
from spotvmr.haystack import sources
from spotvmr.haystack.sources import find_sources, read_captions


def csv(folder: Path, text: str | bytes) -> Path:
    path = folder / "captions.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_a_clip_may_have_several_captions_and_other_columns_do_not_matter(tmp_path: Path) -> None:
    rows = [
        'a.mp4,x,"A dog, barking"',
        "b.mp4,x,A cat",
        "a.mp4,y,a dog barking!",
        "a.mp4,z,A pet",
        ",x,none",
        "c.mp4,x,",
    ]
    text = "\n".join(["\ufefffile,split,caption", *rows])
    found, blank = read_captions(csv(tmp_path, text))
    assert {file: list(captions.values()) for file, captions in found.items()} == {
        "a.mp4": ["A dog, barking", "A pet"],
        "b.mp4": ["A cat"],
    }
    assert blank == 2


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("name,caption\na,b\n", ["no column 'file'", "file,caption"]),
        ("file,caption\n", ["no row"]),
        ("", ["no column 'file'"]),
        (b"file,caption\na.mp4,\xff\n", ["UTF-8"]),
        ("file,caption\n../a.mp4,x\n", [":2", "../a.mp4", "inside"]),
        ("file,caption\n/etc/a.mp4,x\n", [":2", "/etc/a.mp4"]),
    ],
)
def test_what_is_no_list_of_captions_is_refused(tmp_path: Path, text: str | bytes, parts: list[str]) -> None:
    with pytest.raises(UserError) as caught:
        read_captions(csv(tmp_path, text))
    assert [part for part in parts if part not in str(caught.value)] == []


def test_an_absent_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"captions=FILE"):
        read_captions(tmp_path / "none.csv")


def test_unreadable_clips_are_skipped_with_a_reason(clips: Path, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no video")
    (tmp_path / "empty.mp4").touch()
    shutil.copy(clips / "c00.mp4", tmp_path / "good.mp4")
    names = ("good.mp4", "text.mp4", "empty.mp4", "gone.mp4")
    found, skipped = find_sources(tmp_path, {name: {"x": "X"} for name in names}, tmp_path / "cache.json", 1)
    assert [(source.file, source.captions) for source in found] == [("good.mp4", {"x": "X"})]
    assert found[0].duration_s == pytest.approx(2.0)
    assert list(skipped) == ["empty.mp4", "gone.mp4", "text.mp4"]
    assert "no such video" in skipped["gone.mp4"]


def test_a_clip_is_probed_once_until_it_changes(clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copy(clips / "c00.mp4", tmp_path / "a.mp4")
    shutil.copy(clips / "c01.mp4", tmp_path / "b.mp4")
    probed: list[str] = []
    probe = sources.probe
    monkeypatch.setattr(sources, "probe", lambda path: probed.append(path.name) or probe(path))
    captions = {name: {name: name} for name in ("a.mp4", "b.mp4")}
    first = find_sources(tmp_path, captions, tmp_path / "cache.json", 1)
    assert find_sources(tmp_path, captions, tmp_path / "cache.json", 1) == first
    assert probed == ["a.mp4", "b.mp4"]
    shutil.copy(clips / "c07.mp4", tmp_path / "b.mp4")
    again, _ = find_sources(tmp_path, captions, tmp_path / "cache.json", 1)
    assert probed == ["a.mp4", "b.mp4", "b.mp4"]
    assert again[1].duration_s == pytest.approx(3.4)
    (tmp_path / "cache.json").write_text('{"a.mp4": 3}')
    assert find_sources(tmp_path, captions, tmp_path / "cache.json", 1)[0] == again
