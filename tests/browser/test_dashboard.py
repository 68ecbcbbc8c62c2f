"""The dashboard as people use it: load, filter, sort, choose a run, choose a query, on any screen and theme."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select, WebDriverWait

from spotvmr.benchmarks.browser.page import page_rows, write_many_runs
from spotvmr.report import write_page
from spotvmr.types.record import Hardware, RunRecord, write_record

Make = Callable[..., RunRecord]
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"
NAME = '../../x"'
SIZES = [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")]


def show(browser: Chrome, path: Path, width: int = 1440, theme: str = "light") -> None:
    screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
    wanted = [{"name": "prefers-color-scheme", "value": theme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": wanted})
    browser.get(path.as_uri())
    wait(browser, "return document.documentElement.dataset.ready === 'yes'")


def wait(browser: Chrome, script: str) -> None:
    WebDriverWait(browser, 20, poll_frequency=0.02).until(lambda chrome: chrome.execute_script(script))


def complaints(browser: Chrome) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser")]


def names(browser: Chrome) -> list[str]:
    return list(
        browser.execute_script("return [...document.querySelectorAll('#runs tbody tr')].map(r => r.cells[0].innerText)")
    )


def drawn_points(browser: Chrome) -> int:
    return int(browser.execute_script("return document.querySelectorAll('#pareto path.point').length"))


def text(browser: Chrome, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


@pytest.fixture
def page(tmp_path: Path, make_record: Make, make_run: Callable[..., None]) -> Path:
    """Eight runs: two with queries, one of another split, one on another machine, one with a bad name and sentences."""
    changes = {5: {"split": "val", "n_queries": 200}, 6: {"hardware": Hardware("Other CPU", 64, "Some GPU")}}
    for number in range(7):
        record = make_record(number, **changes.get(number, {}))
        if number < 2:
            make_run(tmp_path / f"runs/run-{number}", record, 90)
        else:
            write_record(record, tmp_path / f"runs/run-{number}/record.json")
    make_run(tmp_path / "runs/evil", make_record(7, name=NAME, selector=EVIL, command=EVIL), 3, text=EVIL)
    write_page(tmp_path / "runs", tmp_path / "page.html")
    return tmp_path / "page.html"


@pytest.mark.parametrize(("width", "theme"), SIZES)
def test_loads_on_any_screen_and_theme_without_a_complaint(browser: Chrome, page: Path, width: int, theme: str) -> None:
    show(browser, page, width, theme)
    assert browser.execute_script("return document.documentElement.dataset.theme") == theme
    assert text(browser, "#count") == "8 of 8 runs"
    assert drawn_points(browser) == 7
    # Nothing is wider than the screen but what scrolls in its own box.
    assert browser.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    for chart in browser.find_elements(By.CSS_SELECTOR, "#charts .chart, #query .chart"):
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", chart)
        WebDriverWait(browser, 20).until(lambda _, chart=chart: chart.find_elements(By.CSS_SELECTOR, "svg.main-svg"))
    assert len(browser.find_elements(By.CSS_SELECTOR, "#charts .chart")) == 5
    assert not browser.find_element(By.ID, "unable").is_displayed()
    assert complaints(browser) == []


def test_a_browser_that_cannot_unpack_gets_the_table_and_a_line(browser: Chrome, page: Path) -> None:
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": "delete window.DecompressionStream"})
    browser.get(page.as_uri())
    assert "Firefox from 113" in text(browser, "#unable")
    assert len(names(browser)) == 8
    browser.find_element(By.XPATH, "//table[@id='runs']//button[.='run-1']").click()
    assert text(browser, "#run-title") == "Run run-1"
    assert not browser.find_element(By.ID, "queries-of").is_displayed()
    assert complaints(browser) == []


def test_the_theme_can_be_turned_and_text_keeps_its_contrast(browser: Chrome, page: Path) -> None:
    show(browser, page)
    ratio = """
      const light = (name) => {
        const hex = getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim().slice(1);
        const [r, g, b] = [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255)
          .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
      };
      return arguments[0].map(([a, b]) => Math.max(light(a), light(b)) / Math.min(light(a), light(b)));
    """
    grounds = [(ink, ground) for ink in ("ink", "faint", "accent") for ground in ("ground", "panel", "chosen")]
    for theme in ("light", "dark"):
        assert browser.execute_script("return document.documentElement.dataset.theme") == theme
        assert min(browser.execute_script(ratio, [*grounds, ("warn-ink", "warn-ground")])) >= 4.5
        browser.find_element(By.ID, "theme").click()


def test_filters_choose_runs_and_points(browser: Chrome, page: Path) -> None:
    show(browser, page)
    Select(browser.find_element(By.ID, "filter-selector")).select_by_visible_text("spotter")
    assert names(browser) == ["run-0", "run-5"]
    assert text(browser, "#count") == "2 of 8 runs"
    assert drawn_points(browser) == 1
    assert "1 run with split val, not test; queries 200, not 1,000" in text(browser, "#why")
    browser.find_element(By.CSS_SELECTOR, "#filters button[type=reset]").click()
    wait(browser, "return document.getElementById('count').textContent === '8 of 8 runs'")
    Select(browser.find_element(By.ID, "filter-budget")).select_by_visible_text("10.0 %")
    assert drawn_points(browser) == 2
    assert complaints(browser) == []


def test_runs_that_cannot_be_compared_are_not_on_one_frontier(browser: Chrome, page: Path) -> None:
    show(browser, page)
    marks = "return Object.fromEntries([...document.querySelectorAll('#runs tbody tr')]"
    marks += ".map(r => [r.cells[0].innerText, r.lastChild.innerText]))"
    found = browser.execute_script(marks)
    assert (found["run-5"], found["run-6"]) == ("no: other split, queries", "yes")
    # GFLOPs do not depend on the machine, seconds do.
    Select(browser.find_element(By.ID, "axis")).select_by_value("seconds")
    assert browser.execute_script(marks)["run-6"] == "no: other hardware"
    assert drawn_points(browser) == 6
    assert "1 run with hardware Other CPU, 64 cores, Some GPU, not Some CPU, 2 cores" in text(browser, "#why")
    group = Select(browser.find_element(By.ID, "group"))
    (other,) = [option.text for option in group.options if "Other CPU" in option.text]
    group.select_by_visible_text(other)
    assert drawn_points(browser) == 1


def test_the_table_begins_with_the_frontier_whose_runs_are_named_in_the_plot(
    browser: Chrome, page: Path, make_record: Make
) -> None:
    show(browser, page)
    compared = [make_record(number) for number in (0, 1, 2, 3, 4, 6, 7)]
    reach = {run.name: (-(run.cost.gflops_per_query["q1"] or 0), run.metrics["R1@0.3"] or 0) for run in compared}
    reach[NAME] = reach.pop("run-7")
    beaten = {name for name, (cheap, good) in reach.items() for c, g in reach.values() if c >= cheap and g > good}
    best = sorted(set(reach) - beaten, key=lambda name: -reach[name][1])
    assert names(browser)[: len(best)] == best
    marked = "return [...document.querySelectorAll('#runs tr.best')].map(row => row.lastChild.innerText)"
    assert browser.execute_script(marked) == ["frontier"] * len(best)
    assert names(browser)[-1] == "run-5"  # not in the plot
    named = "return [...document.querySelectorAll('#pareto .textpoint')].map(name => name.textContent.trim())"
    assert set(best) <= set(browser.execute_script(named))


def test_headings_sort_by_mouse_and_keyboard(browser: Chrome, page: Path, make_record: Make) -> None:
    show(browser, page)
    head = "//table[@id='runs']//th[starts-with(normalize-space(.), 'R1@0.3')]"
    browser.find_element(By.XPATH, f"{head}/button").click()
    best = sorted(range(7), key=lambda number: -(make_record(number).metrics["R1@0.3"] or 0))
    order = [name for name in names(browser) if name != NAME]
    assert order == [f"run-{number}" for number in best]
    assert browser.find_element(By.XPATH, head).get_attribute("aria-sort") == "descending"
    browser.find_element(By.XPATH, f"{head}/button").send_keys(Keys.ENTER)
    assert [name for name in names(browser) if name != NAME] == order[::-1]
    assert browser.find_element(By.XPATH, head).get_attribute("aria-sort") == "ascending"


def test_a_run_and_a_query_are_chosen_by_keyboard(browser: Chrome, page: Path) -> None:
    show(browser, page)
    browser.find_element(By.XPATH, "//table[@id='runs']//button[.='run-1']").send_keys(Keys.ENTER)
    assert text(browser, "#run-title") == "Run run-1"
    assert browser.switch_to.active_element.get_attribute("id") == "run-title"
    assert "spotvmr train name=run-1" in text(browser, "#facts")
    wait(browser, "return document.getElementById('queries-note').textContent.startsWith('90 of 90 queries')")
    assert text(browser, "#queries-note").startswith("90 of 90 queries; 3 with every step")
    browser.find_element(By.ID, "search").send_keys("over, 40")
    (row,) = [row for row in browser.find_elements(By.CSS_SELECTOR, "#query-list tbody tr") if row.is_displayed()]
    row.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    assert text(browser, "#query h3") == "the hand turned the red mug over, 40"
    wait(browser, "return document.querySelectorAll('#query svg.main-svg').length > 0")
    lanes = browser.execute_script("return [...document.querySelectorAll('#query .ytick')].map(t => t.textContent)")
    assert sorted(lanes) == ["ground truth", "others", "prediction", "step 1", "step 2", "step 3"]
    assert len(browser.find_elements(By.CSS_SELECTOR, "#query .scatterlayer .js-line")) == 1
    assert [item.text.split(":")[0] for item in browser.find_elements(By.CSS_SELECTOR, "#query li")] == [
        "ground truth",
        *(f"prediction {rank}" for rank in range(1, 6)),
    ]
    assert complaints(browser) == []


def test_queries_are_sorted_by_iou(browser: Chrome, page: Path) -> None:
    show(browser, page)
    browser.find_element(By.XPATH, "//table[@id='runs']//button[.='run-1']").click()
    wait(browser, "return document.getElementById('queries-note').textContent.startsWith('90 of 90 queries')")
    head = browser.find_element(By.CSS_SELECTOR, "#query-list th:last-child")
    ious = "return [...document.querySelectorAll('#query-list tbody tr')].map((row) => Number(row.lastChild.innerText))"
    found = browser.execute_script(ious)
    assert len(set(found)) > 10
    for order in ("ascending", "descending"):
        head.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
        assert head.get_attribute("aria-sort") == order
        assert browser.execute_script(ious) == sorted(found, reverse=order == "descending")
    assert complaints(browser) == []


def test_a_click_on_a_point_opens_the_run(browser: Chrome, page: Path) -> None:
    show(browser, page)
    Select(browser.find_element(By.ID, "filter-selector")).select_by_visible_text("uniform")
    (point,) = browser.find_elements(By.CSS_SELECTOR, "#pareto path.point")
    ActionChains(browser).move_to_element(point).click().perform()
    assert text(browser, "#run-title") == "Run run-2"
    assert "predictions.jsonl" in text(browser, "#charts")


def test_queries_and_names_are_text_and_nothing_else(browser: Chrome, page: Path) -> None:
    show(browser, page)
    browser.find_element(By.XPATH, f"//table[@id='runs']//button[.='{NAME}']").click()
    assert text(browser, "#run-title") == f"Run {NAME}"
    assert EVIL in text(browser, "#facts")
    wait(browser, "return document.querySelector('#query h3').textContent.startsWith('<script>')")
    assert text(browser, "#query h3") == f"{EVIL}, 0"
    assert EVIL in text(browser, "#legend")
    hover = "Plotly.Fx.hover('pareto', [{curveNumber: arguments[0], pointNumber: 0}])"
    count = browser.execute_script("return document.getElementById('pareto').data.length")
    for number in range(count):
        browser.execute_script(f"try {{ {hover} }} catch {{}}", number)
        for label in browser.find_elements(By.CSS_SELECTOR, "#pareto .hovertext"):
            assert "&lt;" not in label.text
    assert browser.find_elements(By.CSS_SELECTOR, "img") == []
    # An alert would have stopped the driver; a script that the policy refused would be on the console.
    assert complaints(browser) == []
    assert sorted(path.name for path in page.parent.iterdir()) == ["page.html", "profile", "runs"]


def test_every_control_has_a_name_and_takes_the_focus(browser: Chrome, page: Path) -> None:
    show(browser, page)
    script = """
      const shown = (e) => e.offsetParent !== null;
      return [...document.querySelectorAll('select, input, button, [role=region], [role=img]')].filter(shown)
        .filter((e) => !(e.innerText?.trim() || e.labels?.length || e.ariaLabel || e.getAttribute('aria-labelledby')))
        .map((e) => e.outerHTML.slice(0, 80));
    """
    assert browser.execute_script(script) == []
    browser.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    assert browser.switch_to.active_element.text == "Skip to the table of runs"


def test_many_runs_and_queries_stay_small(browser: Chrome, tmp_path: Path) -> None:
    write_many_runs(tmp_path / "runs")
    write_page(tmp_path / "runs", tmp_path / "page.html")
    assert (tmp_path / "page.html").stat().st_size < 15e6
    show(browser, tmp_path / "page.html")
    assert text(browser, "#more") == "Show all 500 runs"
    browser.find_element(By.ID, "more").click()
    assert len(names(browser)) == 500
    assert complaints(browser) == []


def test_its_benchmark_has_a_limit_for_everything(browser: Chrome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spotvmr.benchmarks.browser.page.RUNS", 15)
    monkeypatch.setattr("spotvmr.benchmarks.browser.page._QUERIES", 50)
    rows = page_rows()
    assert [(row["unit"], row["limit"]) for row in rows] == [("MB", 15.0), ("s", 3.0), ("ms", 200.0)]
    assert all(row["median"] > 0 for row in rows)
