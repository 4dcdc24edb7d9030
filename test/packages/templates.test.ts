import { readFileSync } from "node:fs";
import path from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { repository } from "../e2e/local-stack.ts";

test.each(["typescript", "yaml"])("the template in %s asks for the versions of this package", (template) => {
  const text = readFileSync(path.join(repository, "templates", template, "package.json"), "utf8");
  const { dependencies, engines } = JSON.parse(text) as {
    dependencies: Record<string, string>;
    engines: Record<string, string>;
  };
  expect(dependencies).toEqual({ ...manifest.peerDependencies, "customerio-aep": `^${manifest.version}` });
  expect(engines).toEqual(manifest.engines);
});
