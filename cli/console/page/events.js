import { ask, order } from "./api.js";
import { find, make, run } from "./dom.js";
import { formatTime, shortenTimes } from "./format.js";

const verdicts = { queue: "waiting", "dead letter": "broken", dataset: "fine", sample: "unknown" };
/** What the list shows now, so that the switch for personal data can ask for it again. */
let repeat = readLatest;

/** The list again, with or without personal data. */
export function refreshEvents() {
  return run(undefined, find("events-note"), () => repeat());
}

export function startEvents() {
  find("events-read").addEventListener("click", ({ target }) => void start(target, readLatest));
  find("events-map").addEventListener("click", ({ target }) => void start(target, () => mapEvents({})));
  find("events-file").addEventListener("change", ({ target }) => void mapFile(target));
}

function start(button, work) {
  repeat = work;
  return run(button, find("events-note"), work);
}

async function mapFile(input) {
  const [file] = input.files;
  if (!file) return;
  const text = await file.text();
  // So that the same file can be chosen again after a change.
  input.value = "";
  await start(undefined, () => mapEvents({ text }));
}

async function readLatest() {
  const { events, problems } = await ask("events");
  show(events);
  const counts = Object.entries(Object.groupBy(events, ({ place }) => place)).map(
    ([place, list]) =>
      `${list.length} in ${place === "queue" ? "the queue" : place === "dataset" ? "the dataset" : "dead letters"}`,
  );
  const found = counts.length === 0 ? "No event yet." : `${counts.join(", ")}.`;
  return [found, ...problems].join(" ");
}

async function mapEvents(body) {
  const { events } = await order("preview", body);
  show(events);
  const failed = events.filter(({ errors }) => errors.length > 0).length;
  const rows = events.filter(({ row, errors }) => row && errors.length === 0).length;
  return `${events.length} samples: ${rows} become rows, ${failed} fail, ${events.length - rows - failed} are left out. Nothing was ingested.`;
}

function show(events) {
  find("events-list").replaceChildren(...events.map(showEvent));
}

function showEvent(event) {
  const { id, kind, place, at, errors } = event;
  const verdict = errors.length > 0 ? "broken" : verdicts[place];
  const label = place === "sample" ? (errors.length > 0 ? "fails" : "sample") : place;
  const when = at ? `${formatTime(at)} · ` : "";
  const item = make(
    "details",
    { class: "event", "data-verdict": verdict },
    make(
      "summary",
      {},
      make("strong", {}, kind || "event"),
      make("span", { class: "id" }, `${when}${id}`),
      make("span", { class: "badge" }, label),
    ),
  );
  // Most stay closed, so their content is created when one is opened.
  item.addEventListener("toggle", () => item.open && item.childElementCount === 1 && item.append(showInside(event)));
  return item;
}

function showInside({ id, path, errors, pairs, source, row }) {
  return make(
    "div",
    { class: "inside" },
    make("ol", { class: "steps" }, ...path.map((step) => make("li", {}, shortenTimes(step)))),
    ...errors.map((error) => make("p", { class: "problem" }, error)),
    pairs.length > 0 && make("div", { class: "scroll" }, tableOf(pairs)),
    make(
      "div",
      { class: "beside" },
      jsonOf("As Customer.io sent it", id, source, "The relay does not keep events that it has delivered."),
      jsonOf("As a row", id, row, "No row."),
    ),
  );
}

function tableOf(pairs) {
  const head = ["Customer.io", "value", "Platform", "value"].map((name) => make("th", { scope: "col" }, name));
  const rows = pairs.map(({ source, from, destination, to }) =>
    make(
      "tr",
      {},
      make("td", {}, make("code", {}, source)),
      make("td", {}, textOf(from)),
      make("td", {}, make("code", {}, destination)),
      make("td", {}, textOf(to)),
    ),
  );
  return make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...rows));
}

function textOf(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function jsonOf(title, id, value, otherwise) {
  const content =
    value === undefined || value === null
      ? make("p", { class: "note" }, otherwise)
      : make("pre", { tabindex: "0", role: "region", "aria-label": `${title}: ${id}` }, JSON.stringify(value, null, 2));
  return make("div", {}, make("h3", {}, title), content);
}
