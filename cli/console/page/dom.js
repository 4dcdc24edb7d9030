const svgNamespace = "http://www.w3.org/2000/svg";

/** An element with attributes and children. Text stays text: nothing that a vendor says becomes markup. */
export function make(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function draw(name, attributes = {}, ...children) {
  return fill(document.createElementNS(svgNamespace, name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

/** The element with this id. */
export function find(id) {
  return document.getElementById(id);
}

/** Asks the person before something is changed. Resolves to whether they agree. */
export function confirmWith({ title, text, yes }) {
  const dialog = find("confirm");
  find("confirm-title").textContent = title;
  find("confirm-text").textContent = text;
  find("confirm-yes").textContent = yes;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

/** Runs work of a button, which is disabled meanwhile, and shows what it says. */
export async function run(button, note, work) {
  if (button) button.disabled = true;
  note.className = "note";
  note.textContent = "Working …";
  try {
    note.textContent = (await work()) ?? "";
  } catch (error) {
    note.className = "problem";
    note.textContent = error.message;
  } finally {
    if (button) button.disabled = false;
  }
}
