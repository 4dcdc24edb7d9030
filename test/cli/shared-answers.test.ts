import { checkRelay } from "../../cli/checks/relay.ts";
import { SharedAnswers } from "../../cli/checks/shared-answers.ts";
import { checkVersions } from "../../cli/checks/versions.ts";
import { RelayStorageAccount } from "../../cli/relay/relay-storage.ts";
import type { StackSource } from "../../cli/stack/source.ts";
import { recordingServer } from "../../packages/pulumi-customerio/test/recording-server.ts";

test("all checks share one request for the relay's health", async () => {
  const server = await recordingServer(() => ({
    status: 503,
    body: { status: "unavailable", version: "0.0.1", signingKeys: true },
  }));
  try {
    const code = { type: "customerio-aep:index:FunctionCode", id: "/sites/relay", urn: "urn:code", outputs: {} };
    const source = {
      target: { stack: "dev" },
      healthUrl: `http://127.0.0.1:${server.port}/health`,
      providerSettings: () => ({}),
      resource: () => code,
    } as unknown as StackSource;
    const answers = new SharedAnswers(source);
    const findings = await Promise.all([checkRelay(source, answers), checkVersions(source, answers)]);
    expect(findings.map(({ found }) => found)).toEqual([
      expect.stringContaining('/health answered 503: {"status":"unavailable","version":"0.0.1","signingKeys":true}'),
      "The running relay has a different version from the program that deployed it.",
    ]);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual(["GET /health"]);
  } finally {
    await server.close();
  }
});

test("dead letters are listed once for all checks, since there may be a million", async () => {
  const findNewestDeadLetters = jest.fn(async () => ({ total: 3, newest: [] }));
  const open = jest.spyOn(RelayStorageAccount, "open");
  open.mockResolvedValue({ findNewestDeadLetters } as unknown as RelayStorageAccount);
  try {
    const answers = new SharedAnswers({} as StackSource);
    const [one, other] = await Promise.all([answers.deadLetters(), answers.deadLetters()]);
    expect([one.total, other.total]).toEqual([3, 3]);
    expect(findNewestDeadLetters.mock.calls).toEqual([[50]]);
  } finally {
    open.mockRestore();
  }
});
