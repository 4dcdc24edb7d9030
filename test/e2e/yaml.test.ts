import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { ensureYamlHost } from "../../packages/local-cloud/src/engine/engine.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { failureOf, type LocalProgram, repository, startLocalProgram } from "./local-stack.ts";

// A program in another language, whose component the plugin builds: the template, in the order in which the tests stand.
let folder: string;
let program: LocalProgram;

const minutes = 60_000;

/** The template's program, in which the component has more properties. */
async function declare(properties: Readonly<Record<string, unknown>>): Promise<void> {
  const template = await readFile(path.join(repository, "templates/yaml/Pulumi.yaml"), "utf8");
  const lines = Object.entries(properties).map(([name, value]) => `      ${name}: ${JSON.stringify(value)}\n`);
  const text = template
    .replace("${PROJECT}", "in-yaml")
    .replace("${DESCRIPTION}", "A program in YAML")
    .replace("      alertEmails: []\n", lines.join(""));
  await writeFile(path.join(folder, "Pulumi.yaml"), text);
}

beforeAll(async () => {
  await ensureYamlHost((line) => process.stdout.write(`${line}\n`));
  folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-yaml-"));
  await cp(path.join(repository, "templates/yaml/package.json"), path.join(folder, "package.json"));
  await symlink(path.join(repository, "node_modules"), path.join(folder, "node_modules"));
  await declare({ dataflowActivationSeconds: 2, dataset: { forceDestroy: true }, alertEmails: ["oncall@example.com"] });
  program = await startLocalProgram(folder, { ownSettings: true });
  const { platform, customerIo } = localCredentials;
  await program.pulumi.configure("aep:clientId", platform.clientId);
  await program.pulumi.configureSecret("aep:clientSecret", platform.clientSecret);
  await program.pulumi.configure("aep:orgId", platform.orgId);
  await program.pulumi.configure("aep:sandbox", platform.sandbox);
  await program.pulumi.configureSecret("customerio:appApiKey", customerIo.appApiKey);
  await program.pulumi.configure("customerio:region", "us");
  await program.pulumi.configure("azure-native:location", "westeurope");
  await program.pulumi.configureSecret("signingKeys", customerIo.signingKey);
}, 10 * minutes);

afterAll(async () => {
  await program?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

test(
  "a mistake in the arguments is reported at preview, and nothing is made",
  async () => {
    await declare({ nodeVersion: 23, dataset: { rowExpirationDays: 3 } });
    const complaint = await failureOf(program.pulumi.preview());
    expect(complaint).toContain("nodeVersion is invalid: it must be 22 or 24.");
    expect(complaint).toContain("dataset.rowExpirationDays is invalid: it must be at least 30.");
    expect(complaint).not.toMatch(/^\s+at /m);
    await declare({
      dataflowActivationSeconds: 2,
      dataset: { forceDestroy: true },
      alertEmails: ["oncall@example.com"],
    });
  },
  2 * minutes,
);

test(
  "up, events and destroy by a program in YAML",
  async () => {
    const { pulumi, vendors } = program;
    await pulumi.up();
    const { datasetId, nextSteps } = (await pulumi.outputs()) as { datasetId: string; nextSteps: string[] };
    expect(nextSteps).toEqual([]);
    await vendors.emit(samples.map(({ event }) => event));
    await vendors.sent();
    for (let look = 0; look < 200 && (await vendors.deliveredIds()).length < samples.length; look++) await wait(300);
    const ids = (await vendors.rows(datasetId)).map(({ _id }) => _id as string);
    expect(ids.toSorted()).toEqual(samples.map(({ event }) => event.event_id).toSorted());
    await pulumi.preview("--expect-no-changes");
    const state = await pulumi.run("stack", "export", "--stack", "local");
    expect(state).not.toContain(localCredentials.customerIo.signingKey);
    expect(await readFile(program.logFile, "utf8")).not.toContain(localCredentials.customerIo.signingKey);
    await pulumi.destroy();
    expect(await vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  6 * minutes,
);
