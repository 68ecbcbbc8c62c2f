// Numbers, times and elements. Data become text, never markup.
const MISSING = "–";

const known = (value) => value !== null && value !== undefined;

const percent = (share, digits = 1) => (known(share) ? (100 * share).toFixed(digits) : MISSING);

function amount(value) {
  if (!known(value)) return MISSING;
  return value >= 999.5 ? Math.round(value).toLocaleString("en") : value.toPrecision(3);
}

function clock(seconds, hours = false) {
  const whole = Math.round(seconds);
  const two = (number) => String(number).padStart(2, "0");
  const rest = `${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
  return hours ? `${Math.floor(whole / 3600)}:${rest}` : `${two(Math.floor(whole / 60))}:${two(whole % 60)}`;
}

// Plotly reads some markup in its texts: data must not look like it.
const plain = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// element("td", {className: "number"}, "12", child): strings become text nodes.
function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const byId = (id) => document.getElementById(id);

function option(value, label) {
  return element("option", { value, textContent: label });
}
