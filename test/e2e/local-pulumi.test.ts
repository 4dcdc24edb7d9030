import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";
import { readState } from "../upgrade/states.ts";
import { LocalPulumi } from "./local-pulumi.ts";

// The files that the tests read and write themselves, compared with Pulumi's own commands.
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-files-"));
  await mkdir(path.join(folder, "state"));
  await writeFile(path.join(folder, "Pulumi.yaml"), "name: customerio-aep\nruntime: nodejs\n");
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function optionsOf(stack: string) {
  return {
    stack,
    environment: {
      PULUMI_BACKEND_URL: `${pathToFileURL(path.join(folder, "state"))}?metadata=skip`,
      PULUMI_CONFIG_PASSPHRASE: "local",
    },
    logFile: path.join(folder, "pulumi.log"),
    configFile: path.join(folder, `Pulumi.${stack}.yaml`),
    program: folder,
  };
}

async function change(pulumi: Pulumi): Promise<unknown> {
  await pulumi.initialize();
  await pulumi.configure("aep:sandbox", "dev");
  await pulumi.configure("dataflowActivationSeconds", "2");
  await pulumi.configure("dataset.forceDestroy", "true", "--path");
  await pulumi.configure("alertEmails[0]", "oncall@example.com", "--path");
  await pulumi.configureSecret("signingKeys", "one\ntwo");
  await pulumi.configure("delivery", "direct");
  await pulumi.unconfigure("delivery");
  return JSON.parse(await pulumi.run("config", "--json", "--show-secrets", "--stack", pulumi.stack));
}

test("settings are as Pulumi's commands write them, and Pulumi reads the secrets", async () => {
  const written = await change(new LocalPulumi(optionsOf("files")));
  expect(written).toEqual(await change(new Pulumi(optionsOf("commands"))));
  expect(written).toHaveProperty(["customerio-aep:signingKeys", "value"], "one\ntwo");
});

test("state, outputs and their secrets are read as by Pulumi's commands", async () => {
  const files = new LocalPulumi(optionsOf("local"));
  const commands = new Pulumi(optionsOf("local"));
  await files.initialize();
  const recorded = path.join(folder, "recorded.json");
  await writeFile(recorded, await readState("relay"));
  await files.run("stack", "import", "--stack", "local", "--file", recorded);
  const outputs = await files.outputs();
  expect(outputs.streamingUrl).toMatch(/^https?:/);
  expect(outputs).toEqual(await commands.outputs());
  expect(JSON.parse(await files.exportState())).toEqual(JSON.parse(await commands.exportState()));
  expect(await files.resources()).toEqual(await commands.resources());
});
