import { ask, askForPersonalData } from "./api.js";
import { find } from "./dom.js";
import { refreshEvents, startEvents } from "./events.js";
import { showFlow } from "./flow.js";
import { showHealth, startHealth } from "./health.js";
import { showLetters } from "./letters.js";
import { startLocal } from "./local.js";
import { latestSample, showPlots } from "./plots.js";
import { showSettings } from "./settings.js";

/** Milliseconds between two questions for the state, and for dead letters. */
const pace = 2000;
const lettersPace = 10_000;
let about;
let state;
let lettersAt = 0;

/** What changes only with the stack. */
async function showAbout() {
  about = await ask("about");
  find("stack").textContent = about.stack;
  find("mode").textContent = about.isLocal ? "local cloud" : about.mayAct ? "actions allowed" : "read-only";
  for (const part of document.querySelectorAll("[data-relay]")) part.hidden = !about.hasRelay;
  for (const part of document.querySelectorAll("[data-local]")) part.hidden = !about.isLocal;
  showSettings(about);
}

async function start() {
  await showAbout();
  startHealth();
  startEvents();
  find("personal").addEventListener("change", ({ target }) => {
    askForPersonalData(target.checked);
    lettersAt = 0;
    void refreshEvents();
    void poll();
  });
  new ResizeObserver(() => state && showFlow(state)).observe(find("picture"));
  if (about.isLocal) await startLocal();
  await poll();
  void refreshEvents();
  setInterval(() => {
    if (!document.hidden) void poll();
  }, pace);
}

async function poll() {
  try {
    state = await ask("state", { since: latestSample() });
    if (state.revision !== about.revision) await showAbout();
    showHealth(state);
    showFlow(state);
    if (!about.hasRelay) return;
    showPlots(state.samples);
    if (Date.now() - lettersAt < lettersPace) return;
    lettersAt = Date.now();
    await showLetters(about.mayAct);
  } catch (error) {
    const problem = find("flow-problem");
    problem.hidden = false;
    problem.textContent = `The console does not answer: ${error.message}. If it was stopped, start it again and open its new address.`;
  }
}

start().catch((error) => {
  find("verdict").textContent = "This console can't be shown";
  find("verdict-more").textContent = error.message;
});
