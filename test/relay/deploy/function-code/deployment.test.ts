import { writeFileSync } from "node:fs";
import path from "node:path";
import { unzipSync } from "fflate";
import type { Answer } from "../../../../packages/pulumi-customerio/test/recording-server.ts";
import { Unfinished } from "../../../../packages/pulumi-provider-kit/src/definition/resource-definition.ts";
import { functionCode } from "../../../../relay/deploy/resources/function-code.ts";
import { failure, siteId } from "../azure-server.ts";
import { at, calls, succeeds, urls, useFunctionCode } from "./bed.ts";

const refused = "Deployment failed: BlobUploadFailedException: Status: 403 (AuthorizationPermissionMismatch)";

const bed = useFunctionCode();

test("publishes the zip, follows the deployment, synchronizes the triggers and checks that the code works", async () => {
  expect(await bed.create()).toEqual({ id: siteId, outputs: { packageHash: bed.hash, deploymentId: "d1" } });
  expect(bed.azure.calls()).toEqual([
    urls.references,
    bed.publishUrl,
    calls.status,
    urls.sync,
    calls.health,
    urls.functions,
  ]);
  const [, first] = bed.azure.requests;
  expect(first?.headers["content-type"]).toBe("application/zip");
  expect(Object.keys(unzipSync(first?.bytes ?? new Uint8Array()))).toEqual(["host.json", "index.cjs", "package.json"]);
  const tokens = bed.azure.requests.map(({ headers }) => headers.authorization);
  // The relay itself gets no token.
  expect(tokens).toEqual([...Array(4).fill("Bearer azure-token"), undefined, "Bearer azure-token"]);
  expect(bed.operation.clock.sleeps).toEqual([]);
});

test("checks often at first and then every three seconds", async () => {
  const running = (code: number | string) => ({ body: { id: "d1", status: code, complete: false } });
  const states = [0, 1, "Deploying", "Pending", 2].map(running);
  bed.azure.script[calls.status] = [...states, at(404), { body: { id: "d1", status: "Success", complete: true } }];
  await bed.create();
  expect(bed.operation.clock.sleeps).toEqual([500, 1_000, 2_000, 3_000, 3_000, 3_000]);
  expect(bed.operation.shown).toEqual([
    "uploading the relay's code (1 KiB)",
    "Azure is deploying the relay's code",
    "the relay's code works",
  ]);
});

test.each<[string, Answer]>([
  ["an id as text", { status: 202, body: "d1" }],
  ["an id in an object", { status: 202, body: { id: "d1" } }],
  ["200 with a running deployment", { status: 200, body: { id: "d1", status: 1 } }],
])("follows a deployment reported by %s", async (_, answer) => {
  bed.azure.script[calls.publish] = [answer];
  expect((await bed.create()).outputs.deploymentId).toBe("d1");
  expect(bed.azure.calls()[2]).toBe(calls.status);
});

test("follows the latest deployment when none is named", async () => {
  bed.azure.script[calls.publish] = [{ status: 202 }];
  bed.azure.script[calls.latest] = succeeds[calls.status] ?? [];
  expect((await bed.create()).outputs.deploymentId).toBe("d1");
});

test("a failure inside an answer of 200 is a failure", async () => {
  bed.azure.script[calls.publish] = [{ status: 200, body: { id: "d1", status: 3, status_text: "package is corrupt" } }];
  bed.azure.script[calls.log] = [{ body: [{ message: "Fetching" }, { message: "Not a zip", log_time: "2026-01-01" }] }];
  const error = await failure(bed.create());
  expect(error).toBeInstanceOf(Unfinished);
  expect(error).toMatchObject({ id: siteId, outputs: { packageHash: "", deploymentId: "" } });
  expect(error.message).toBe(
    'The deployment d1 of the relay\'s code ended as "failed": package is corrupt; Fetching | Not a zip. ' +
      "To try again, run: npx pulumi up",
  );
  expect(bed.azure.calls()).toEqual([urls.references, bed.publishUrl, calls.log]);
});

