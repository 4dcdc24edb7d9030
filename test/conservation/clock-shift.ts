/**
 * Loaded before the main module of a process (`node --import`): moves its clocks away from the machine's, by the milliseconds
 * in the file CLOCK_FILE, which all processes of a run share, and by those of CLOCK_SHIFT, which are its own. Timers keep their
 * pace. So a lease of ten minutes, or a retry in a quarter of an hour, is over when a test says so.
 */
import { readFileSync } from "node:fs";

const MachineDate = Date;
const machineNow = performance.now.bind(performance);
const own = Number(process.env.CLOCK_SHIFT ?? 0);
let shared = 0;

const look = () => {
  shared = Number(readFileSync(process.env.CLOCK_FILE ?? "", "utf8"));
};
look();
setInterval(look, 20).unref();

globalThis.Date = new Proxy(MachineDate, {
  construct: (target, values, newTarget) =>
    Reflect.construct(target, values.length === 0 ? [MachineDate.now() + shared + own] : values, newTarget),
  get: (target, name, receiver) =>
    name === "now" ? () => MachineDate.now() + shared + own : Reflect.get(target, name, receiver),
});
// Never goes back, so the shift is not part of it.
Object.defineProperty(performance, "now", { value: () => machineNow() + shared });
