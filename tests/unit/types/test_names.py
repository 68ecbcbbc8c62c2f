"""Video ids as file names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotvmr.errors import UserError
from spotvmr.types.names import check_video_id


@pytest.mark.parametrize("video_id", ["v_QOlSCBRmfWY", "a b", "..a", "ü", "x" * 200, "-", "a.mp4"])
def test_names_that_are_taken(video_id: str) -> None:
    assert check_video_id(video_id) == video_id


@pytest.mark.parametrize(
    ("video_id", "says"),
    [
        ("", "names no file"),
        (".", "names no file"),
        ("..", "names no file"),
        ("../x", "separator"),
        ("/x", "separator"),
        ("a\\b", "separator"),
        ("a\0b", "control"),
        ("a\n", "control"),
        ("a\x7f", "control"),
        ("x" * 201, "201 bytes, 200 are allowed"),
        ("ü" * 101, "202 bytes"),
        ("\ud800", "not valid Unicode"),
    ],
)
def test_names_that_are_refused_in_one_line(video_id: str, says: str) -> None:
    with pytest.raises(UserError, match=says) as caught:
        check_video_id(video_id)
    assert len(str(caught.value).splitlines()) == 1


@given(st.text(max_size=80))
@settings(max_examples=300, deadline=None)
def test_an_accepted_id_is_one_name_in_its_folder(video_id: str) -> None:
    try:
        check_video_id(video_id)
    except UserError:
        return
    folder = Path("/somewhere/deep")
    assert (folder / video_id).resolve().parent == folder
    assert (folder / video_id).name == video_id
