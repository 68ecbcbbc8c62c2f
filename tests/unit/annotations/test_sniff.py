"""A file of another data set is recognised by its content."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks import READERS, WRITERS, Sentence

from spotvmr.annotations import sniff
from spotvmr.assembly.data import FORMATS, load_splits
from spotvmr.config.schema import DatasetConfig
from spotvmr.errors import UserError

NAMES = sorted(READERS)


@pytest.mark.parametrize("name", NAMES)
def test_every_format_is_recognised(name: str, tmp_path: Path) -> None:
    assert sniff(WRITERS[name](tmp_path, Sentence(), Sentence())) == name
    assert sniff(WRITERS[name](tmp_path, Sentence())) == name
    assert FORMATS[name] is READERS[name]


def test_generic_lines_are_recognised(tmp_path: Path) -> None:
    (path := tmp_path / "a").write_text('{"qid": 1, "query": "x", "vid": "v", "duration": 3}\nbroken\n')
    assert sniff(path) == "jsonl"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"words", b"[1]", b"3", b"{}", b'{"a": 1}', b'{"results": []}', b"[" * 100_000]
)
def test_other_files_are_recognised_as_none(content: bytes, tmp_path: Path) -> None:
    (path := tmp_path / "a").write_bytes(content)
    assert sniff(path) is None
    assert sniff(tmp_path / "absent") is None


@pytest.mark.parametrize("wanted", NAMES)
@pytest.mark.parametrize("found", NAMES)
def test_swapped_files_name_the_likely_format(wanted: str, found: str, tmp_path: Path) -> None:
    path = WRITERS[found](tmp_path, Sentence(), Sentence())
    dataset = DatasetConfig(format=wanted, root=str(tmp_path), train=path.name, val=None, test=None)
    if wanted == found:
        assert len(load_splits(dataset)["train"]) == 2
        return
    with pytest.raises(UserError) as caught:
        load_splits(dataset)
    said = f"{path} is no {wanted} file: this looks like {found}; set dataset.format={found}"
    assert str(caught.value) == said


def test_a_broken_line_of_the_right_format_is_named_itself(tmp_path: Path) -> None:
    path = WRITERS["qvhighlights"](tmp_path, Sentence())
    path.write_text(path.read_text() + "broken\n")
    dataset = DatasetConfig(format="jsonl", root=str(tmp_path), train=path.name, val=None, test=None)
    with pytest.raises(UserError, match=r"highlight\.jsonl:2 is not JSON"):
        load_splits(dataset)