test.each([
  [-1, "cancelled"],
  [3, "failed"],
  [6, "partial"],
  ["Failed", "failed"],
  ["PartialSuccess", "partial"],
])("a deployment of status %s is not a success", async (code, verdict) => {
  bed.azure.script[calls.status] = [{ body: { id: "d1", status: code, complete: true } }];
  expect((await failure(bed.create())).message).toContain(`ended as "${verdict}": Azure gives no reason.`);
});

test.each([
  ["from the account of the events to a separate one", undefined, "https://host.example/code"],
  ["back", "https://host.example/code", undefined],
])("the same package is published again once its container has moved %s, and only then", async (_, before, after) => {
  const at = (packageContainer: string | undefined) => ({
    ...bed.inputs(),
    ...(packageContainer && { packageContainer }),
  });
  const outputs = { packageHash: bed.hash, deploymentId: "d0" };
  const update = (olds: typeof before, news: typeof after) =>
    functionCode.update?.(bed.operation, siteId, { news: at(news), olds: at(olds), outputs });
  expect(await update(before, after)).toMatchObject({ packageHash: bed.hash, deploymentId: "d1" });
  bed.azure.restart();
  expect(await update(after, after)).toMatchObject({ deploymentId: "d0" });
  expect(bed.azure.calls()).not.toContain(bed.publishUrl);
});

test("a preview warns of a move of the code, also while the new account is unknown, and of nothing else", async () => {
  const olds = bed.inputs();
  const moved = { ...olds, packageContainer: "https://host.example/code" };
  const warningsOf = async (change: {
    olds: typeof olds;
    news: Partial<typeof olds>;
    unknown?: string[];
    replaces?: boolean;
  }) => {
    const warnings: string[] = [];
    const operation = { ...bed.operation, warn: (message: string) => void warnings.push(message) };
    await functionCode.permit?.(operation, siteId, { unknown: [], replaces: false, ...change });
    return warnings.join();
  };
  const toTwo = await warningsOf({ olds, news: olds, unknown: ["packageContainer"] });
  expect(toTwo).toMatch(/404 for about a minute.*replace the relay.*azure\.separateHostStorage false$/);
  expect(await warningsOf({ olds, news: moved })).toBe(toTwo);
  expect(await warningsOf({ olds: moved, news: olds })).toMatch(
    /404 for about a minute.*docs\/tasks\/replace\.md\)\.$/,
  );
  expect(await warningsOf({ olds, news: { ...olds, configuration: "new" } })).toBe("");
  expect(await warningsOf({ olds, news: moved, replaces: true })).toBe("");
});

test.each<[string, Answer[], string]>([
  [
    "a role that is still spreading",
    [at(400, refused), at(400, refused)],
    "waiting for the app's role on its deployment container",
  ],
  ["the deployment site's access rules", [at(403), at(403)], "waiting for the deployment site to let you in"],
  ["another deployment", [at(409, "busy"), at(409, "busy")], "waiting for another deployment to end"],
  ["a site that fails for a moment", [at(502), at(502)], "waiting for the deployment site"],
  ["a connection that breaks", [{ drop: true }, { drop: true }], "waiting for the deployment site to answer"],
])("waits out %s", async (_, refusals, shown) => {
  bed.azure.script[calls.publish] = [...refusals, { status: 202, body: '"d1"' }];
  expect((await bed.create()).outputs).toEqual({ packageHash: bed.hash, deploymentId: "d1" });
  expect(bed.azure.calls().filter((call) => call === bed.publishUrl)).toHaveLength(3);
  expect(bed.operation.clock.sleeps).toEqual([5_000, 10_000]);
  expect(bed.operation.shown).toContain(shown);
});

test.each([{ drop: true }, at(503), at(500)])(
  "after a publish without a clear answer, continues with the deployment that it started",
  async (answer) => {
    bed.azure.script[calls.publish] = [answer];
    bed.azure.script[calls.latest] = [{ body: { id: "d1", status: 1, deployer: bed.deployer } }];
    expect((await bed.create()).outputs).toEqual({ packageHash: bed.hash, deploymentId: "d1" });
    expect(bed.azure.calls().filter((call) => call === bed.publishUrl)).toHaveLength(1);
  },
);

