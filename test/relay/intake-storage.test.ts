import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { intakeBudget } from "../../relay/azure/intake/intake.ts";
import { RelayStorageClient } from "../../relay/azure/storage/storage.ts";
import { containerNames } from "../../relay/core/names.ts";
import { eventText, patientBudget, useIntake } from "./support/intake-bed.ts";
import { signedCall } from "./support/invocation.ts";

const bed = useIntake();

/** A proxy of the blob service that can drop the connection after a request has had its effect. */
async function losingAnswers(losesNext: (request: IncomingMessage) => boolean) {
  const { port: target } = new URL(bed.azurite.blobServiceUri);
  const server = createServer((request, response) => {
    const loses = losesNext(request);
    const { method, url: path, headers } = request;
    const upstream = httpRequest({ host: "127.0.0.1", port: target, method, path, headers }, (answer) => {
      if (loses) return request.socket.destroy();
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    connectionString: bed.azurite.connectionString.replace(`127.0.0.1:${target}`, `127.0.0.1:${port}`),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a dead letter is counted even if the answer to its first write was lost", async () => {
  let lost = 0;
  const proxy = await losingAnswers(({ method }) => method === "PUT" && lost++ === 0);
  const storage = new RelayStorageClient({ connectionString: proxy.connectionString });
  const { status, lines } = await bed.intake({ storage, budget: patientBudget })(signedCall("[]"));
  expect([status, lines.map(({ outcome }) => outcome.setAside)]).toEqual([200, [1]]);
  expect(lost).toBeGreaterThan(1);
  expect(await bed.azurite.blobNames(containerNames.deadLetters)).toHaveLength(1);
  await proxy.stop();
});

describe("when the storage can't store the event, the answer is 503", () => {
  const unavailable = { status: 503, jsonBody: { error: "the event could not be stored" } };
  const bodies = {
    "an event": eventText("a"),
    "a large event": eventText("large", { data: { content: "x".repeat(60_000) } }),
    "a malformed one": "[]",
  };

  test.each(Object.entries(bodies))("nothing listens: %s", async (_, body) => {
    const unreachable = new RelayStorageClient({
      connectionString: bed.azurite.connectionString.replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, "http://127.0.0.1:1"),
    });
    expect(await bed.intake({ storage: unreachable })(signedCall(body))).toMatchObject(unavailable);
  });

  test.each(Object.entries(bodies))("it never answers: %s", async (_, body) => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    const hanging = new RelayStorageClient({
      connectionString: bed.azurite.connectionString.replaceAll(
        /http:\/\/127\.0\.0\.1:\d+/g,
        `http://127.0.0.1:${port}`,
      ),
    });
    const budget = { call: 300, write: 200, patience: 50 };
    const { status, lines } = await bed.intake({ storage: hanging, budget })(signedCall(body));
    expect(status).toBe(503);
    expect(lines[0]?.outcome.outcome).toBe("unavailable");
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });

  test("its settings are wrong", async () => {
    const unset = new RelayStorageClient({ problem: "App settings: RELAY_STORAGE__queueServiceUri is not set." });
    const { status, lines } = await bed.intake({ storage: unset })(signedCall(eventText("a")));
    expect(status).toBe(503);
    expect(lines).toMatchObject([
      { level: "error", outcome: { reason: "App settings: RELAY_STORAGE__queueServiceUri is not set." } },
    ]);
  });

  test("the budgets fit Customer.io's 4 seconds, and leave a slow write its full time", () => {
    expect(intakeBudget.call).toBeLessThanOrEqual(3_000);
    expect(intakeBudget.patience + intakeBudget.write).toBeLessThan(intakeBudget.call);
  });
});

test("a slow storage gets all events: a slow write does not hold up the next", async () => {
  const secondWrite = Promise.withResolvers<void>();
  let writes = 0;
  const slow = {
    putClaim: bed.storage.putClaim.bind(bed.storage),
    putDeadLetter: bed.storage.putDeadLetter.bind(bed.storage),
    enqueue: async (...written: Parameters<RelayStorageClient["enqueue"]>) => {
      writes += 1;
      if (writes === 2) secondWrite.resolve();
      await secondWrite.promise;
      await bed.storage.enqueue(...written);
    },
  };
  const post = bed.intake({ storage: slow, budget: { ...patientBudget, patience: 10 } });
  const answers = await Promise.all(["a", "b", "c"].map((id) => post(signedCall(eventText(id)))));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect((await bed.azurite.takeEvents()).map((events) => events.map(({ id }) => id).sort())).toEqual(
    expect.arrayContaining([["a"], ["b", "c"]]),
  );
});
