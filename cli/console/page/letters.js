import { ask, order } from "./api.js";
import { confirmWith, find, make, run } from "./dom.js";
import { formatCount, formatTime } from "./format.js";

const actions = {
  replay: {
    title: (count) => `Replay ${count}?`,
    text: "They go back into the queue, and are sent to Platform again. If the cause is not fixed, they become dead letters again.",
    yes: "Replay",
  },
  export: {
    title: (count) => `Export ${count}?`,
    text: "Each is written into a file of its own that only you can read. The files hold personal data. The storage keeps them.",
    yes: "Export",
  },
  purge: {
    title: (count) => `Purge ${count}?`,
    text: "They are deleted permanently. No copy is kept, and the events will never have rows.",
    yes: "Purge for good",
  },
};
let shown = "";

/** Lists the groups. @param mayAct whether this console may change something */
export async function showLetters(mayAct) {
  const answer = await ask("letters");
  const text = JSON.stringify([answer, mayAct]);
  if (text === shown) return;
  shown = text;
  const { total, read, groups } = answer;
  const note = find("letters-note");
  note.className = "note";
  note.textContent =
    total === 0
      ? "No event is a dead letter."
      : `${formatCount(total)} in all, by reason${read < total ? `; the newest ${formatCount(read)} were read` : ""}. ${mayAct ? "Fix the cause first, then replay." : "This console only reads: start it with --allow-actions to replay, export or purge them here."}`;
  find("letters-list").replaceChildren(...groups.map((group) => showGroup(group, mayAct)));
}

function showGroup(group, mayAct) {
  const { count, class: kind, reason, kinds, oldest, newest } = group;
  const buttons = Object.keys(actions).map((action) => {
    const button = make("button", { type: "button", click: () => act(action, group, button) }, actions[action].yes);
    return button;
  });
  return make(
    "article",
    { class: "letter", "data-verdict": "broken" },
    make("h3", {}, `${formatCount(count)} `, make("span", { class: "badge" }, kind)),
    make("p", {}, reason),
    make("p", { class: "note" }, kinds.map(([name, times]) => `${formatCount(times)} ${name}`).join(", ")),
    make("p", { class: "note" }, `${formatTime(oldest)} to ${formatTime(newest)}`),
    mayAct && make("div", { class: "tools" }, ...buttons),
  );
}

async function act(action, { id, count }, button) {
  const { title, text, yes } = actions[action];
  const named = count === 1 ? "1 dead letter" : `${formatCount(count)} dead letters`;
  if (!(await confirmWith({ title: title(named), text, yes }))) return;
  let done = "";
  await run(button, find("letters-note"), async () => {
    ({ done } = await order("letters", { action, group: id, count }));
    return done;
  });
  if (!done) return;
  await showLetters(true);
  find("letters-note").textContent = done;
}
