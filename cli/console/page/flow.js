import { draw, find, make } from "./dom.js";
import { formatFigure } from "./format.js";

const states = { fine: "fine", waiting: "waiting", broken: "broken", unknown: "not checked yet" };
const gap = 30;
/** Heights of a stage: with its figures one below the other, and side by side. */
const tall = 160;
const low = 116;
let shown = "";

/** The events' path: stages side by side if there is room, otherwise one below the other. */
export function showFlow({ stages, problems }) {
  const problem = find("flow-problem");
  problem.hidden = problems.length === 0;
  problem.textContent = problems.join(" ");
  const width = Math.max(280, find("picture").clientWidth);
  const text = `${width} ${JSON.stringify(stages)}`;
  if (text === shown || stages.length === 0) return;
  shown = text;
  const isWide = width >= 150 * stages.length;
  const wide = isWide ? (width - gap * (stages.length - 1)) / stages.length : width;
  const high = isWide ? tall : low;
  const height = isWide ? high : stages.length * (high + gap) - gap;
  const places = stages.map((stage, at) => ({
    stage,
    x: isWide ? at * (wide + gap) : 0,
    y: isWide ? 0 : at * (high + gap),
  }));
  const arrows = places.slice(1).map(({ x, y }) => arrowTo(isWide, x, y, wide));
  find("picture").replaceChildren(
    draw(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true", focusable: "false" },
      ...arrows,
      ...places.map((place) => drawStage(place, { wide, high, isWide })),
    ),
    describe(stages),
  );
}

function drawStage({ stage: { name, verdict, figures }, x, y }, { wide, high, isWide }) {
  const lines = figures.flatMap((figure, at) => {
    const [left, top] = isWide ? [14, 78 + at * 44] : [14 + (at * wide) / 2, 78];
    return [
      draw("text", { class: "number", x: left, y: top }, formatFigure(figure)),
      draw("text", { x: left, y: top + 17 }, figure.name),
    ];
  });
  return draw(
    "g",
    { class: "stage", "data-verdict": verdict, transform: `translate(${x} ${y})` },
    draw("rect", { x: 0.5, y: 0.5, width: wide - 1, height: high - 1, rx: 10 }),
    draw("rect", { class: "edge", x: 14, y: 0, width: wide - 28, height: 4, rx: 2 }),
    draw("text", { class: "title", x: 14, y: 28 }, name),
    draw("text", { class: "state", x: 14, y: 47 }, states[verdict]),
    ...lines,
  );
}

function arrowTo(isWide, x, y, wide) {
  const path = isWide
    ? `M${x - gap + 5} ${tall / 2}h${gap - 11}m-6 -5l6 5l-6 5`
    : `M${wide / 2} ${y - gap + 5}v${gap - 11}m-5 -6l5 6l5 -6`;
  return draw("path", { class: "arrow", d: path });
}

/** The same in words, for people who do not see the picture. */
function describe(stages) {
  const items = stages.map(({ name, verdict, figures }) =>
    make(
      "li",
      {},
      `${name}, ${states[verdict]}: ${figures.map((figure) => `${figure.name} ${formatFigure(figure)}`).join(", ")}`,
    ),
  );
  return make("ol", { class: "unseen" }, ...items);
}
