// The queries of the chosen run, and the time line of one of them.
const TICKS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000];
const MIN_SHARE = 0.003; // minimum width of a bar, for long videos

async function showQueries(run) {
  byId("queries-of").hidden = !run.chunk || !ABLE;
  if (byId("queries-of").hidden) return;
  const [chunk, shared] = await Promise.all([run.chunk, "queries"].map(lazily));
  if (RUNS[state.run] !== run) return; // the user chose another run meanwhile
  const all = chunk.query.map((_, number) => queryOf(chunk, number, shared));
  const steps = all.filter((query) => query.trace).length;
  byId("queries-note").textContent = `${all.length.toLocaleString("en")} of ${chunk.of.toLocaleString("en")} queries; ${steps} with every step of the selector, marked ◆.`;
  const list = all.map((query, number) => queryRow(query, () => choose(number)));
  const body = element("tbody", {}, ...list);
  const heads = ["", "sentence"].map((title) => element("th", { scope: "col" }, title));
  byId("query-list").replaceChildren(element("thead", {}, element("tr", {}, ...heads, iouHead(all, list, body))), body);
  byId("search").value = "";
  byId("search").oninput = (event) => {
    const word = event.target.value.toLowerCase();
    list.forEach((row, number) => { row.hidden = !all[number].text.toLowerCase().includes(word); });
  };
  const choose = (number) => {
    list.forEach((row, at) => (at === number ? row.setAttribute("aria-current", "true") : row.removeAttribute("aria-current")));
    showQuery(all[number], chunk);
  };
  if (all.length) choose(Math.max(0, all.findIndex((query) => query.trace)));
}

// Sorts by the IoU of the first prediction: failures come first.
function iouHead(all, list, body) {
  const button = element("button", { type: "button" }, "IoU");
  const head = element("th", { scope: "col", className: "number" }, button);
  let down = true;
  button.onclick = () => {
    down = !down;
    const order = [...all.keys()].sort((i, j) => compare(all[i].iou, all[j].iou, down) || i - j);
    body.replaceChildren(...order.map((number) => list[number]));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    button.textContent = `IoU\u00a0${down ? "▼" : "▲"}`;
  };
  return head;
}

function queryRow(query, choose) {
  const button = element("button", { type: "button", className: "link", onclick: choose }, query.text.trim() || "(empty query)");
  const mark = element("td", {}, query.trace ? "◆" : "");
  return element("tr", {}, mark, element("td", { className: "words" }, button),
    element("td", { className: "number" }, known(query.iou) ? query.iou.toFixed(2) : MISSING));
}

function showQuery(query, chunk) {
  const clip_s = query.trace?.clip_s || chunk.clip_s;
  const lanes = lanesOf(query, clip_s);
  const end_s = query.trace?.duration_s || query.duration_s || Math.max(1, ...lanes.flatMap((lane) => lane.spans.map((span) => span[1])));
  const place = element("div", { className: "chart", role: "img" });
  place.style.height = `${70 + 30 * lanes.length + (query.trace?.score ? 90 : 0)}px`;
  place.setAttribute("aria-label", `Time line of ${clock(end_s, end_s >= 3600)}: ${lanes.map((lane) => `${lane.name} ${lane.spans.length}`).join(", ")}; the list below has the times`);
  byId("query").replaceChildren(
    element("h3", {}, query.text.trim() || "(empty query)"),
    element("p", { className: "hint" }, `query ${query.qid}, video ${query.video}`),
    place, ...thumbnails(query, chunk, clip_s), answers(query, end_s >= 3600));
  drawWhenSeen(place, () => drawTimeline(place, query, lanes, end_s));
}

function lanesOf(query, clip_s) {
  const clips = (spans) => (clip_s ? spans.map(([first, count]) => [first * clip_s, (first + count) * clip_s]) : []);
  const steps = query.trace ? query.trace.steps.map(unpack) : [query.clips];
  const lanes = steps.map((spans, at) => ({
    name: steps.length > 1 ? `step ${at + 1}` : "clips", spans: clips(spans), colours: () => STEPS[at % STEPS.length],
  }));
  return [
    ...lanes, { name: "ground truth", spans: query.truth, colours: () => TRUTH },
    { name: "prediction", spans: query.moments.slice(0, 1), colours: () => PREDICTION },
    ...(query.moments.length > 1 ? [{ name: "others", spans: query.moments.slice(1), colours: () => `${PREDICTION}99`, apart: true }] : []),
  ];
}

