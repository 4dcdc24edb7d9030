import { draw, find, make } from "./dom.js";
import { formatAge, formatCount, formatRate, formatTime } from "./format.js";

/** At most six hours of samples every 15 seconds. */
const mostSamples = 1440;
const wide = 300;
const high = 60;
/** Milliseconds over which a rate is measured. */
const window = 30_000;

const plots = [
  { title: "Accepted a minute", of: (samples) => ratesOf(samples, "accepted"), format: formatRate },
  { title: "Delivered a minute", of: (samples) => ratesOf(samples, "delivered"), format: formatRate },
  { title: "Messages in the queue", of: (samples) => valuesOf(samples, "messages"), format: formatCount },
  { title: "Age of the oldest event", of: (samples) => valuesOf(samples, "oldest"), format: formatAge },
  { title: "Dead letters", of: (samples) => valuesOf(samples, "deadLetters"), format: formatCount },
];

let samples = [];

/** The time of the latest sample, so that only later ones are requested. */
export function latestSample() {
  return samples.at(-1)?.at ?? 0;
}

export function showPlots(more) {
  if (more.length === 0 && samples.length > 0) return;
  samples = [...samples, ...more].slice(-mostSamples);
  find("plots").replaceChildren(...plots.map(drawPlot));
}

function valuesOf(all, name) {
  return all.flatMap((sample) => (sample[name] === undefined ? [] : [{ at: sample.at, value: sample[name] }]));
}

/** Counts become rates: the difference to the sample half a minute earlier. */
function ratesOf(all, name) {
  const values = valuesOf(all, name);
  let from = 0;
  return values.slice(1).map(({ at, value }, before) => {
    while (from < before && at - values[from].at > window) from += 1;
    const past = values[from];
    return { at, value: Math.max(0, ((value - past.value) / Math.max(1, at - past.at)) * 60_000) };
  });
}

function drawPlot({ title, of, format }) {
  const points = of(samples);
  const now = points.at(-1)?.value;
  const most = Math.max(0, ...points.map(({ value }) => value));
  const [first, last] = [points[0]?.at ?? 0, points.at(-1)?.at ?? 1];
  const x = (at) => ((at - first) / Math.max(1, last - first)) * wide;
  const y = (value) => high - 2 - (value / Math.max(most, 1e-9)) * (high - 6);
  const line = points.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const words = points.length === 0 ? "no samples yet" : `now ${format(now)}, at most ${format(most)}`;
  return make(
    "figure",
    { class: "plot" },
    make("h3", {}, title),
    make("p", { class: "now" }, format(now)),
    draw(
      "svg",
      {
        class: "chart",
        viewBox: `0 0 ${wide} ${high}`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${title}: ${words}`,
      },
      draw("line", { class: "base", x1: 0, x2: wide, y1: high - 1, y2: high - 1 }),
      draw("polyline", { points: line }),
    ),
    make(
      "p",
      { class: "axis" },
      make("span", {}, points.length > 1 ? formatTime(first) : ""),
      make("span", {}, points.length > 1 ? `most ${format(most)}` : "collecting"),
    ),
  );
}
