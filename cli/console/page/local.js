import { ask, order } from "./api.js";
import { find, make, run } from "./dom.js";

const buttons = [
  ["Send one of each kind", { action: "samples" }],
  ["Send a blast of 500", { action: "blast", recipients: 500 }],
  ["Kill the relay", { action: "kill" }],
  ["Let two hours pass", { action: "time" }],
];

/** The switches and buttons of the stand-ins. */
export async function startLocal() {
  const note = find("local-note");
  find("local-tools").replaceChildren(
    ...buttons.map(([title, body]) => {
      const button = make("button", { type: "button", click: () => run(button, note, () => orderLocal(body)) }, title);
      return button;
    }),
  );
  const { faults } = await ask("local");
  find("faults").append(
    ...faults.map(({ id, name, effect, isOn }) => {
      const box = make("input", {
        type: "checkbox",

        id: `fault-${id}`,
        checked: isOn,
        "aria-describedby": `effect-${id}`,
      });
      box.addEventListener("change", () =>
        run(box, note, () => orderLocal({ action: "fault", fault: id, isOn: box.checked })),
      );
      return make(
        "div",
        { class: "fault" },
        box,
        make("label", { for: `fault-${id}` }, name),
        make("span", { id: `effect-${id}` }, effect),
      );
    }),
  );
}

async function orderLocal(body) {
  return (await order("local", body)).done;
}
