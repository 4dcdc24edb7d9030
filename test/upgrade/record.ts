/** `npm run record-states`: records the state after `up`, which later versions must accept without a change. */
import { startLocalStack } from "../e2e/local-stack.ts";
import { configure, deliveries, stateFile, writeState } from "./states.ts";

for (const delivery of deliveries) {
  // By commands, as a user does, and with a passphrase: the vault of tests is not here.
  const stack = await startLocalStack({ byCommands: true });
  try {
    await configure(stack.pulumi, delivery);
    await stack.pulumi.up();
    await writeState(delivery, await stack.pulumi.run("stack", "export", "--stack", stack.pulumi.stack));
    await stack.pulumi.destroy();
  } finally {
    await stack.stop();
  }
  console.log(`recorded ${stateFile(delivery)}`);
}
