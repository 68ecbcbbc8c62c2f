// Shared parts of the charts: colours of the theme, a plain layout, and the numbers as a table.
const COLOURS = { // Okabe and Ito's, which colour-blind readers can distinguish
  spotter: "#3a8fd0", all: "#8a939c", one_shot: "#009e73", similarity: "#e69f00", uniform: "#cc79a7",
  random: "#d55e00", none: "#9b7fd4", oracle: "#b59f00",
};
const SPARE = ["#56b4e9", "#7f9f3f", "#c05a8a", "#5f7fb0"];
const SYMBOLS = [
  ["circle", "●"], ["square", "■"], ["diamond", "◆"], ["triangle-up", "▲"], ["cross", "✚"], ["x", "✖"], ["star", "★"],
  ["hexagon", "⬢"], ["triangle-down", "▼"], ["pentagon", "⬟"],
];
const TRUTH = "#009e73";
const PREDICTION = "#e69f00";
const STEPS = ["#8cc5ea", "#56a3d9", "#2f7fc1", "#6f6fd0", "#a457c2", "#d04fa0"];

const SELECTORS = [...new Set(RUNS.map((run) => run.selector))].sort();
const colourOf = (selector) => COLOURS[selector] || SPARE[SELECTORS.indexOf(selector) % SPARE.length];
const symbolOf = (selector) => SYMBOLS[SELECTORS.indexOf(selector) % SYMBOLS.length];

// Reading a style triggers a page layout: once a theme is enough.
const theme = new Map();

function themed(name) {
  if (!theme.has(name)) theme.set(name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return theme.get(name);
}

const CONFIG = { displayModeBar: false, responsive: true };

// A finger that drags scrolls the page; a mouse zooms, and a double click goes back.
const ZOOM = matchMedia("(pointer: coarse)").matches ? false : "zoom";

function axisStyle(more = {}) {
  const line = themed("grid");
  return { gridcolor: line, zerolinecolor: line, linecolor: themed("line"), ...more };
}

function layout(more = {}) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: themed("ink"), size: 12, family: "system-ui, sans-serif" },
    margin: { l: 50, r: 12, t: 10, b: 42 },
    hoverlabel: { bgcolor: themed("panel"), bordercolor: themed("line"), font: { color: themed("ink"), size: 13 }, align: "left" },
    showlegend: false, dragmode: false,
    ...more,
  };
}

// Charts so far, each a function that draws it again in the colours of the theme; none before Plotly is there.
const drawn = new Map();
const waiting = new Map();

function draw(place, paint) {
  for (const other of drawn.keys()) if (!other.isConnected) drawn.delete(other);
  drawn.set(place, paint);
  if (window.Plotly) paint();
}

// Charts take time: those further down are drawn when they come near the window.
const observer = new IntersectionObserver((entries) => {
  for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
    observer.unobserve(target);
    draw(target, waiting.get(target));
    waiting.delete(target);
  }
}, { rootMargin: "200px" });

function drawWhenSeen(place, paint) {
  waiting.set(place, paint);
  observer.observe(place);
}

function redraw() {
  for (const [place, paint] of drawn) if (place.isConnected) paint();
}

// A chart with a title, a label for screen readers, and its numbers as a table.
function figure(title, headings, rows, paint) {
  const place = element("div", { className: "chart", role: "img" });
  place.setAttribute("aria-label", `${title}; the table below has the numbers`);
  const cells = (tag, row) => element("tr", {}, ...row.map((cell) => element(tag, {}, String(cell))));
  const table = element("table", {}, cells("th", headings), ...rows.map((row) => cells("td", row)));
  const made = element("figure", { className: "card" }, element("figcaption", {}, title), place,
    element("details", {}, element("summary", {}, "Numbers"), table));
  drawWhenSeen(place, () => paint(place));
  return made;
}
