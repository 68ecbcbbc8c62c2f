// The data of this file: runs are read at once; Plotly and the queries of a run are compressed and read on demand.
const DATA = JSON.parse(byId("data").textContent);
const RUNS = DATA.runs;

const ABLE = "DecompressionStream" in window;
byId("unable").hidden = ABLE;

// The compressed blocks are below this script: everything else is shown before they are read.
const wholeFile = new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));

async function inflated(id) {
  await wholeFile;
  const coded = atob(byId(id).textContent);
  const bytes = new Uint8Array(coded.length);
  for (let i = 0; i < coded.length; i += 1) bytes[i] = coded.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

const parsed = new Map(); // by id of a block, the promise of its content

function lazily(id) {
  if (!parsed.has(id)) parsed.set(id, inflated(id).then(JSON.parse));
  return parsed.get(id);
}

// A separate script: the content security policy knows its hash.
async function loadPlotly() {
  document.head.append(element("script", {}, await inflated("plotly")));
}

const label = (run) => run.arm || run.name;

// The cost of a run on an axis: a level of sharing for GFLOPs, or seconds.
const cost = (run, axis) => (axis === "seconds" ? run.seconds : run.gflops[axis]);

// Run lengths [skipped, taken, skipped, …] back to spans [first clip, clips].
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
