import { ensureEngine } from "../local/engine/engine.ts";

/** The engine that `npx pulumi` runs, once per machine; some tests run whole stacks with it. */
export default async function globalSetup(): Promise<void> {
  await ensureEngine((line) => process.stdout.write(`${line}\n`));
}
