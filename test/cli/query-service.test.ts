import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { z } from "zod";
import { explainQueryError } from "../../cli/platform/query-complaint.ts";
import { QueryService } from "../../cli/platform/query-service.ts";
import { type Certificate, createCertificate, trustInThisProcess } from "../../packages/local-cloud/src/certificate.ts";
import { type PlatformStandIn, startPlatform } from "../../packages/local-cloud/src/platform/platform.ts";
import { connectionTo, credentials, flowing, Platform } from "../../packages/local-cloud/test/platform/harness.ts";
import { AepClient } from "../../packages/pulumi-aep/src/client/client.ts";
import { config } from "../../packages/pulumi-aep/src/config.ts";

const { signal } = new AbortController();
const one = z.object({ one: z.number() });
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "query-service-"));
});
afterAll(() => rm(folder, { recursive: true }));

function clientOf(url: string): AepClient {
  return new AepClient(config.parse(connectionTo(url)));
}

/** A service whose connection parameters name this port. */
function serviceAt(port: number): QueryService {
  const parameters = { host: "localhost", port, dbName: "dev:all", username: "org", token: "secret-token" };
  return new QueryService({ call: async () => parameters } as unknown as AepClient);
}

const refusalOf = (service: QueryService, sql: string) =>
  service.query(sql, one, signal).then(
    () => "",
    ({ message }: Error) => message,
  );

test("a query's answer is parsed, and unknown tables, fields and columns are explained", async () => {
  const certificate = await createCertificate(path.join(folder, "trusted"));
  trustInThisProcess(certificate);
  const platform = await Platform.start({ certificate });
  const service = new QueryService(clientOf(platform.url));
  try {
    expect(await refusalOf(service, "SELECT 1 AS one")).toContain("42P12: No tables found for dev:all");
    await flowing(platform);
    expect(await service.query("SELECT 1 AS one", one, signal)).toEqual([{ one: 1 }]);
    expect(await refusalOf(service, "SELECT 1 AS two")).toContain("columns other than the query's (0.one:");
    expect(await refusalOf(service, "SELECT 1 AS one FROM nowhere")).toContain("It does not know the dataset's table.");
    await service.close();
  } finally {
    await platform.close();
  }
});

test("a certificate that nobody vouches for ends the connection before the token is sent", async () => {
  const certificate: Certificate = await createCertificate(path.join(folder, "strange"));
  const options = { credentials, tenantId: "acme", sandboxes: ["dev"], certificate };
  const platform: PlatformStandIn = await startPlatform(options);
  try {
    const message = await refusalOf(new QueryService(clientOf(platform.url)), "SELECT 1 AS one");
    expect(message).toMatch(/^Query Service \(localhost:\d+\) did not answer: DEPTH_ZERO_SELF_SIGNED_CERT/);
    expect(message).toContain("NODE_EXTRA_CA_CERTS");
  } finally {
    await platform.close();
  }
});

test("a port without TLS gets no token, and a closed port is explained", async () => {
  const received: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on("data", (bytes) => received.push(bytes)).once("data", () => socket.write("N"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const message = await refusalOf(serviceAt(port), "SELECT 1 AS one");
  expect(message).toContain("does not support SSL connections");
  expect(message).toContain("Its certificate can't be verified");
  expect(Buffer.concat(received).toString("latin1")).not.toContain("secret-token");
  await new Promise((resolve) => server.close(resolve));
  expect(await refusalOf(serviceAt(port), "SELECT 1 AS one")).toContain("Check that this machine may connect");
});

test.each([
  [{ code: "53300", message: "too many" }, "Another session is open"],
  [{ code: "53400", message: "Statement timeout" }, "Choose fewer days"],
  [{ message: "Query read timeout" }, "Choose fewer days"],
  [{ code: "42703", message: "no field" }, "npx pulumi refresh"],
  [{ code: "58000", message: "failure" }, "an error inside Query Service"],
  [{ message: "odd" }, "did not answer: odd. Run the same command again later."],
])("%j has its remedy", (error, remedy) => {
  const { message } = explainQueryError(Object.assign(new Error(), error), "host:80");
  expect(message).toContain(remedy);
  expect(message).toContain("Without --sql, the audit reads the dataset's files");
});
