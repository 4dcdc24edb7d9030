import { ask, order } from "./api.js";
import { find, make, run } from "./dom.js";
import { formatTime, shortenTimes } from "./format.js";

const words = { fine: "fine", waiting: "waiting", broken: "broken" };
/** A command as the command line prints it: up to its last flag. */
const flag = String.raw` --(?:stack|cwd|source) (?:'[^']*'|[^\s,;)']+?)`;
const command = new RegExp(
  String.raw`npx (?:pulumi|customerio-aep)(?: (?:'[^']*'|[^\s']+))*?${flag}(?:${flag})*(?=[.,;)]?(?:\s|$))`,
  "g",
);
let shown = "";
let announced = "";

/** The first reading: is everything all right, and if not, what to do. */
export function showHealth({ findings, checkedAt }) {
  if (checkedAt === undefined) return;
  find("verdict-more").textContent = summaryOf(findings, checkedAt);
  const text = JSON.stringify(findings);
  // What did not change keeps its focus and its open parts.
  if (text === shown) return;
  shown = text;
  const broken = findings.filter(({ verdict }) => verdict === "broken");
  const waiting = findings.filter(({ verdict }) => verdict === "waiting");
  const fine = findings.filter(({ verdict }) => verdict === "fine");
  const title = titleOf(broken, waiting);
  find("verdict").textContent = title;
  find("banner").dataset.verdict = broken.length > 0 ? "broken" : waiting.length > 0 ? "waiting" : "fine";
  if (title !== announced) find("announce").textContent = title;
  announced = title;
  document.title = `${title} · ${find("stack").textContent}`;
  const isOpen = find("findings").querySelector("details.panel")?.open ?? false;
  find("findings").replaceChildren(
    ...joinSame(broken).map(showFinding),
    make("div", { class: "waits" }, ...waiting.map(showFinding)),
    showFine(fine, isOpen),
  );
}

/** A refused login breaks several parts with the same words: they are shown once. */
function joinSame(findings) {
  const groups = Object.values(Object.groupBy(findings, ({ found }) => found));
  return groups.map(([first, ...others]) => ({
    ...first,
    part: [first, ...others].map(({ part }) => part).join(", "),
  }));
}

function titleOf(broken, waiting) {
  if (broken.length > 0) return broken.length === 1 ? "One part needs you" : `${broken.length} parts need you`;
  if (waiting.length > 0) return "Nothing is broken";
  return "Everything is all right";
}

function summaryOf(findings, checkedAt) {
  const waits = findings.filter(({ verdict }) => verdict === "waiting").length;
  const some =
    waits === 0 ? "" : `${waits} ${waits === 1 ? "part waits" : "parts wait"} for time or a step of the setup. `;
  return `${some}${findings.length} parts checked at ${formatTime(checkedAt)}.`;
}

function showFinding({ part, verdict, found, details = [], todo, runbook }) {
  return make(
    "article",
    { class: "finding", "data-verdict": verdict },
    make("h3", {}, beginLarge(part), make("span", { class: "badge" }, words[verdict])),
    make("p", {}, shortenTimes(found)),
    todo && make("p", { class: "remedy" }, make("strong", {}, "What to do: "), withCommands(todo)),
    details.length > 0 &&
      make("ul", { class: "details" }, ...details.map((line) => make("li", {}, shortenTimes(line)))),
    runbook &&
      make(
        "p",
        { class: "note" },
        "More: ",
        make("a", { href: hrefOf(runbook), target: "_blank" }, `the runbook on ${part}`),
      ),
  );
}

/** The console serves the package's pages: `customerio-aep/docs/runbooks.md#finding-disk`. */
function hrefOf(runbook) {
  return runbook.replace(/^customerio-aep/, "");
}

function beginLarge(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The text with each command as code that can be copied. */
function withCommands(text) {
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(command)) {
    const copy = make("button", { type: "button", class: "copy", click: () => copyText(found, copy) }, "Copy");
    copy.setAttribute("aria-label", `Copy the command ${found}`);
    const start = index + found.length;
    // The button follows the comma or full stop.
    const mark = /^[.,;)]*/.exec(text.slice(start))?.[0] ?? "";
    parts.push(text.slice(end, index), make("code", {}, found), mark, copy);
    end = start + mark.length;
  }
  return [...parts, text.slice(end)];
}

async function copyText(text, button) {
  await navigator.clipboard.writeText(text);
  button.textContent = "Copied";
}

function showFine(fine, isOpen) {
  if (fine.length === 0) return "";
  const list = fine.flatMap(({ part, found }) => [
    make("dt", {}, beginLarge(part)),
    make("dd", {}, shortenTimes(found)),
  ]);
  const title = fine.length === 1 ? "1 part is fine" : `${fine.length} parts are fine`;
  return make(
    "details",
    { class: "panel", open: isOpen },
    make("summary", {}, title),
    make("dl", { class: "fine-list" }, ...list),
  );
}

export function startHealth() {
  const button = find("check");
  button.addEventListener("click", () => void run(button, find("verdict-more"), checkNow));
}

async function checkNow() {
  await order("check", {});
  const state = await ask("state", { since: Date.now() });
  showHealth(state);
  return summaryOf(state.findings, state.checkedAt);
}
