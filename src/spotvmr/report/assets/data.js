// The data of this file: runs at once; Plotly, and the queries of a run, packed and read when they are needed.
const DATA = JSON.parse(byId("data").textContent);
const RUNS = DATA.runs;

const ABLE = "DecompressionStream" in window;
byId("unable").hidden = ABLE;

// The packed blocks stand below this script: what needs none of them is shown before they are read.
const wholeFile = new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));

async function inflated(id) {
  await wholeFile;
  const coded = atob(byId(id).textContent);
  const bytes = new Uint8Array(coded.length);
  for (let i = 0; i < coded.length; i += 1) bytes[i] = coded.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const parsed = new Map(); // of each block that was asked for, the promise of what it holds

function lazily(id) {
  if (!parsed.has(id)) parsed.set(id, inflated(id).then(JSON.parse));
  return parsed.get(id);
}

// A script of its own, which the page's policy knows by its hash.
async function loadPlotly() {
  document.head.append(element("script", {}, await inflated("plotly")));
}

const label = (run) => run.arm || run.name;

// The cost of a run on an axis: a level of sharing for GFLOPs, or seconds.
const cost = (run, axis) => (axis === "seconds" ? run.seconds : run.gflops[axis]);

// [passed over, taken, passed over, …] back to spans [first clip, clips].
function unpack(packed) {
  const spans = [];
  let clip = 0;
  for (let i = 0; i < packed.length; i += 2) {
    clip += packed[i];
    spans.push([clip, packed[i + 1]]);
    clip += packed[i + 1];
  }
  return spans;
}

// The number-th query of a run's block, with the sentence and truth it shares with other runs.
function queryOf(chunk, number, shared) {
  const [qid, video, text, duration_s, truth] = shared[chunk.query[number]];
  return {
    qid, video, text, duration_s,
    truth: pairs(truth),
    iou: chunk.iou[number],
    moments: triples(chunk.moments[number]),
    clips: unpack(chunk.clips[number]),
    trace: chunk.traces[number] || null,
  };
}

const pairs = (flat) => Array.from({ length: flat.length / 2 }, (_, i) => flat.slice(2 * i, 2 * i + 2));
const triples = (flat) => Array.from({ length: flat.length / 3 }, (_, i) => flat.slice(3 * i, 3 * i + 3));
