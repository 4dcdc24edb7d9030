import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { unzipSync } from "fflate";
import manifest from "../../../package.json" with { type: "json" };
import type { Answer } from "../../../packages/pulumi-customerio/test/recording-server.ts";
import { Unfinished } from "../../../packages/pulumi-provider-kit/src/definition/resource-definition.ts";
import { Archive } from "../../../packages/pulumi-provider-kit/src/engine/values.ts";
import { zipFolder } from "../../../relay/deploy/package-folder.ts";
import { functionCode } from "../../../relay/deploy/resources/function-code.ts";
import {
  type AzureServer,
  failure,
  operationOn,
  queueId,
  type Script,
  siteId,
  type TestOperation,
  useAzure,
} from "./azure-server.ts";

const publish = "POST /api/publish";
const status = "GET /api/deployments/d1";
const log = "GET /api/deployments/d1/log";
const sync = `POST ${siteId}/syncfunctiontriggers`;
const functions = `GET ${siteId}/functions`;
const health = "GET /health";
const references = `GET ${siteId}/config/configreferences/appsettings`;
const syncUrl = `${sync}?api-version=2024-04-01`;
const functionsUrl = `${functions}?api-version=2024-04-01`;
const referencesUrl = `${references}?api-version=2024-04-01`;

const succeeds: Script = {
  [publish]: [{ status: 202, body: '"d1"' }],
  [status]: [{ body: { id: "d1", status: 4, status_text: "", complete: true } }],
  [sync]: [{ status: 204 }],
  [functions]: [{ body: { value: [{ name: "intake" }, { name: "forwarder" }] } }],
  [health]: [{ body: "ok" }],
  [references]: [{ body: { value: [] } }],
};
// Kept from waiting, since these are answers that the HTTP client repeats by itself first.
const at = (code: number, body?: unknown): Answer => ({ status: code, headers: { "Retry-After": "0" }, body });
const refused = "Deployment failed: BlobUploadFailedException: Status: 403 (AuthorizationPermissionMismatch)";

let azure: AzureServer;
let operation: TestOperation;
let folder: string;
let hash: string;
let deployer: string;
let publishUrl: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), "function-code-"));
  for (const name of ["host.json", "package.json", "index.cjs"]) writeFileSync(path.join(folder, name), "{}");
  hash = zipFolder(folder).hash;
  deployer = `customerio-aep-${hash.slice(0, 16)}`;
  publishUrl = `POST /api/publish?RemoteBuild=false&Deployer=${deployer}&isAsync=true`;
});
afterAll(() => rmSync(folder, { recursive: true }));
useAzure((server) => {
  azure = server;
  azure.script = { ...succeeds };
  operation = operationOn(azure);
});

function inputs() {
  return functionCode.inputs.parse({
    siteId,
    scmHostName: azure.host,
    hostName: azure.host,
    package: new Archive(folder, "engine-hash"),
  });
}

const create = () => functionCode.create(operation, inputs());
const update = (packageHash: string) =>
  functionCode.update?.(operation, siteId, {
    news: inputs(),
    olds: inputs(),
    outputs: { packageHash, deploymentId: "d0" },
  });

