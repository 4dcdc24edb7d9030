/** The exit codes of every command. Help and reference show this table. */
export const exitCodes = {
  /** For `status`: nothing is broken. For `verify`: the event arrived. For the others: done. */
  well: { code: 0, meaning: "all is well, or done" },
  broken: { code: 1, meaning: "something is broken, or the command failed" },
  usage: { code: 2, meaning: "the command line is invalid; nothing was done" },
  /** The definition of a command says what is not finished then. */
  waiting: { code: 3, meaning: "nothing is broken, but something is not finished" },
  interrupted: { code: 130, meaning: "Ctrl-C stopped it" },
} as const;

/** How a command ended. */
export type Ending = keyof typeof exitCodes;

/** From best to worst. With several sources, the command ends with the worst. */
const order: readonly Ending[] = ["well", "waiting", "broken", "usage", "interrupted"];

export function worstEnding(endings: readonly Ending[]): Ending {
  return endings.reduce<Ending>((one, other) => (order.indexOf(other) > order.indexOf(one) ? other : one), "well");
}
