// Names of runs beside their points in the plot, as far as there is space.
const LETTER = { width_px: 6.6, height_px: 14 };
const POINT_PX = 7; // half of a marker
const FEW = 12; // up to this number all runs are named, above it those on the frontier
const SIDES = { above: ["top left", "top right"], below: ["bottom right", "bottom left", "top right"] };

const shortened = (text) => (text.length > 24 ? `${text.slice(0, 23)}…` : text);

// No other run is left of the frontier or above it: names are placed there, the best first.
function namesOf(points, best, frame) {
  const others = points.length > FEW ? [] : points.filter((point) => !best.includes(point));
  const taken = points.map((point) => around(placeOf(point, frame)));
  const named = [...[...best].reverse().map((point) => [point, SIDES.above]), ...others.map((point) => [point, SIDES.below])];
  const placed = named.flatMap(([point, sides]) => {
    const name = shortened(label(point.run));
    const side = sides.find((one) => free(boxOf(name, placeOf(point, frame), one), taken, frame));
    if (side) taken.push(boxOf(name, placeOf(point, frame), side));
    return side ? [{ point, side, name }] : [];
  });
  return {
    x: placed.map(({ point }) => point.x), y: placed.map(({ point }) => 100 * point.y),
    text: placed.map(({ name }) => `\u2002${plain(name)}\u2002`), textposition: placed.map(({ side }) => side), textfont: { size: 12, color: themed("ink") },
    mode: "text", hoverinfo: "skip", cliponaxis: false,
  };
}

function placeOf({ x, y }, frame) {
  const [[left, right], [bottom, top]] = [frame.x, frame.y];
  return [frame.width_px * (Math.log10(x) - left) / (right - left), frame.height_px * (top - 100 * y) / (top - bottom)];
}

const around = ([x, y]) => ({ left: x - POINT_PX, right: x + POINT_PX, top: y - POINT_PX, bottom: y + POINT_PX });

function boxOf(name, [x, y], side) {
  const wide = LETTER.width_px * name.length + POINT_PX;
  const [up, back] = [side.startsWith("top"), side.endsWith("left")];
  return {
    left: back ? x - wide : x + POINT_PX + 1, right: back ? x - POINT_PX - 1 : x + wide,
    top: up ? y - LETTER.height_px - 4 : y + 4, bottom: up ? y - 4 : y + LETTER.height_px + 4,
  };
}

function free(box, taken, { width_px, height_px }) {
  const apart = (other) => box.right < other.left || box.left > other.right || box.bottom < other.top || box.top > other.bottom;
  return box.left > 0 && box.right < width_px && box.bottom < height_px && taken.every(apart);
}
