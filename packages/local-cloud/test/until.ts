import { setTimeout as wait } from "node:timers/promises";

/** Milliseconds, enough for a busy machine. */
const patience = 90_000;

/** Repeats a question until its answer suits; fails with the last answer if none does. */
export async function until<T>(ask: () => Promise<T>, suits: (answer: T) => boolean): Promise<T> {
  const end = Date.now() + patience;
  for (;;) {
    const answer = await ask();
    if (suits(answer)) return answer;
    if (Date.now() > end) throw new Error(`Still not so: ${JSON.stringify(answer)}`);
    await wait(50);
  }
}
