"""The page of ``spotvmr app`` as people use it: choose, type, click, play; and what it does not hand out."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import Request, urlopen

import numpy as np
import pytest
import torch
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from spotvmr.app import Searcher, VideoFolder, build_app, listen
from spotvmr.config import compose
from spotvmr.retrieval import VideoCache, build_retriever
from spotvmr.video.writer import VideoWriter

WORDS = ["model.dim=16", "model.conv_layers=1", "model.heads=2"]
FILMS = ("first film.mp4", "second.mp4")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two films of 20 s, a broken one, a note, and a link out of the folder."""
    films = tmp_path_factory.mktemp("place") / "films"
    for number, name in enumerate(FILMS):
        with VideoWriter(films / name, 160, 90, 10) as out:
            for frame in range(200):
                out.write(np.full((90, 160, 3), (frame + 40 * number) % 256, np.uint8))
    (films / "broken.mp4").write_text("no video")
    (films / "notes.txt").write_text("private")
    (films.parent / "secret.mp4").write_text("secret")
    (films / "link.mp4").symlink_to(films.parent / "secret.mp4")
    return films


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    """The page, served by a thread of this process with the demo's encoders and random weights."""
    import uvicorn

    torch.manual_seed(0)
    retriever = build_retriever(compose(WORDS), VideoCache(None))
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(
            uvicorn.Config(build_app(Searcher(retriever, VideoFolder(folder))), log_level="warning")
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(20)


def wait(browser: Chrome, script: str) -> None:
    WebDriverWait(browser, 60, poll_frequency=0.05).until(lambda chrome: chrome.execute_script(script))


def show(browser: Chrome, url: str, width: int = 1280) -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    browser.get(url)
    wait(browser, "return document.querySelector('#query textarea, #query input') !== null")


def ask(browser: Chrome, text: str) -> None:
    box = browser.find_element(By.CSS_SELECTOR, "#query textarea, #query input")
    box.clear()
    box.send_keys(text, Keys.ENTER)


def answered(url: str, path: str, **headers: str) -> tuple[int, bytes]:
    try:
        with urlopen(Request(url + path, headers=headers), timeout=20) as response:
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()


def test_a_query_is_typed_and_a_moment_clicked(browser: Chrome, url: str, tmp_path: Path) -> None:
    show(browser, url)
    # The broken file comes first in the list.
    choose(browser, FILMS[0])
    ask(browser, "when did I shake the red flask?")
    wait(browser, "return document.querySelectorAll('#found .moment').length > 0")
    assert browser.find_element(By.CSS_SELECTOR, "#found h2").text == "when did I shake the red flask?"
    assert "Expert clips: 2 of 20 (10 %)" in browser.find_element(By.CSS_SELECTOR, "#found .bill").text
    assert "Confidence: " in browser.find_element(By.CSS_SELECTOR, "#found .sure").text
    lanes = [lane.text for lane in browser.find_elements(By.CSS_SELECTOR, "#found .lane .name")]
    assert lanes == ["score", "expert clips", "moments"]
    assert len(browser.find_elements(By.CSS_SELECTOR, "#found .costs tr")) == 4
    moment = browser.find_elements(By.CSS_SELECTOR, "#found .moment")[-1]
    start_s = float(moment.get_attribute("data-at") or "nan")
    moment.click()
    film = "document.getElementById('film-player')"
    wait(browser, f"return {film}.currentTime >= {start_s} && {film}.currentTime < {start_s} + 15")
    wait(browser, "return !document.querySelector('.timeline .playhead').hidden")
    browser.save_screenshot(str(tmp_path / "page.png"))


def choose(browser: Chrome, name: str) -> None:
    """Choose a video by keyboard."""
    box = browser.find_element(By.CSS_SELECTOR, "#video input")
    box.click()
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys(name, Keys.ENTER)
    wait(browser, f"return document.getElementById('film-player')?.src.endsWith('{quote(name)}')")
    wait(browser, "return document.getElementById('film-player').readyState >= 1")


def test_wrong_words_are_said_in_a_line(browser: Chrome, url: str) -> None:
    browser.get(url)
    wait(browser, "return document.querySelector('#query textarea, #query input') !== null")
    # The first of the list is broken; and the player says that it cannot show it.
    ask(browser, "anything")
    wait(browser, "return document.querySelector('#found [role=alert]') !== null")
    assert "not a video" in browser.find_element(By.CSS_SELECTOR, "#found [role=alert]").text
    wait(browser, "return !document.getElementById('film-trouble').hidden")


def test_nothing_comes_from_elsewhere_and_a_phone_needs_no_sideways_scrolling(browser: Chrome, url: str) -> None:
    browser.get(url)
    wait(browser, "return document.querySelector('#query textarea, #query input') !== null")
    names = browser.execute_script("return performance.getEntriesByType('resource').map((entry) => entry.name)")
    assert [name for name in names if not name.startswith((url, "data:", "blob:"))] == []
    screen = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")


def test_videos_are_served_in_parts(url: str, folder: Path) -> None:
    status, body = answered(url, f"/film/{quote(FILMS[0])}", Range="bytes=100-199")
    assert (status, body) == (206, (folder / FILMS[0]).read_bytes()[100:200])


@pytest.mark.parametrize(
    "path",
    ["/film/notes.txt", "/film/link.mp4", "/film/..%2Fsecret.mp4", "/film/%2e%2e/secret.mp4", "/film/absent.mp4",
     "/gradio_api/file={parent}/secret.mp4", "/gradio_api/file={folder}/notes.txt",
     "/gradio_api/file={folder}/link.mp4",
     "/gradio_api/file=/etc/hostname", "/file={folder}/notes.txt"],
)  # fmt: skip
def test_no_other_file_is_served(url: str, folder: Path, path: str) -> None:
    status, body = answered(url, path.format(folder=folder, parent=folder.parent))
    assert status in (403, 404)
    assert body.strip() not in (b"private", b"secret")


def test_a_page_of_elsewhere_cannot_point_its_name_here(url: str) -> None:
    assert answered(url, "/", Host="evil.example")[0] == 400
