import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringify } from "yaml";
import { startCloud } from "../../packages/local-cloud/src/cloud.ts";
import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { Pulumi } from "../../packages/local-cloud/src/demo/pulumi.ts";

const program = path.resolve(import.meta.dirname, "../../examples/several");
const counts = [1, 5, 10, 25, 50];

export interface Growth {
  readonly sources: number;
  readonly seconds: number;
}

/** The time of a first preview with this many sources in one program, each with its own providers: `examples/several`. */
export async function measureGrowth(): Promise<Growth[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "bench-growth-"));
  const cloud = await startCloud(folder);
  try {
    const grown: Growth[] = [];
    for (const sources of counts) {
      process.stderr.write(`${sources} sources\n`);
      const name = `with-${sources}`;
      const stack = new Pulumi({
        environment: cloud.environment,
        stack: name,
        logFile: path.join(folder, "pulumi.log"),
        configFile: await writeSettings(folder, sources),
        program,
      });
      await stack.initialize();
      // Pulumi notes there how secrets are encrypted, of which this stack's settings have none.
      await rm(path.join(program, `Pulumi.${name}.yaml`), { force: true });
      const begin = performance.now();
      await stack.preview();
      grown.push({ sources, seconds: (performance.now() - begin) / 1000 });
    }
    return grown;
  } finally {
    await cloud.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeSettings(folder: string, sources: number): Promise<string> {
  const { platform, customerIo } = localCredentials;
  const names = Array.from({ length: sources }, (_, at) => `brand${at + 1}`);
  const secrets = names.flatMap((name) => [
    [`customerio-several:${name}AppApiKey`, customerIo.appApiKey],
    [`customerio-several:${name}SigningKeys`, customerIo.signingKey],
  ]);
  const config = {
    "aep:clientId": platform.clientId,
    "aep:clientSecret": platform.clientSecret,
    "aep:orgId": platform.orgId,
    "azure-native:location": "westeurope",
    "customerio-several:brands": names.map((name) => ({ name, sandbox: platform.sandbox, region: "us" })),
    ...Object.fromEntries(secrets),
  };
  const file = path.join(folder, `Pulumi.with-${sources}.yaml`);
  await writeFile(file, stringify({ config }));
  return file;
}
