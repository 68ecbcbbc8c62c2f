// The data blocks of this file. Those of single queries are parsed when a run is chosen.
const block = (id) => JSON.parse(byId(id).textContent);

const DATA = block("data");
const RUNS = DATA.runs;

const parsed = new Map();

function lazily(id) {
  if (!parsed.has(id)) parsed.set(id, block(id));
  return parsed.get(id);
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
function queryOf(chunk, number) {
  const [qid, video, text, duration_s, truth] = lazily("queries")[chunk.query[number]];
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
