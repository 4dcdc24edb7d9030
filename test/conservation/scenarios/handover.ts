import { setTimeout as sleep } from "node:timers/promises";
import { localCredentials } from "../../../packages/local-cloud/src/credentials.ts";
import { lookLasts } from "../../../relay/core/delivery/queue-marks.ts";
import { longestCall, longestRequest } from "../../../relay/core/delivery/time-limits.ts";
import { queueNames } from "../../../relay/core/names.ts";
import { changeDataflow } from "../change-dataflow.ts";
import { hour, minute } from "../durations.ts";
import { exportAll, goThrough, moveAll } from "../operator-commands.ts";
import { replaceRelay } from "../replace-relay.ts";
import type { Scenario } from "../scenario.ts";
import { manyQueues } from "../storage.ts";
import { takeDown } from "../take-down.ts";

/** Scenarios in which a relay or a dataflow is replaced. */
export const handoverScenarios: readonly Scenario[] = [
  {
    name: "the intake is closed, and opened again",
    async act(world, { count, duration }) {
      const queue = world.account.queue(queueNames.events);
      const countAccepted = () => world.outcomes().reduce((sum, { accepted: some }) => sum + Number(some ?? 0), 0);
      await world.send(count / 2, duration / 2);
      const until = new Date(world.now().getTime() + hour).toISOString();
      await queue.setMetadata({ intake: `closed until ${until}` });
      await sleep(lookLasts + longestCall);
      const before = countAccepted();
      await world.send(count / 2, duration / 2);
      if (countAccepted() > before) throw new Error("An event was accepted although the intake was closed.");
      await queue.setMetadata({ intake: "open" });
    },
  },
  {
    name: "the relay is replaced, with its account",
    mayRepeat: false,
    async act(world, { count, duration }) {
      await world.send(count / 2, duration / 2);
      await replaceRelay(world, async () => {
        await world.customerIo.sendAgain();
        await world.send(count / 2, duration / 2);
      });
      await world.customerIo.sendAgain();
    },
  },
  {
    name: "the region of the relay fails, and a relay in another one takes over",
    async act(world, { count, duration }) {
      const { relay: former, account } = world;
      const { platform } = world.platform;
      await world.send(count / 4, duration / 4);
      await platform.addFault({ target: "inlet", rate: 0.3, effect: { kind: "status", status: 400 } });
      await world.send(count / 4, duration / 4);
      // Platform is away for this relay, so that messages wait; then its host dies while holding some, and does not restart.
      await world.without([world.platformNetwork], async () => {
        await world.send(count / 4, duration / 4);
        // On a busy machine the calls may come later than they were sent.
        while ((await account.waiting()) === 0) await sleep(100);
        await former.fail();
      });
      await platform.plain("DELETE", "/__local/faults");

      const other = await world.makeRelay();
      await other.relay.start();
      world.turnTo(other);
      await world.send(count / 4, duration / 4);
      const { events } = await moveAll({ from: account, to: other.account }, () => world.pass(20 * minute));
      if (events === 0) throw new Error("Nothing waited in the relay that failed.");
      await goThrough(other.account, "replay");
    },
  },
  {
    name: "the dataflow is replaced, and instances with the former settings live on",
    settings: { RELAY_CONFIGURATION: "first" },
    mayRepeat: false,
    async act(world, { count, duration }) {
      const { signingKey } = localCredentials.customerIo;
      await world.balanceCalls();
      await world.send(count / 4, duration / 4);
      const rotated = await world.customerIo.rotateSigningKey();
      await changeDataflow(
        world,
        { CUSTOMERIO_SIGNING_KEYS: `${signingKey}\n${rotated}` },
        {
          meanwhile: () => world.send(count / 2, lookLasts + longestRequest),
          // Signed with a key that the former instances do not have.
          async afterwards() {
            await world.switchSigningKey();
            await world.send(count / 4, duration);
            await world.settle();
          },
        },
      );
      const refusals = await world.platform.refusals();
      if (Object.keys(refusals).length > 0) {
        throw new Error(`Platform refused what was sent to the deleted dataflow: ${JSON.stringify(refusals)}.`);
      }
      const stopped = world.log().filter(({ message }) => message.includes("newer settings have replaced"));
      if (stopped.length === 0) throw new Error("No former instance was at work.");
    },
  },
  {
    name: "dead letters stop the deletion of a relay with three queues, then are replayed and exported",
    settings: { EVENT_QUEUES: String(manyQueues) },
    async act(world, { count, duration }) {
      const { platform } = world.platform;
      await world.send(count / 4, duration / 4);
      await world.settle();
      await platform.addFault({ target: "inlet", rate: 0.5, effect: { kind: "status", status: 400 } });
      await world.send(count / 4, duration / 4);
      await world.settle();
      await platform.plain("DELETE", "/__local/faults");

      const refusal = takeDown(world).then(
        () => "The relay was deleted with its dead letters.",
        (error: Error) => error.message,
      );
      await world.send(count / 2, duration / 2);
      if (!/since there (is 1|are \d+) dead letter/.test(await refusal)) throw new Error(await refusal);
      if ((await goThrough(world.account, "replay")) === 0) throw new Error("Platform refused no event for good.");
      await world.settle();
      // What is not an event can't be replayed.
      world.addExported(await exportAll(world.account));
      await goThrough(world.account, "purge");
      await takeDown(world);
    },
  },
];
