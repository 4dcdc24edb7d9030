import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { CloudEnvironment } from "../../packages/local-cloud/src/cloud.ts";
import { demoUsage } from "../../packages/local-cloud/src/demo/flags.ts";
import { trustBoth } from "../../packages/local-cloud/src/demo/kept.ts";
import { repository } from "./local-stack.ts";

/** Runs the demo's command. */
async function runDemo(...flags: string[]): Promise<{ readonly code: unknown; readonly printed: string }> {
  const demo = path.join(repository, "packages/local-cloud/src/demo.ts");
  const child = spawn(process.execPath, [demo, ...flags], { cwd: repository });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  return { code: await new Promise((resolve) => child.on("close", resolve)), printed };
}

test.each([[["--help"]], [["--kept"]], [["--keep", "--down"]], [["keep"]]])(
  "flags that the demo does not know get its usage: %j",
  async (flags) => {
    expect(await runDemo(...flags)).toEqual({ code: 2, printed: demoUsage });
  },
);

test("the shell of a kept demo trusts what it trusted before, such as a company's proxy", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-kept-"));
  try {
    const [local, own] = ["certificate.pem", "company.pem"].map((name) => path.join(folder, name)) as [string, string];
    await writeFile(local, "local");
    await writeFile(own, "company");
    const environment: CloudEnvironment = { NODE_EXTRA_CA_CERTS: local };
    const { NODE_EXTRA_CA_CERTS: both = "" } = await trustBoth(environment, own);
    expect(await readFile(both, "utf8")).toBe("local\ncompany");
    expect(await trustBoth(environment, undefined)).toBe(environment);
    expect(await trustBoth(environment, path.join(folder, "missing.pem"))).toBe(environment);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("the demo runs all its steps and leaves nothing behind", async () => {
  const { code, printed } = await runDemo();
  expect([code, printed]).toEqual([0, expect.any(String)]);
  // Twelve samples, the large e-mail and the blast.
  expect(printed).toContain("balance: accepted 513 = delivered 513 + dead-lettered 0 + pending 0; rows 513");
  expect(printed).toContain("3 of 3 were missing; sent again, 3 are in the dataset");
  expect(printed).toContain("nothing is left: 0 in state, 0 in Platform, 0 in Customer.io, 0 in Azure");
}, 300_000);
