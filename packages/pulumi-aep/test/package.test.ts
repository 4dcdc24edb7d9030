import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { provider } from "../src/provider.ts";

test("the package has Platform's functions, and each resource has a description", async () => {
  const schema = (await provider.schema()) as {
    resources: Record<string, { description: string; inputProperties: Record<string, { description?: string }> }>;
    functions: Record<string, unknown>;
    config: { variables: Record<string, { secret?: boolean }>; defaults: string[] };
  };
  expect(Object.keys(schema.functions)).toEqual(
    ["getPreflight", "getTenant", "getSchema", "getSchemas", "getDataset", "getDatasets", "getIdentityNamespaces"].map(
      (name) => `aep:index:${name}`,
    ),
  );
  expect(schema.config.defaults).toEqual(["clientId", "clientSecret", "orgId", "sandbox"]);
  expect(schema.config.variables.clientSecret?.secret).toBe(true);
  for (const [type, { description, inputProperties }] of Object.entries(schema.resources)) {
    const isNoObject = ["aep:index:Ownership", "aep:index:DatasetGuard"].includes(type);
    if (!isNoObject) expect(description).toMatch(/Imported by its .* Adobe: /);
    for (const property of Object.values(inputProperties)) expect(property.description).toMatch(/\w/);
  }
});

test("the executable prints the port of its service, started from any folder", async () => {
  const executable = path.resolve(__dirname, "../bin/pulumi-resource-aep.js");
  const child = spawn(executable, [], { cwd: "/", stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line] = await once(child.stdout, "data");
    expect(String(line)).toMatch(/^\d+\n$/);
  } finally {
    child.kill();
    await once(child, "exit");
  }
});