describe("create", () => {
  test("publishes the zip, follows the deployment, has the triggers taken in and checks that it works", async () => {
    expect(await create()).toEqual({ id: siteId, outputs: { packageHash: hash, deploymentId: "d1" } });
    expect(azure.calls()).toEqual([referencesUrl, publishUrl, status, syncUrl, health, functionsUrl]);
    const [, first] = azure.requests;
    expect(first?.headers["content-type"]).toBe("application/zip");
    expect(Object.keys(unzipSync(first?.bytes ?? new Uint8Array()))).toEqual([
      "host.json",
      "index.cjs",
      "package.json",
    ]);
    const tokens = azure.requests.map(({ headers }) => headers.authorization);
    // The relay itself gets no token.
    expect(tokens).toEqual([...Array(4).fill("Bearer azure-token"), undefined, "Bearer azure-token"]);
    expect(operation.clock.sleeps).toEqual([]);
  });

  test("looks often at first and then every three seconds", async () => {
    const running = (code: number | string) => ({ body: { id: "d1", status: code, complete: false } });
    const states = [0, 1, "Deploying", "Pending", 2].map(running);
    azure.script[status] = [...states, at(404), { body: { id: "d1", status: "Success", complete: true } }];
    await create();
    expect(operation.clock.sleeps).toEqual([500, 1_000, 2_000, 3_000, 3_000, 3_000]);
    expect(operation.shown).toEqual([
      "uploading the relay's code (1 KiB)",
      "Azure is putting the relay's code in place",
      "the relay's code works",
    ]);
  });

  test.each<[string, Answer]>([
    ["an id as text", { status: 202, body: "d1" }],
    ["an id in an object", { status: 202, body: { id: "d1" } }],
    ["200 with a running deployment", { status: 200, body: { id: "d1", status: 1 } }],
  ])("follows a deployment told by %s", async (_, answer) => {
    azure.script[publish] = [answer];
    expect((await create()).outputs.deploymentId).toBe("d1");
    expect(azure.calls()[2]).toBe(status);
  });

  test("follows the latest deployment when none is named", async () => {
    azure.script[publish] = [{ status: 202 }];
    azure.script["GET /api/deployments/latest"] = succeeds[status] ?? [];
    expect((await create()).outputs.deploymentId).toBe("d1");
  });

  test("a failure inside an answer of 200 is a failure", async () => {
    azure.script[publish] = [{ status: 200, body: { id: "d1", status: 3, status_text: "package is corrupt" } }];
    azure.script[log] = [{ body: [{ message: "Fetching" }, { message: "Not a zip", log_time: "2026-01-01" }] }];
    const error = await failure(create());
    expect(error).toBeInstanceOf(Unfinished);
    expect(error).toMatchObject({ id: siteId, outputs: { packageHash: "", deploymentId: "" } });
    expect(error.message).toBe(
      'The deployment d1 of the relay\'s code ended as "failed": package is corrupt; Fetching | Not a zip. ' +
        "To try again, run: npx pulumi up",
    );
    expect(azure.calls()).toEqual([referencesUrl, publishUrl, log]);
  });

  test.each([
    [-1, "cancelled"],
    [3, "failed"],
    [6, "partial"],
    ["Failed", "failed"],
    ["PartialSuccess", "partial"],
  ])("a deployment of status %s is not a success", async (code, verdict) => {
    azure.script[status] = [{ body: { id: "d1", status: code, complete: true } }];
    expect((await failure(create())).message).toContain(`ended as "${verdict}": Azure gives no reason.`);
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
    azure.script[publish] = [...refusals, { status: 202, body: '"d1"' }];
    expect((await create()).outputs).toEqual({ packageHash: hash, deploymentId: "d1" });
    expect(azure.calls().filter((call) => call === publishUrl)).toHaveLength(3);
    expect(operation.clock.sleeps).toEqual([5_000, 10_000]);
    expect(operation.shown).toContain(shown);
  });

  test.each([{ drop: true }, at(503), at(500)])(
    "after a publish without a clear answer, goes on with the deployment that it began",
    async (answer) => {
      azure.script[publish] = [answer];
      azure.script["GET /api/deployments/latest"] = [{ body: { id: "d1", status: 1, deployer } }];
      expect((await create()).outputs).toEqual({ packageHash: hash, deploymentId: "d1" });
      expect(azure.calls().filter((call) => call === publishUrl)).toHaveLength(1);
    },
  );

  test("after a publish without a clear answer, does not take another's deployment for its own", async () => {
    azure.script[publish] = [{ drop: true }, { status: 202, body: '"d1"' }];
    azure.script["GET /api/deployments/latest"] = [{ body: { id: "d0", status: 4, deployer: "GITHUB_ZIP_DEPLOY" } }];
    expect((await create()).outputs.deploymentId).toBe("d1");
    expect(azure.calls().filter((call) => call === publishUrl)).toHaveLength(2);
  });

  test("publishes again after a deployment that another one or a missing role ended", async () => {
    azure.script[status] = [
      { body: { id: "d1", status: 5, complete: true } },
      { body: { id: "d1", status: 3, status_text: refused, complete: true } },
      { body: { id: "d1", status: 4, complete: true } },
    ];
    await create();
    expect(azure.calls().filter((call) => call === publishUrl)).toHaveLength(3);
  });

  test.each<[string, Answer]>([
    ["a refused package", at(400, "Unsupported media")],
    ["a refused login", at(401, "who are you")],
  ])("%s leaves nothing in the state", async (_, answer) => {
    azure.script[publish] = [answer];
    const error = await failure(create());
    expect(error).not.toBeInstanceOf(Unfinished);
    expect(error.message).toContain(
      `Could not publish the relay's code to ${azure.host}: Azure's deployment site answered`,
    );
  });

  test("gives up on a right that does not come, and says which it may be", async () => {
    azure.script[publish] = [at(403, { error: { code: "AuthorizationFailed", message: "no sites/publish/Action" } })];
    const error = await failure(create());
    expect(error).not.toBeInstanceOf(Unfinished);
    expect(operation.clock.time).toBe(125_000);
    expect(error.message).toContain("Azure did not take the relay's code after 125 s");
    expect(error.message).toContain("no sites/publish/Action, code AuthorizationFailed");
    expect(error.message).toContain("Website Contributor on the function app");
  });

  test("gives up on a role that does not come, and says which", async () => {
    azure.script[publish] = [at(400, refused)];
    const error = await failure(create());
    expect(error).not.toBeInstanceOf(Unfinished);
    expect(error.message).toContain("Azure did not take the relay's code after 90");
    expect(error.message).toContain("needs the role Storage Blob Data Owner");
  });

  test("a package that may have arrived nevertheless is kept in the state", async () => {
    azure.script[publish] = [{ drop: true }];
    expect(await failure(create())).toBeInstanceOf(Unfinished);
  });

  test("a deployment without end is given up", async () => {
    azure.script[status] = [{ body: { id: "d1", status: 1, status_text: "Building", complete: false } }];
    const error = await failure(create());
    expect(error).toBeInstanceOf(Unfinished);
    expect(error.message).toContain("The deployment of the relay's code did not end after 60");
    expect(error.message).toContain("Azure is putting the relay's code in place (Building)");
  });

  test("waits for the host to take in the triggers", async () => {
    const starting = { Code: "BadRequest", Message: "Encountered an error (ServiceUnavailable) from host runtime." };
    azure.script[sync] = [at(400, starting), at(400, starting), { status: 200 }];
    await create();
    expect(operation.clock.sleeps).toEqual([2_000, 5_000]);
    expect(operation.shown).toContain("waiting for Azure to take in the functions' triggers");
  });

  test("waits until the health check answers and the functions are listed", async () => {
    azure.script[health] = [{ drop: true }, { status: 503, body: "no storage yet" }, { body: "ok" }];
    azure.script[functions] = [{ body: { value: [] } }, { body: { value: [{ name: "intake" }] } }];
    await create();
    expect(operation.clock.sleeps).toEqual([1_000, 2_000, 3_000]);
    expect(operation.shown.slice(1, -1)).toEqual([
      "https://relay.example/health does not answer (ECONNRESET)",
      "https://relay.example/health answers 503",
      "Azure lists no functions of the app yet",
    ]);
  });

  test("code that does not work is kept in the state, with what the health check said last", async () => {
    azure.script[health] = [{ status: 503, body: '{"storage":"403"}' }];
    const error = await failure(create());
    expect(error).toBeInstanceOf(Unfinished);
    expect(error).toMatchObject({ id: siteId, outputs: { packageHash: hash, deploymentId: "d1" } });
    expect(error.message).toContain(`https://${azure.host}/health answers 503: {"storage":"403"}`);
    expect(error.message).toContain("Then run: npx pulumi up");
    expect(operation.clock.time).toBeGreaterThanOrEqual(600_000);
  });

  test("a refusal after the deployment keeps it in the state", async () => {
    azure.script[sync] = [at(403, { error: { code: "AuthorizationFailed", message: "no" } })];
    const error = await failure(create());
    expect(error).toMatchObject({ name: "Unfinished", outputs: { packageHash: hash, deploymentId: "d1" } });
    expect(error.message).toContain(
      'Could not synchronize the triggers of the function app "relay": Azure answered 403: no',
    );
  });

  test("stops on Ctrl-C and keeps what may run in the state", async () => {
    azure.script[status] = [{ body: { id: "d1", status: 1 } }];
    operation.clock.sleep = async () => operation.stop.abort(new Error("stopped by the user"));
    const error = await failure(create());
    expect(error).toMatchObject({ name: "Unfinished", outputs: { packageHash: "", deploymentId: "" } });
    expect(error.message).toContain("did not end (stopped by the user)");
  });
});

