// The chosen run: facts, and charts of its cost by stage and its recall.
function showRun(number) {
  const run = RUNS[number];
  markRow(number);
  byId("run").hidden = false;
  byId("run-title").textContent = `Run ${label(run)}`;
  byId("facts").replaceChildren(...factsOf(run).flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, value)]));
  byId("charts").replaceChildren(...figuresOf(run));
  if (!run.charts) byId("charts").append(element("p", { className: "hint" }, "Recall by length and position, and single queries, need predictions.jsonl beside record.json."));
}

function factsOf(run) {
  const scored = `${run.n.toLocaleString("en")} queries on ${run.videos.toLocaleString("en")} videos, ${amount(run.hours)} h`;
  return [
    ["data", `${run.dataset}, ${run.split}: ${scored}`], ["system", `${run.model}, ${run.selector}, budget ${percent(run.budget)} %, seed ${run.seed}`],
    ["created", `${run.created}${run.git ? `, commit ${run.git}` : ""}`], ["machine", run.machine], ["command", run.command],
    ...(run.experiment ? [["experiment", run.experiment]] : []),
  ];
}

function figuresOf(run) {
  const figures = [stageFigure(run, 0, "GFLOPs"), stageFigure(run, 1, "seconds")];
  if (!run.charts) return figures;
  figures.push(recallFigure("Recall by length, seconds", run.charts.length));
  figures.push(recallFigure("Recall by position, % of the video", run.charts.place));
  figures.push(budgetFigure(run));
  return figures.filter(Boolean);
}

function stageFigure(run, unit, name) {
  const stages = Object.entries(run.stages).filter(([, spent]) => unit === 1 || spent[0] > 0).reverse();
  const rows = [...stages].reverse().map(([stage, spent]) => [stage, amount(spent[unit])]);
  return figure(`Cost by stage, ${name}`, ["stage", name], rows, (place) =>
    Plotly.react(place, [{
      type: "bar", orientation: "h", y: stages.map(([stage]) => stage), x: stages.map(([, spent]) => spent[unit]),
      text: stages.map(([, spent]) => amount(spent[unit])), textposition: "auto", cliponaxis: false,
      hoverinfo: "skip", marker: { color: unit ? "#cc79a7" : "#56b4e9" }, outsidetextfont: { color: themed("ink") },
      insidetextfont: { color: "#10151b" },
    }], layout({ xaxis: axisStyle({ title: { text: `${name}, one query a video` } }), yaxis: axisStyle(), margin: { l: 70, r: 30, t: 8, b: 46 } }), CONFIG));
}

function recallFigure(title, bins) {
  if (!bins.length) return null;
  const names = ["R1@0.3", "R1@0.5"];
  const rows = bins.map((bin) => [bin.bin, bin.n, ...bin.recall.map((recall) => percent(recall))]);
  const traces = () => names.map((name, at) => ({
    type: "bar", name, x: bins.map((bin) => `${bin.bin}<br>n ${bin.n}`), y: bins.map((bin) => 100 * bin.recall[at]),
    hovertemplate: `${name} %{y:.1f} %<extra></extra>`, marker: { color: at ? "#e69f00" : "#56b4e9" },
  }));
  return figure(title, ["", "queries", ...names.map((name) => `${name} %`)], rows, (place) =>
    Plotly.react(place, traces(), layout({
      xaxis: axisStyle({ type: "category", tickangle: 0, tickfont: { size: 10 } }), yaxis: axisStyle({ range: [0, 100], title: { text: "recall, %" } }),
      showlegend: true, legend: { orientation: "h", y: 1, yanchor: "bottom", x: 0 }, margin: { l: 48, r: 8, t: 26, b: 46 },
    }), CONFIG));
}

function budgetFigure(run) {
  const found = run.charts.fractions;
  if (!found) return null;
  const middle = (bin) => 100 * found.step * (bin + 0.5);
  const rows = found.counts.map((count, bin) => [`${percent(found.step * bin, 2)}–${percent(found.step * (bin + 1), 2)}`, count]);
  const most = 100 * Math.max(found.step * found.counts.length, run.budget);
  return figure("Expert clips a query", ["expert clips %", "queries"], rows.filter((row) => row[1]), (place) =>
    Plotly.react(place, [{
      type: "bar", x: found.counts.map((_, bin) => middle(bin)), y: found.counts, width: 100 * found.step,
      hovertemplate: "%{x:.2f} % of the clips: %{y} queries<extra></extra>", marker: { color: "#009e73" },
    }], layout({
      xaxis: axisStyle({ title: { text: "% (dotted: budget)" }, range: [0, 1.05 * most] }), yaxis: axisStyle({ title: { text: "queries" } }),
      shapes: [{ type: "line", x0: 100 * run.budget, x1: 100 * run.budget, y0: 0, y1: 1, yref: "paper", line: { color: themed("ink"), dash: "dot" } }],
    }), CONFIG));
}