test("after a publish without a clear answer, does not take another's deployment for its own", async () => {
  bed.azure.script[calls.publish] = [{ drop: true }, { status: 202, body: '"d1"' }];
  bed.azure.script[calls.latest] = [{ body: { id: "d0", status: 4, deployer: "GITHUB_ZIP_DEPLOY" } }];
  expect((await bed.create()).outputs.deploymentId).toBe("d1");
  expect(bed.azure.calls().filter((call) => call === bed.publishUrl)).toHaveLength(2);
});

test("after a publish without a clear answer, does not take an earlier deployment of the same package for this one", async () => {
  const earlier = { id: "d0", status: 4, deployer: bed.deployer };
  bed.azure.script[calls.publish] = [{ drop: true }, { status: 202, body: '"d1"' }];
  bed.azure.script[calls.latest] = [{ body: earlier }];
  const olds = bed.inputs();
  const outputs = { packageHash: bed.hash, deploymentId: earlier.id };
  const news = { ...olds, packageContainer: "https://host.example/code" };
  expect(await functionCode.update?.(bed.operation, siteId, { news, olds, outputs })).toMatchObject({
    deploymentId: "d1",
  });
  expect(bed.azure.calls().filter((call) => call === bed.publishUrl)).toHaveLength(2);
});

test("publishes again after a deployment that another one or a missing role ended", async () => {
  bed.azure.script[calls.status] = [
    { body: { id: "d1", status: 5, complete: true } },
    { body: { id: "d1", status: 3, status_text: refused, complete: true } },
    { body: { id: "d1", status: 4, complete: true } },
  ];
  await bed.create();
  expect(bed.azure.calls().filter((call) => call === bed.publishUrl)).toHaveLength(3);
});

test.each<[string, Answer]>([
  ["a refused package", at(400, "Unsupported media")],
  ["a refused login", at(401, "who are you")],
])("%s leaves nothing in the state", async (_, answer) => {
  bed.azure.script[calls.publish] = [answer];
  const error = await failure(bed.create());
  expect(error).not.toBeInstanceOf(Unfinished);
  expect(error.message).toContain(
    `Could not publish the relay's code to ${bed.azure.host}: Azure's deployment site answered`,
  );
});

test("gives up if a right does not arrive, and says which it may be", async () => {
  bed.azure.script[calls.publish] = [
    at(403, { error: { code: "AuthorizationFailed", message: "no sites/publish/Action" } }),
  ];
  const error = await failure(bed.create());
  expect(error).not.toBeInstanceOf(Unfinished);
  expect(bed.operation.clock.time).toBe(125_000);
  expect(error.message).toContain("Azure did not accept the relay's code after 125 s");
  expect(error.message).toContain("no sites/publish/Action, code AuthorizationFailed");
  expect(error.message).toContain("Website Contributor on the function app");
});

test("gives up if a role does not arrive, and says which", async () => {
  bed.azure.script[calls.publish] = [at(400, refused)];
  const error = await failure(bed.create());
  expect(error).not.toBeInstanceOf(Unfinished);
  expect(error.message).toContain("Azure did not accept the relay's code after 90");
  expect(error.message).toContain("needs the role Storage Blob Data Owner");
});

test("a package that may have arrived is kept in the state", async () => {
  bed.azure.script[calls.publish] = [{ drop: true }];
  expect(await failure(bed.create())).toBeInstanceOf(Unfinished);
});

test("a deployment that does not end is given up", async () => {
  bed.azure.script[calls.status] = [{ body: { id: "d1", status: 1, status_text: "Building", complete: false } }];
  const error = await failure(bed.create());
  expect(error).toBeInstanceOf(Unfinished);
  expect(error.message).toContain("The deployment of the relay's code did not end after 60");
  expect(error.message).toContain("Azure is deploying the relay's code (Building)");
});

test("waits for the host to load the triggers", async () => {
  const starting = { Code: "BadRequest", Message: "Encountered an error (ServiceUnavailable) from host runtime." };
  bed.azure.script[calls.sync] = [at(400, starting), at(400, starting), { status: 200 }];
  await bed.create();
  expect(bed.operation.clock.sleeps).toEqual([2_000, 5_000]);
  expect(bed.operation.shown).toContain("waiting for Azure to read the functions' triggers");
});

