/** The exit codes of every command. Help, README and reference show this table. */
export const exitCodes = {
  /** Of `status`: nothing is broken. Of `verify`: the event came through. Else: done. */
  well: { code: 0, meaning: "all is well, or done" },
  broken: { code: 1, meaning: "something is broken, or the command failed" },
  usage: { code: 2, meaning: "the command was called wrongly; nothing was done" },
  waiting: { code: 3, meaning: "verify: the event is still on its way; evacuate: something is left" },
  interrupted: { code: 130, meaning: "Ctrl-C stopped it" },
} as const;

/** How a command ended. */
export type Ending = keyof typeof exitCodes;

/** From the best to the worst; of several sources, the worst ending is the command's. */
const order: readonly Ending[] = ["well", "waiting", "broken", "usage", "interrupted"];

export function worstEnding(endings: readonly Ending[]): Ending {
  return endings.reduce<Ending>((one, other) => (order.indexOf(other) > order.indexOf(one) ? other : one), "well");
}
