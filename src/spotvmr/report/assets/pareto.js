// The plot of recall against cost: one set of comparable runs at a time, with its frontier.
const AXES = {
  q1: "GFLOPs a query, one query a video", q10: "GFLOPs a query, ten queries a video",
  all: "GFLOPs a query, all queries of a video", seconds: "Seconds a query, decoding included",
};
const METRICS = [...new Set(RUNS.flatMap((run) => Object.keys(run.metrics)))].sort();

// The Pareto frontier: runs that no other run beats in both recall and cost.
function frontier(points) {
  const ordered = [...points].sort((a, b) => a.x - b.x || b.y - a.y);
  let best = -Infinity;
  return ordered.filter((point) => point.y > best && (best = point.y, true));
}

function pointsOf(group, state) {
  return group.runs
    .filter((number) => state.visible.has(number))
    .map((number) => ({ number, run: RUNS[number], x: cost(RUNS[number], state.axis), y: RUNS[number].metrics[state.metric] }))
    .filter((point) => known(point.x) && point.x > 0 && known(point.y));
}

function hoverOf({ run, x, y }, state) {
  const [low, high] = run.ci[state.metric] || [null, null];
  const interval = known(low) && known(high) ? ` [${percent(low)}, ${percent(high)}]` : "";
  const unit = state.axis === "seconds" ? "s" : "GFLOPs";
  return [
    `<b>${plain(label(run))}</b>`, `${plain(run.model)}, ${plain(run.selector)}, budget ${percent(run.budget)} %`,
    `${plain(state.metric)} ${percent(y)} %${interval}`, `${amount(x)} ${unit} a query`,
    `expert clips ${percent(run.fraction)} %, ground-truth clip recall ${percent(run.found)} %`,
    `seed ${plain(run.seed)}, ${plain(run.created.slice(0, 16).replace("T", " "))}`,
  ].join("<br>");
}

function tracesOf(points, state, frame) {
  const best = frontier(points);
  const selectors = SELECTORS.filter((selector) => points.some((p) => p.run.selector === selector));
  const of = (selector) => points.filter((p) => p.run.selector === selector);
  return [staircase(best, frame), ...selectors.map((selector) => intervals(selector, of(selector), state)),
    ...selectors.map((selector) => markers(selector, of(selector), state, new Set(best))), namesOf(points, best, frame)];
}

// The best recall at each cost: from the axis to the cheapest run, and from the best run to the edge.
function staircase(best, { x: [, right], y: [bottom] }) {
  const ends = best.length ? [[best[0].x, bottom], ...best.map((p) => [p.x, 100 * p.y]), [10 ** right, 100 * best.at(-1).y]] : [];
  return {
    x: ends.map(([x]) => x), y: ends.map(([, y]) => y), mode: "lines", hoverinfo: "skip", fill: "tozeroy", fillcolor: themed("shade"),
    line: { shape: "hv", color: themed("faint"), width: 1.5 },
  };
}

// One broken line for all intervals of a selector: Plotly's error bars take several times as long to draw.
function intervals(selector, points, state) {
  const barred = points.map((p) => [p.x, p.run.ci[state.metric]]).filter(([, ends]) => ends && known(ends[0]) && known(ends[1]));
  return {
    x: barred.flatMap(([x]) => [x, x, null]), y: barred.flatMap(([, ends]) => [100 * ends[0], 100 * ends[1], null]),
    mode: "lines", hoverinfo: "skip", line: { color: colourOf(selector), width: 1.5 }, opacity: 0.6,
  };
}

function markers(selector, points, state, best) {
  return {
    x: points.map((p) => p.x), y: points.map((p) => 100 * p.y), customdata: points.map((p) => p.number),
    text: points.map((p) => hoverOf(p, state)), hoverinfo: "text", mode: "markers", name: plain(selector),
    marker: {
      color: colourOf(selector), symbol: symbolOf(selector)[0], size: points.map((p) => (best.has(p) ? 13 : 11)),
      line: { width: points.map((p) => (best.has(p) ? 1.5 : 1)), color: points.map((p) => themed(best.has(p) ? "ink" : "panel")) },
    },
  };
}

