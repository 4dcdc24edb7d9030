import { HttpRequest } from "@azure/functions";
import { healthHandler } from "../../relay/azure/health.ts";
import { RelayStorage } from "../../relay/azure/storage.ts";
import { type Azurite, startAzurite } from "./support/azurite.ts";
import { invocation } from "./support/invocation.ts";

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.stop());

async function health(signingKeys: string[], connectionString: string) {
  const { context, lines } = invocation();
  const storage = new RelayStorage({ connectionString });
  const request = new HttpRequest({ method: "GET", url: "https://relay.example.org/health" });
  const response = await healthHandler({ signingKeys, storage, budget: 20_000 })(request, context);
  return { response, lines };
}

test("200 once queue and containers answer", async () => {
  expect(await health(["key"], azurite.connectionString)).toEqual({
    response: { status: 200, jsonBody: { status: "ok", signingKeys: true } },
    lines: [],
  });
});

test("says that no signing key is set, which alone doesn't make the relay ill", async () => {
  expect((await health([], azurite.connectionString)).response).toEqual({
    status: 200,
    jsonBody: { status: "ok", signingKeys: false },
  });
});

test("503 if the storage can't be reached, and why is in the log only", async () => {
  const { response, lines } = await health(
    ["key"],
    azurite.connectionString.replaceAll(/127\.0\.0\.1:\d+/g, "127.0.0.1:1"),
  );
  expect(response).toEqual({ status: 503, jsonBody: { status: "unavailable", signingKeys: true } });
  expect(lines).toMatchObject([{ level: "error", outcome: { outcome: "unavailable" } }]);
});

test("503 if another account answers, which has neither queue nor containers", async () => {
  const { response } = await health(["key"], azurite.connectionString.replaceAll("relaytest", "another"));
  expect(response).toMatchObject({ status: 503 });
});
