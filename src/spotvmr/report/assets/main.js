// Filters and choices; every change goes through update().
const FILTERS = {
  dataset: ["Data set", (run) => run.dataset], model: ["Model", (run) => run.model],
  selector: ["Selector", (run) => run.selector], budget: ["Budget", (run) => run.budget],
};
const state = { axis: "q1", metric: METRICS.includes("R1@0.3") ? "R1@0.3" : METRICS[0], group: null, visible: new Set(), run: null };

function buildFilters() {
  for (const [key, [title, value]] of Object.entries(FILTERS)) {
    const values = [...new Set(RUNS.map(value))].sort((a, b) => compare(a, b, false));
    const select = element("select", { id: `filter-${key}`, onchange: update }, option("", "all"),
      ...values.map((one) => option(JSON.stringify(one), key === "budget" ? `${percent(one)} %` : one || "(none)")));
    byId("filters").append(element("label", {}, title, select));
  }
  byId("filters").append(element("button", { type: "reset" }, "Clear"));
  byId("filters").onreset = () => setTimeout(update);
  byId("filters").onsubmit = (event) => event.preventDefault();
}

function buildChoices() {
  byId("metric").append(...METRICS.map((metric) => option(metric, metric)));
  byId("axis").append(...Object.entries(AXES).map(([axis, title]) => option(axis, title)));
  byId("metric").value = state.metric || "";
  byId("metric").onchange = (event) => { state.metric = event.target.value; update(); };
  byId("axis").onchange = (event) => { state.axis = event.target.value; state.group = null; update(); };
  byId("group").onchange = (event) => { state.group = DATA.comparisons[state.axis][event.target.value]; update(); };
}

function passes(run) {
  return Object.entries(FILTERS).every(([key, [, value]]) => {
    const wanted = byId(`filter-${key}`).value;
    return wanted === "" || JSON.stringify(value(run)) === wanted;
  });
}

// The chosen set while it has points to show, else the set with the most points.
function chooseGroup() {
  const sets = DATA.comparisons[state.axis].map((group, number) => ({ group, number, size: pointsOf(group, state).length }));
  const usable = sets.filter((set) => set.size);
  const most = usable.reduce((best, set) => (!best || set.size > best.size ? set : best), null);
  state.group = usable.some((set) => set.group === state.group) ? state.group : most?.group || null;
  byId("group").replaceChildren(...usable.map((set) => option(set.number, `${set.group.title} (${runsIn(set.size)})`)));
  if (state.group) byId("group").value = DATA.comparisons[state.axis].indexOf(state.group);
}

function update() {
  state.visible = new Set([...RUNS.keys()].filter((number) => passes(RUNS[number])));
  chooseGroup();
  byId("count").textContent = `${state.visible.size} of ${runsIn(RUNS.length)}`;
  showLegend(state.group ? pointsOf(state.group, state) : []);
  // The plot comes first: it measures its place and must not wait for the layout of the table.
  draw(byId("pareto"), () => drawPareto(state.group, state, chooseRun));
  showRows(state, state.group);
  showWhy();
}

function showWhy() {
  const lines = state.group ? explain(state.group, state) : ["no run has both this score and this cost"];
  byId("why").hidden = !lines.length;
  byId("why").replaceChildren("Not in this plot, because the runs are not comparable:",
    element("ul", {}, ...lines.map((line) => element("li", {}, line))));
}

async function chooseRun(number, byHand = true) {
  state.run = number;
  showRun(number);
  if (byHand) byId("run-title").focus();
  await showQueries(RUNS[number]);
}

function setTheme(name) {
  document.documentElement.dataset.theme = name;
  byId("theme").setAttribute("aria-pressed", String(name === "dark"));
  theme.clear();
  redraw();
}

function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  setTheme(system.matches ? "dark" : "light");
  system.onchange = () => setTheme(system.matches ? "dark" : "light");
  byId("theme").onclick = () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
}

startTheme();
byId("made").textContent = `spotvmr, ${runsIn(RUNS.length)}, page made ${DATA.made.slice(0, 16).replace("T", " ")} UTC`;
byId("units").textContent = "GFLOPs count 2 per multiply-add, one query a video, index included; dense: the expert on every clip.";
buildFilters();
buildChoices();
buildTable();
update();
// The page starts with the newest run that has queries, or with the newest run.
async function complete() {
  if (!ABLE) return;
  await loadPlotly();
  redraw();
  const newest = [...RUNS.keys()].sort((i, j) => (RUNS[i].created < RUNS[j].created ? 1 : -1));
  if (state.run === null) await chooseRun(newest.find((number) => RUNS[number].chunk) ?? newest[0], false);
  document.documentElement.dataset.ready = "yes";
}
complete();