const MARGIN = { l: 55, r: 15, t: 18, b: 50 };

function drawPareto(group, state, choose) {
  const place = byId("pareto");
  const points = group ? pointsOf(group, state) : [];
  place.setAttribute("aria-label", `${state.metric} against ${AXES[state.axis]}: ${points.length} runs; on the frontier ${
    frontier(points).map((p) => label(p.run)).slice(0, 10).join(", ") || "none"}. The table of runs has the numbers.`);
  const [x, y] = [ticks(points.map((p) => p.x)), percents(points, state)];
  const frame = { x: x.range, y: y.range, width_px: place.clientWidth - MARGIN.l - MARGIN.r, height_px: place.clientHeight - MARGIN.t - MARGIN.b };
  Plotly.react(place, tracesOf(points, state, frame), layout({
    xaxis: axisStyle({ type: "log", title: { text: AXES[state.axis] }, ...x }),
    yaxis: axisStyle({ title: { text: `${plain(state.metric)}, %, with 95 % interval` }, ...y }),
    hovermode: "closest", dragmode: ZOOM, margin: MARGIN,
  }), CONFIG);
  if (!place.dataset.hasListeners) {
    place.dataset.hasListeners = "yes";
    place.on("plotly_click", (event) => known(event.points[0].customdata) && choose(event.points[0].customdata));
  }
}

// A logarithmic axis with space beside the outermost points and round ticks.
function ticks(costs) {
  if (!costs.length) return { range: [0, 1] };
  const [low, high] = [Math.min(...costs) / 1.2, Math.max(...costs) * 1.2];
  const steps = high / low > 1000 ? [1] : high / low > 8 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 8];
  const values = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power += 1) {
    values.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(2))).filter((value) => value >= low && value <= high));
  }
  return { range: [Math.log10(low), Math.log10(high)], tickvals: values, ticktext: values.map((value) => value.toLocaleString("en", { maximumFractionDigits: 9 })) };
}

// A range that fits every interval and hardly exceeds 0 to 100.
function percents(points, state) {
  const ends = points.flatMap((p) => [p.y, ...(p.run.ci[state.metric] || [])]).filter(known).map((share) => 100 * share);
  return { range: ends.length ? [Math.max(-1, Math.min(...ends) - 3), Math.min(104, Math.max(...ends) + 3)] : [0, 100] };
}

function showLegend(points) {
  const shown = SELECTORS.filter((selector) => points.some((p) => p.run.selector === selector));
  byId("legend").replaceChildren(element("li", {}, element("span", { className: "step", ariaHidden: "true" }), " frontier"), ...shown.map((selector) => {
    const sign = element("span", { ariaHidden: "true" }, symbolOf(selector)[1]);
    sign.style.color = colourOf(selector);
    return element("li", {}, sign, ` ${selector}`);
  }));
}

// The reasons why filtered runs are not in the plot.
function explain(group, state) {
  const others = DATA.comparisons[state.axis]
    .map((other) => [other, other.runs.filter((number) => state.visible.has(number)).length])
    .filter(([other, count]) => other !== group && count);
  const bare = group ? group.runs.filter((number) => state.visible.has(number)).length - pointsOf(group, state).length : 0;
  const lines = others.slice(0, 8).map(([other, count]) => `${runsIn(count)} with ${differences(group, other)}`);
  const left = others.slice(8).reduce((sum, [, count]) => sum + count, 0);
  if (left) lines.push(`${runsIn(left)} more, in ${others.length - 8} other sets`);
  if (bare) lines.push(`${runsIn(bare)} without this score or this cost`);
  return lines;
}

const runsIn = (count) => `${count} ${count === 1 ? "run" : "runs"}`;

// Another data set always has another version: name only the data set.
function otherTerms(group, other) {
  const terms = Object.keys(other.terms).filter((term) => group.terms[term] !== other.terms[term]);
  return terms.includes("data set") ? terms.filter((term) => term !== "data set version") : terms;
}

const differences = (group, other) =>
  otherTerms(group, other).map((term) => `${term} ${other.terms[term]}, not ${group.terms[term]}`).join("; ");