function drawTimeline(place, query, lanes, end_s) {
  const hours = end_s >= 3600;
  const bars = lanes.map((lane) => barsOf(lane, end_s, hours));
  const score = query.trace?.score;
  const step_s = TICKS_S.find((step) => end_s / step <= (place.clientWidth < 500 ? 5 : 10)) || TICKS_S.at(-1);
  const ticks = Array.from({ length: Math.floor(end_s / step_s) + 1 }, (_, at) => at * step_s);
  const shade = query.truth.map(([from, to]) => ({
    type: "rect", x0: from, x1: Math.max(to, from + MIN_SHARE * end_s), y0: 0, y1: 1, yref: "paper", line: { width: 0 }, fillcolor: TRUTH, opacity: 0.16, layer: "below",
  }));
  const top = score ? 0.66 : 1;
  Plotly.react(place, [...bars, ...(score ? [curveOf(score, query.trace, end_s)] : [])], layout({
    barmode: "overlay", dragmode: ZOOM, bargap: 0.25, shapes: shade, margin: { l: 84, r: 12, t: 6, b: 30 },
    xaxis: axisStyle({ range: [0, end_s], tickvals: ticks, ticktext: ticks.map((tick) => clock(tick, hours)), anchor: "y" }),
    yaxis: axisStyle({ type: "category", categoryarray: lanes.map((lane) => lane.name), range: [lanes.length - 0.5, -0.5], domain: [0, top], fixedrange: true }),
    yaxis2: axisStyle({ domain: [top + 0.03, 1], range: [0, 1.05], tickvals: [0.5], ticktext: ["selector<br>score"], showgrid: false, fixedrange: true, anchor: "x" }),
  }), CONFIG);
}

function barsOf(lane, end_s, hours) {
  const shown = lane.spans.map(([from, to]) => {
    const wide = Math.max(to - from, MIN_SHARE * end_s);
    return [(from + to - wide) / 2, wide];
  });
  // Further predictions overlap: each has a part of the lane, the better ones higher.
  const part = 0.75 / (lane.apart ? shown.length : 1);
  return {
    type: "bar", orientation: "h", base: shown.map(([from]) => from), x: shown.map(([, wide]) => wide), y: shown.map(() => lane.name),
    width: shown.map(() => part), offset: shown.map((_, at) => (lane.apart ? at * part : 0) - 0.375),
    hoverinfo: "text", hovertext: lane.spans.map((span, at) => `${lane.apart ? `prediction ${at + 2}:` : lane.name} ${spanText(span, hours)}`), textposition: "none",
    marker: { color: shown.map((_, at) => lane.colours(at)) },
  };
}

function curveOf(score, trace, end_s) {
  const levels = Uint8Array.from(atob(score.levels), (sign) => sign.charCodeAt(0));
  const times = Array.from(levels, (_, at) => Math.min((at + 0.5) * score.stride * trace.clip_s, end_s));
  return {
    x: times, y: Array.from(levels, (level) => level / 255), yaxis: "y2", mode: "lines", fill: "tozeroy", hoverinfo: "skip",
    line: { color: themed("faint"), width: 1, shape: "hvh" }, fillcolor: "rgba(140,150,160,.25)",
  };
}

const spanText = ([from, to, score], hours) =>
  `${tenths(from, hours)} to ${tenths(to, hours)}${known(score) ? `, score ${score.toFixed(2)}` : ""}`;

// Moments are too short for whole seconds.
const tenths = (seconds, hours) => `${clock(Math.floor(seconds + 0.05), hours)}.${Math.floor(((seconds + 0.05) % 1) * 10)}`;

function answers(query, hours) {
  const item = (name, span) => element("li", {}, `${name} ${spanText(span, hours)}`);
  return element("ul", { className: "hint" },
    ...query.truth.map((span) => item("ground truth:", span)),
    ...query.moments.map((span, at) => item(`prediction ${at + 1}:`, span)));
}

function thumbnails(query, chunk, clip_s) {
  const pictures = Object.entries(chunk.thumbnails[query.video] || {});
  const about = [...query.truth, ...query.moments.slice(0, 1)];
  const wanted = pictures.map(([clip, jpeg]) => [Number(clip), jpeg]).filter(([clip]) =>
    query.clips.some(([first, count]) => clip >= first && clip < first + count)
    || about.some(([from, to]) => (clip + 1) * clip_s > from && clip * clip_s < to));
  if (!wanted.length || !clip_s) return [];
  return [element("div", { className: "thumbnails" }, ...wanted.slice(0, 16).map(([clip, jpeg]) => {
    const at = clock(clip * clip_s, false);
    return element("figure", {}, element("img", { src: `data:image/jpeg;base64,${jpeg}`, alt: `frame at ${at}` }), element("figcaption", {}, at));
  }))];
}
