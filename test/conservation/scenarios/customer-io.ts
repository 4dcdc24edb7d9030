import { localCredentials } from "../../../packages/local-cloud/src/credentials.ts";
import { hostileCalls } from "../hostile-calls.ts";
import type { Scenario } from "../scenario.ts";

/** Scenarios about incoming calls. */
export const customerIoScenarios: readonly Scenario[] = [
  {
    name: "Customer.io sends accepted events again",
    mayRepeat: false,
    async act(world, { count, duration }) {
      await world.customerIo.repeatAccepted(Math.floor(count / 4));
      await world.send(count, duration);
    },
  },
  {
    name: "a filter leaves events out",
    settings: { EVENT_POLICY: JSON.stringify({ filters: { except: { objectTypes: ["sms", "customer"] } } }) },
    mayRepeat: false,
    act: (world, { count, duration }) => world.send(count, duration),
  },
  {
    name: "the signing key is rotated",
    async act(world, { count, duration }) {
      const old = localCredentials.customerIo.signingKey;
      await world.send(count / 4, duration / 4);
      const rotated = await world.customerIo.rotateSigningKey();
      await world.relay.replace({ settings: { CUSTOMERIO_SIGNING_KEYS: `${old}\n${rotated}` } });
      await world.send(count / 4, duration / 4);
      await world.switchSigningKey();
      await world.send(count / 4, duration / 4);
      await world.relay.replace({ settings: { CUSTOMERIO_SIGNING_KEYS: rotated } });
      await world.send(count / 4, duration / 4);
    },
  },
  {
    name: "hostile calls come in between",
    hasForgeries: true,
    async act(world, { count, duration }) {
      const sending = world.send(count, duration);
      await hostileCalls(world.endpoint);
      await sending;
    },
  },
];
