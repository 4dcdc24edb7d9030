import { spawn } from "node:child_process";
import path from "node:path";
import { repository } from "./local-stack.ts";

test("the demo runs all its steps and leaves nothing behind", async () => {
  const child = spawn(process.execPath, [path.join(repository, "packages/local-cloud/src/demo.ts")], {
    cwd: repository,
  });
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, printed]).toEqual([0, expect.any(String)]);
  // Twelve samples, the large e-mail and the blast.
  expect(printed).toContain("balance: accepted 513 = delivered 513 + dead-lettered 0 + pending 0; rows 513");
  expect(printed).toContain("nothing is left: 0 in state, 0 in Platform, 0 in Customer.io, 0 in Azure");
}, 300_000);