test("synchronizes the triggers again until the functions of further queues are listed, which only new instances have", async () => {
  const value = ["intake", "forwarder", "forwarder-2"].map((name) => ({ name: `relay/${name}` }));
  const all = [...value, { name: "relay/poison-2" }];
  bed.azure.script[calls.functions] = [{ body: { value } }, { body: { value: all } }];
  await functionCode.create(bed.operation, { ...bed.inputs(), settings: { EVENT_QUEUES: "2" } });
  const syncs = bed.azure.calls().filter((call) => call === urls.sync);
  expect(syncs).toHaveLength(2);
  expect(bed.operation.shown).toContain("Azure does not list poison-2 among the functions of the app yet");
});

test("reads all pages of the list of functions", async () => {
  const value = ["intake", "forwarder", "forwarder-2", "poison-2"].map((name) => ({ name: `relay/${name}` }));
  const nextLink = `https://management.azure.com${siteId}/functions?api-version=2024-04-01&$skiptoken=2`;
  bed.azure.script[calls.functions] = [
    { body: { value: value.slice(0, 2), nextLink } },
    { body: { value: value.slice(2) } },
  ];
  await functionCode.create(bed.operation, { ...bed.inputs(), settings: { EVENT_QUEUES: "2" } });
  const listed = bed.azure.calls().filter((call) => call.startsWith(calls.functions));
  expect(listed).toEqual([urls.functions, `${urls.functions}&$skiptoken=2`]);
});

test("waits until the health check answers and the functions are listed", async () => {
  bed.azure.script[calls.health] = [{ drop: true }, { status: 503, body: "no storage yet" }, { body: "ok" }];
  bed.azure.script[calls.functions] = [{ body: { value: [] } }, { body: { value: [{ name: "intake" }] } }];
  await bed.create();
  expect(bed.operation.clock.sleeps).toEqual([1_000, 2_000, 3_000]);
  expect(bed.operation.shown.slice(1, -1)).toEqual([
    "https://relay.example/health does not answer (ECONNRESET)",
    "https://relay.example/health answers 503",
    "Azure lists no functions of the app yet",
  ]);
});

test("code that does not work is kept in the state, with the last answer of the health check", async () => {
  bed.azure.script[calls.health] = [{ status: 503, body: '{"storage":"403"}' }];
  const error = await failure(bed.create());
  expect(error).toBeInstanceOf(Unfinished);
  expect(error).toMatchObject({ id: siteId, outputs: { packageHash: bed.hash, deploymentId: "d1" } });
  expect(error.message).toContain(`https://${bed.azure.host}/health answers 503: {"storage":"403"}`);
  expect(error.message).toContain("Then run: npx pulumi up");
  expect(bed.operation.clock.time).toBeGreaterThanOrEqual(600_000);
});

test("a refusal after the deployment keeps it in the state", async () => {
  bed.azure.script[calls.sync] = [at(403, { error: { code: "AuthorizationFailed", message: "no" } })];
  const error = await failure(bed.create());
  expect(error).toMatchObject({ name: "Unfinished", outputs: { packageHash: bed.hash, deploymentId: "d1" } });
  expect(error.message).toContain(
    'Could not synchronize the triggers of the function app "relay": Azure answered 403: no',
  );
});

test("stops on Ctrl-C and keeps the code that may run in the state", async () => {
  bed.azure.script[calls.status] = [{ body: { id: "d1", status: 1 } }];
  bed.operation.clock.sleep = async () => bed.operation.stop.abort(new Error("stopped by the user"));
  const error = await failure(bed.create());
  expect(error).toMatchObject({ name: "Unfinished", outputs: { packageHash: "", deploymentId: "" } });
  expect(error.message).toContain("did not end (stopped by the user)");
});

test("other code that answers the health check does not count", async () => {
  writeFileSync(path.join(bed.folder, "package.json"), '{"build":"ours"}');
  bed.azure.script[calls.health] = [
    { body: { status: "ok", build: "theirs" } },
    { body: { status: "ok", build: "ours" } },
  ];
  await bed.create();
  expect(bed.operation.shown).toContain("waiting for the app to start with the deployed code");
  bed.azure.restart();
  bed.azure.script[calls.health] = [{ body: "ok" }];
  expect((await failure(bed.create())).message).toContain("is answered by other code");
  writeFileSync(path.join(bed.folder, "package.json"), "{}");
});