describe("update", () => {
  test("deploys a changed package", async () => {
    expect(await update("of-another-package")).toEqual({ packageHash: hash, deploymentId: "d1" });
  });

  test("deploys nothing when only the configuration changes, and checks that the code works", async () => {
    expect(await update(hash)).toEqual({ packageHash: hash, deploymentId: "d0" });
    expect(azure.calls()).toEqual([referencesUrl, syncUrl, health, functionsUrl]);
  });

  test("notes the package's version, which a state of an earlier plugin lacks", async () => {
    writeFileSync(path.join(folder, "package.json"), '{"version":"1.2.3"}');
    const { hash: changed } = zipFolder(folder);
    expect(await update(changed)).toEqual({ packageHash: changed, deploymentId: "d0", version: "1.2.3" });
    expect(await update("of-another-package")).toMatchObject({ packageHash: changed, version: "1.2.3" });
    writeFileSync(path.join(folder, "package.json"), "{}");
  });

  test("deploys again what may or may not run", async () => {
    expect(await update("")).toEqual({ packageHash: hash, deploymentId: "d1" });
  });
});

describe("read", () => {
  const state = { packageHash: "h", deploymentId: "d0" };

  test("answers the state while the app is there", async () => {
    expect(await functionCode.read(operation, siteId, inputs(), state)).toEqual({ inputs: inputs(), outputs: state });
    expect(azure.calls()).toEqual([functionsUrl]);
  });

  test("an app that Azure does not find is gone", async () => {
    azure.script[functions] = [at(404, { error: { code: "ResourceNotFound", message: "not found" } })];
    expect(await functionCode.read(operation, siteId, inputs(), state)).toBeUndefined();
  });

  test.each([
    ["another tenant's login", { error: { code: "SubscriptionNotFound", message: "not found" } }, "az login --tenant"],
    ["a proxy's page", "<html>404</html>", "Azure answered 404"],
  ])("a 404 for %s does not mean gone", async (_, body, said) => {
    azure.script[functions] = [at(404, body)];
    expect((await failure(functionCode.read(operation, siteId, inputs(), state))).message).toContain(said);
  });

  describe("of what somebody else has changed", () => {
    const listUrl = `POST ${siteId}/config/appsettings/list`;
    const written = { A: "1", B: "2", C: "@Microsoft.KeyVault(SecretUri=s)" };
    const given = () => ({ ...inputs(), settings: written });
    const known = { ...state, build: "ours" };
    const read = () => functionCode.read(operation, siteId, given(), known);
    const list = (properties: object): Answer => ({ body: { properties } });

    beforeEach(() => {
      azure.script[listUrl] = [list(written)];
      azure.script[health] = [{ body: { status: "ok", build: "ours" } }];
    });

    test("nothing: the state stays", async () => {
      expect(await read()).toEqual({ inputs: given(), outputs: known });
    });

    test("app settings: the names show, and of foreign values a digest", async () => {
      azure.script[listUrl] = [list({ A: "1", B: "s3cret", D: "pa55word" })];
      const found = await read();
      expect(found?.inputs.settings).toEqual({
        A: "1",
        B: expect.stringMatching(/^not the stack's: SHA-256 [0-9a-f]{16}…$/),
        D: expect.stringMatching(/^not the stack's/),
      });
      expect(JSON.stringify(found)).not.toMatch(/s3cret|pa55word/);
    });

    test.each<[string, Answer]>([
      ["another build", { body: { status: "ok", build: "theirs" } }],
      ["code that does not say what it is", { body: "hello" }],
      ["code without a health check", at(404)],
    ])("%s: the package has changed, and the next update deploys it again", async (_, answer) => {
      azure.script[health] = [answer];
      const found = await read();
      expect(found?.outputs).toEqual({ ...known, packageHash: "" });
      expect(found?.inputs.package.path).toBe(folder);
      expect(found?.inputs.package.hash).not.toBe("engine-hash");
    });

    test.each<[string, Answer]>([
      ["a relay that can't answer now", at(503)],
      ["no connection", { drop: true }],
    ])("%s proves nothing", async (_, answer) => {
      azure.script[health] = [answer];
      expect(await read()).toEqual({ inputs: given(), outputs: known });
    });

    test("the state of an earlier version has nothing to compare with", async () => {
      azure.script[health] = [{ body: { status: "ok", build: "theirs" } }];
      expect(await functionCode.read(operation, siteId, inputs(), state)).toEqual({ inputs: inputs(), outputs: state });
    });

    test("an update writes the settings again, before anything else, and only if they differ", async () => {
      const put = `PUT ${siteId}/config/appsettings`;
      azure.script[put] = [{ body: {} }];
      const outputs = { packageHash: hash, deploymentId: "d0" };
      const change = () => functionCode.update?.(operation, siteId, { news: given(), olds: given(), outputs });
      await change();
      expect(azure.calls().filter((call) => call.startsWith("PUT"))).toEqual([]);
      azure.restart();
      azure.script[listUrl] = [list({ ...written, B: "s3cret" })];
      await change();
      expect(azure.calls()[1]).toBe(`${put}?api-version=2024-04-01`);
      const { bytes } = azure.requests.find(({ method }) => method === "PUT") ?? { bytes: "" };
      expect(JSON.parse(String(bytes))).toEqual({ properties: written });
      expect(operation.shown).toContain("writes app settings again that somebody has changed: B");
    });
  });

  test("an import is refused", async () => {
    const error = await failure(functionCode.read(operation, siteId, undefined, undefined));
    expect(error.message).toContain("can't be imported");
  });
});

test("delete calls nothing", async () => {
  await functionCode.delete(operation, siteId, inputs());
  expect(azure.calls()).toEqual([]);
});

describe("inputs", () => {
  test.each([
    [{ siteId: "relay" }, "it must be the id of a web app"],
    [{ scmHostName: "https://relay.scm.example" }, "it must be a host name alone"],
    [{ hostName: "relay.example/health" }, "it must be a host name alone"],
    [{ package: "relay/dist" }, "it must be a pulumi.asset.FileArchive"],
    [{ healthPath: "health" }, 'it must begin with "/"'],
  ])("%j is refused", (mistake, message) => {
    const parsed = functionCode.inputs.safeParse({ ...inputs(), ...mistake });
    expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([expect.stringContaining(message)]);
  });

  test("a folder that was not built is refused in the preview", () => {
    const given = { ...inputs(), package: new Archive(tmpdir(), "engine-hash") };
    expect(functionCode.check?.(given, () => undefined)).toEqual([
      { property: "package", reason: expect.stringMatching(/^"package": the folder .* run `npm run build` first\.$/) },
    ]);
    expect(functionCode.check?.(inputs(), () => undefined)).toEqual([]);
  });

  describe("of a package that is a relay", () => {
    const withVersion = (name: string, version: string) => {
      writeFileSync(path.join(folder, "package.json"), JSON.stringify({ name, version }));
      return functionCode.check?.(inputs(), () => undefined);
    };
    afterEach(() => writeFileSync(path.join(folder, "package.json"), "{}"));

    test("another version than the plugin's is refused, with where the right plugin is", () => {
      const reason = `"package": the program has version 0.0.1 of customerio-aep, and the plugin that deploys its relay has ${manifest.version}.`;
      expect(withVersion("customerio-aep-relay", "0.0.1")).toEqual([
        { property: "package", reason: expect.stringContaining(`${reason} Run npx pulumi in the program's folder`) },
      ]);
    });

    test("the plugin's own version and other packages are taken", () => {
      expect(withVersion("customerio-aep-relay", manifest.version)).toEqual([]);
      expect(withVersion("something-else", "0.0.1")).toEqual([]);
    });
  });
});

describe("secrets", () => {
  const refresh = `POST ${siteId}/config/configreferences/appsettings/refresh`;
  const restart = `POST ${siteId}/restart`;
  const reference = (status: string, name = "CUSTOMERIO_SIGNING_KEYS") => ({
    name,
    properties: { status, details: "Azure's sentence.", vaultName: "v", secretName: "s" },
  });
  const list = (...value: object[]): Answer => ({ body: { value } });
  const count = (call: string) => azure.calls().filter((made) => made.split("?")[0] === call).length;

  beforeEach(() => {
    azure.script[refresh] = [{ body: { value: [] } }];
    azure.script[restart] = [{ status: 200 }];
  });

  test("references that a late role has failed are refreshed before any code runs, until all are resolved", async () => {
    const denied = list(reference("Resolved", "PLATFORM_STREAMING_URL"), reference("AccessToKeyVaultDenied"));
    azure.script[references] = [denied, denied, denied, list(reference("Resolved"))];
    await create();
    expect(count(refresh)).toBe(3);
    expect(operation.clock.sleeps).toEqual([2_000, 5_000, 10_000]);
    expect(operation.shown[0]).toBe(
      "waiting for Azure to give the app its secrets: CUSTOMERIO_SIGNING_KEYS (AccessToKeyVaultDenied: Azure's sentence)",
    );
    const published = azure.calls().indexOf(publishUrl);
    expect(azure.calls().lastIndexOf(referencesUrl)).toBeLessThan(published);
    expect(count(restart)).toBe(0);
  });

  test.each([
    ["AccessToKeyVaultDenied", "needs the role Key Vault Secrets User on the key vault v"],
    ["SecretVersionNotFound", "The secret s of the key vault v was deleted or disabled"],
    ["VaultNotFound", "Azure does not find the key vault v"],
    ["FetchTimedOut", "To try again: npx pulumi up --stack dev"],
  ])("one that stays %s fails after ten minutes, with setting, status and what to do", async (state, remedy) => {
    azure.script[references] = [list(reference(state))];
    const error = await failure(create());
    expect(error).not.toBeInstanceOf(Unfinished);
    expect(error.message).toContain("The relay has no value for CUSTOMERIO_SIGNING_KEYS: Azure could not resolve");
    expect(error.message).toContain(`CUSTOMERIO_SIGNING_KEYS (${state}: Azure's sentence)`);
    expect(error.message).toContain(remedy);
    expect(operation.clock.time).toBeGreaterThanOrEqual(600_000);
    expect(operation.clock.time).toBeLessThan(700_000);
    expect(azure.calls()).not.toContain(publishUrl);
  });

  test("a caller who may not read them hears so", async () => {
    azure.script[references] = [at(403, { error: { code: "AuthorizationFailed", message: "no" } })];
    expect((await failure(create())).message).toContain("Website Contributor on the function app");
  });

  test("instances that started without a secret are restarted, once a minute", async () => {
    const lacks: Answer = { body: { status: "ok", unresolved: ["CUSTOMERIO_SIGNING_KEYS"] } };
    azure.script[health] = [...Array(30).fill(lacks), { body: { status: "ok" } }];
    await create();
    expect(count(restart)).toBe(2);
    expect(operation.shown).toContain("waiting for the app to start with its secrets: CUSTOMERIO_SIGNING_KEYS");
  });

  test("an app that never gets its secret is not done", async () => {
    azure.script[health] = [{ body: { status: "ok", unresolved: ["CUSTOMERIO_SIGNING_KEYS"] } }];
    const error = await failure(create());
    expect(error).toBeInstanceOf(Unfinished);
    expect(error.message).toContain("it lacks a value for CUSTOMERIO_SIGNING_KEYS");
  });
});

test("other code that answers the health check does not count", async () => {
  writeFileSync(path.join(folder, "package.json"), '{"build":"ours"}');
  azure.script[health] = [{ body: { status: "ok", build: "theirs" } }, { body: { status: "ok", build: "ours" } }];
  await create();
  expect(operation.shown).toContain("waiting for the app to start with the deployed code");
  azure.restart();
  azure.script[health] = [{ body: "ok" }];
  expect((await failure(create())).message).toContain("is answered by other code");
  writeFileSync(path.join(folder, "package.json"), "{}");
});

describe("a change of settings", () => {
  const mark = `PATCH ${queueId}`;
  const queue = `GET ${queueId}`;
  const answer = (configuration: string, forwarders: Record<string, number> = {}): Answer => ({
    body: { status: "ok", configuration, forwarders },
  });
  const marked = (configuration?: string, since = "2026-11-01T00:00:00.000Z"): Answer => ({
    headers: { date: "Fri, 20 Nov 2026 10:00:00 GMT" },
    body: {
      properties: {
        approximateMessageCount: 0,
        ...(configuration && { metadata: { configuration: `${configuration} since ${since}` } }),
      },
    },
  });
  const news = () => ({ ...inputs(), configuration: "new", queueId });
  const change = (before = "old") => {
    const outputs = { packageHash: hash, deploymentId: "d0" };
    const olds = { ...news(), configuration: before };
    return functionCode.update?.(operation, siteId, { news: news(), olds, outputs });
  };

  test("waits until the app answers with the new ones, and then until no instance sends with others", async () => {
    azure.script[health] = [answer("old"), answer("old"), answer("new")];
    azure.script[queue] = [marked("old")];
    azure.script[mark] = [{ body: {} }];
    await change();
    expect(operation.clock.sleeps).toEqual([1_000, 2_000, 13_500]);
    expect(operation.shown).toEqual([
      "waiting for the app to start with its new settings",
      "waiting until no instance works with the former settings any more",
      "the relay's code works",
    ]);
    const { bytes } = azure.requests.find(({ method }) => method === "PATCH") ?? { bytes: "" };
    expect(JSON.parse(String(bytes)).properties.metadata).toEqual({
      configuration: "new since 2026-11-20T10:00:00.000Z",
    });
  });

  const justNow = "2026-11-20T09:59:47.000Z";

  test.each<[string, string, string | undefined, string | undefined]>([
    ["nobody has marked the queue", "old", undefined, undefined],
    ["an `up` has marked it, but was killed before it was done", "old", "new", undefined],
    ["the mark differs, although the state does not", "new", "old", undefined],
    ["an `up` that was killed in the wait has noted all but the end of it", "new", "new", justNow],
  ])("waits for instances with the former ones where %s", async (_, before, of, since) => {
    azure.script[health] = [answer("new")];
    azure.script[queue] = [marked(of, since)];
    azure.script[mark] = [{ body: {} }];
    await change(before);
    expect(operation.clock.sleeps).toEqual([13_500]);
  });

  test("waits for no instance where the settings are in force already", async () => {
    azure.script[health] = [answer("new")];
    azure.script[queue] = [marked("new")];
    azure.script[mark] = [{ body: {} }];
    await change("new");
    expect(operation.clock.sleeps).toEqual([]);
  });

  test.each([
    ["no instance where the queue was never marked", undefined, []],
    ["instances that the mark of an earlier creation names", "new", [13_500]],
  ])("a creation waits for %s", async (_, before, sleeps) => {
    azure.script[health] = [answer("new")];
    azure.script[queue] = [marked(before)];
    azure.script[mark] = [{ body: {} }];
    await functionCode.create(operation, news());
    expect(operation.clock.sleeps).toEqual(sleeps);
  });

  test("is not done without the queue that tells the instances", async () => {
    azure.script[health] = [answer("new")];
    azure.script[queue] = [at(404, { error: { code: "ResourceNotFound", message: "not found" } })];
    const error = await failure(change() ?? Promise.resolve());
    expect(error).toBeInstanceOf(Unfinished);
    expect(error.message).toContain(
      'Azure has no queue "events" any more. To make it again, run: npx pulumi up --refresh',
    );
  });

  test("waits for instances whose code is too old to heed the mark", async () => {
    azure.script[health] = [answer("new"), answer("new", { "": 2, new: 1 }), answer("new", { new: 1 })];
    azure.script[queue] = [marked()];
    azure.script[mark] = [{ body: {} }];
    await change();
    expect(operation.shown).toContain("waiting for instances with the earlier version's code to end");
  });

  test("an app that keeps its former settings is not done", async () => {
    azure.script[health] = [answer("old")];
    expect((await failure(change() ?? Promise.resolve())).message).toContain("answers with other settings");
  });
});
