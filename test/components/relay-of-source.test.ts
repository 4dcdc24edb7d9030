import { CustomerIoSource } from "../../components/customer-io-source.ts";
import { WebhookRelay } from "../../components/relay/webhook-relay.ts";
import { configureWithCredentials, declareBy } from "./stack.ts";

const order: string[] = [];

class NotedSource extends CustomerIoSource {
  protected override async initialize() {
    const outputs = await super.initialize();
    order.push("source");
    return outputs;
  }
}

test("a source waits for its relay, so that an error of the relay is the source's, and is reported once in its own words", async () => {
  configureWithCredentials();
  const prototype = WebhookRelay.prototype as unknown as { initialize(): Promise<unknown> };
  const { initialize } = prototype;
  jest.spyOn(prototype, "initialize").mockImplementation(async function (this: WebhookRelay) {
    const outputs = await initialize.call(this);
    order.push("relay");
    return outputs;
  });
  await declareBy(() => ({ id: new NotedSource("events").webhookId }));
  expect(order).toEqual(["relay", "source"]);
});
