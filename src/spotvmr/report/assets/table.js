// The table of runs: filters choose rows, headings sort them; a row is created when it is first shown.
const COLUMNS = [
  { title: "run", value: label, width: 9 },
  { title: "selector", value: (run) => run.selector, width: 5.8 },
  { title: "budget %", value: (run) => run.budget, text: (run) => percent(run.budget) },
  { ...score("R1@0.3"), small: (run) => bounds(run.ci["R1@0.3"]), width: 7.8 },
  { title: "GFLOPs a query", value: (run) => run.gflops.q1, text: (run) => amount(run.gflops.q1), width: 5.4 },
  { title: "ratio to dense", value: (run) => run.ratio.q1, text: (run) => amount(run.ratio.q1) },
  { title: "seconds a query", value: (run) => run.seconds, text: (run) => amount(run.seconds), width: 5.4 },
  { title: "expert clips %", value: (run) => run.fraction, text: (run) => percent(run.fraction), width: 5 },
  ...["R1@0.5", "R5@0.3", "mIoU"].map(score),
  { title: "model", value: (run) => run.model, width: 5.6 },
  { title: "data set", value: (run) => run.dataset, width: 5.5 },
  { title: "split", value: (run) => run.split, width: 3.6 },
  { title: "queries", value: (run) => run.n, text: (run) => run.n.toLocaleString("en"), width: 4.8 },
  { title: "in the plot", value: (run, number) => marks[number] || "", width: 9.5 },
];

function score(metric) {
  return { title: `${metric} %`, value: (run) => run.metrics[metric], text: (run) => percent(run.metrics[metric]) };
}

const numeric = (column) => Boolean(column.text);
const bounds = (ends) => (ends && known(ends[0]) && known(ends[1]) ? ` [${percent(ends[0], 0)}, ${percent(ends[1], 0)}]` : "");

const marks = []; // of each run: "frontier", "yes", or why it is not in the plot
const rows = []; // by run, created when first shown
const sorting = { column: -1, down: false };
let order = null; // by the chosen heading; initially bestFirst
let limit = 100; // rows shown: the layout of many rows takes longer than filtering them

function buildTable() {
  const heads = COLUMNS.map((column, place) => {
    const button = element("button", { type: "button", onclick: () => { sortBy(place); update(); } }, column.title);
    return element("th", { scope: "col", className: numeric(column) ? "number" : "" }, button);
  });
  // Fixed widths: columns do not move when rows are filtered.
  const columns = COLUMNS.map((column) => element("col", { style: `width: ${column.width || 4.6}rem` }));
  byId("runs").append(element("colgroup", {}, ...columns), element("thead", {}, element("tr", {}, ...heads)), element("tbody"));
  byId("more").onclick = () => { limit = Infinity; update(); };
}

function rowOf(number) {
  const run = RUNS[number];
  const cells = COLUMNS.map((column, place) => {
    if (place === 0) {
      const button = element("button", { type: "button", className: "link", onclick: () => chooseRun(number) }, label(run) || "(no name)");
      return element("td", { className: "words" }, button);
    }
    const text = column.text ? column.text(run) : column.value(run, number);
    const cell = element("td", { className: numeric(column) ? "number" : "" }, text);
    if (column.small) cell.append(element("small", {}, column.small(run)));
    return cell;
  });
  return element("tr", {}, ...cells);
}

function sortBy(place) {
  const column = COLUMNS[place];
  // Numbers start with the largest, words with A.
  sorting.down = sorting.column === place ? !sorting.down : numeric(column);
  sorting.column = place;
  const keyed = RUNS.map((run, number) => [column.value(run, number), number]);
  order = keyed.sort(([a, i], [b, j]) => compare(a, b, sorting.down) || i - j).map(([, number]) => number);
  document.querySelectorAll("#runs th").forEach((head, at) => {
    if (at === place) head.setAttribute("aria-sort", sorting.down ? "descending" : "ascending");
    else head.removeAttribute("aria-sort");
    head.firstChild.textContent = COLUMNS[at].title + (at === place ? (sorting.down ? " ▼" : " ▲") : "");
  });
}

// Missing numbers come last in both orders.
function compare(a, b, down) {
  if (!known(a) || !known(b)) return known(b) - known(a);
  const order = typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
  return down ? -order : order;
}

function showRows(state, group) {
  const points = group ? pointsOf(group, state) : [];
  const inside = new Map(points.map((point) => [point.number, "yes"]));
  for (const point of frontier(points)) inside.set(point.number, "frontier");
  const reasons = new Map();
  for (const other of DATA.comparisons[state.axis]) {
    const why = other === group ? "no: score or cost missing" : group ? `no: other ${otherTerms(group, other).join(", ")}` : "no";
    for (const number of other.runs) reasons.set(number, why);
  }
  RUNS.forEach((_, number) => { marks[number] = inside.get(number) || reasons.get(number); });
  const wanted = (order || bestFirst(state)).filter((number) => state.visible.has(number));
  byId("runs").tBodies[0].replaceChildren(...wanted.slice(0, limit).map(shownRow));
  byId("more").hidden = wanted.length <= limit;
  byId("more").textContent = `Show all ${runsIn(wanted.length)}`;
}

// First the frontier, then the other points of the plot, then the rest, each by score.
function bestFirst(state) {
  const place = (number) => ["frontier", "yes"].indexOf(marks[number]) >>> 0; // -1 comes last
  const score = (number) => RUNS[number].metrics[state.metric];
  return [...RUNS.keys()].sort((i, j) => place(i) - place(j) || compare(score(i), score(j), true) || i - j);
}

function shownRow(number) {
  rows[number] ||= rowOf(number);
  const mark = rows[number].lastChild;
  if (mark.textContent !== marks[number]) mark.textContent = marks[number];
  rows[number].classList.toggle("best", marks[number] === "frontier");
  if (number === state.run) rows[number].setAttribute("aria-current", "true");
  else rows[number].removeAttribute("aria-current");
  return rows[number];
}

function markRow(number) {
  byId("runs").querySelectorAll("tr[aria-current]").forEach((row) => row.removeAttribute("aria-current"));
  rows[number]?.setAttribute("aria-current", "true");
}
