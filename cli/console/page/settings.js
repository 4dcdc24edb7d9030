import { find, make } from "./dom.js";
import { formatCount, formatTime } from "./format.js";

/** The settings in force, and the last audit if there is one. */
export function showSettings({ settings, audit }) {
  find("settings-list").replaceChildren(
    listOf("Stack configuration", settings.stack),
    ...(settings.relay.length > 0 ? [listOf("App settings of the relay", settings.relay)] : []),
  );
  if (audit) find("audit").replaceChildren(...showAudit(audit));
}

function listOf(title, settings) {
  const rows = settings.map(({ name, value }) =>
    make(
      "tr",
      {},
      make("th", { scope: "row" }, make("code", {}, name)),
      make("td", {}, value === undefined ? make("span", { class: "badge" }, "hidden") : value),
    ),
  );
  return make(
    "details",
    { class: "panel" },
    make("summary", {}, `${title} (${settings.length})`),
    make("table", {}, make("tbody", {}, ...rows)),
  );
}

const verdicts = {
  complete: "complete",
  missing: "events are missing",
  unjudged: "not everything could be judged yet, so run it again",
};

function showAudit({ verdict, from, to, totals, at, folder }) {
  const names = Object.keys(totals);
  return [
    make("h3", {}, `Last audit: ${from} to ${to}, ${verdicts[verdict]}`),
    make("p", { class: "note" }, `Ended at ${formatTime(at)}. Its lists are in ${folder}.`),
    make(
      "table",
      {},
      make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col", class: "number" }, name)))),
      make(
        "tbody",
        {},
        make("tr", {}, ...names.map((name) => make("td", { class: "number" }, formatCount(totals[name])))),
      ),
    ),
  ];
}
