import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import manifest from "../../../../package.json" with { type: "json" };
import { Archive } from "../../../../packages/pulumi-provider-kit/src/engine/values.ts";
import { zipFolder } from "../../../../relay/deploy/package-folder.ts";
import { functionCode } from "../../../../relay/deploy/resources/function-code.ts";
import { failure, siteId } from "../azure-server.ts";
import { at, calls, urls, useFunctionCode } from "./bed.ts";

const bed = useFunctionCode();

describe("update", () => {
  test("deploys a changed package", async () => {
    expect(await bed.update("of-another-package")).toEqual({ packageHash: bed.hash, deploymentId: "d1" });
  });

  test("deploys nothing when only the configuration changes, and checks that the code works", async () => {
    expect(await bed.update(bed.hash)).toEqual({ packageHash: bed.hash, deploymentId: "d0" });
    expect(bed.azure.calls()).toEqual([urls.references, urls.sync, calls.health, urls.functions]);
  });

  test("notes the package's version, which a state of an earlier plugin lacks", async () => {
    writeFileSync(path.join(bed.folder, "package.json"), '{"version":"1.2.3"}');
    const { hash: changed } = zipFolder(bed.folder);
    expect(await bed.update(changed)).toEqual({ packageHash: changed, deploymentId: "d0", version: "1.2.3" });
    expect(await bed.update("of-another-package")).toMatchObject({ packageHash: changed, version: "1.2.3" });
    writeFileSync(path.join(bed.folder, "package.json"), "{}");
  });

  test("deploys code again if it may not be running", async () => {
    expect(await bed.update("")).toEqual({ packageHash: bed.hash, deploymentId: "d1" });
  });
});

describe("read", () => {
  const state = { packageHash: "h", deploymentId: "d0" };

  test("answers the state while the app is there", async () => {
    expect(await functionCode.read(bed.operation, siteId, bed.inputs(), state)).toEqual({
      inputs: bed.inputs(),
      outputs: state,
    });
    expect(bed.azure.calls()).toEqual([urls.functions]);
  });

  test("an app that Azure does not find is gone", async () => {
    bed.azure.script[calls.functions] = [at(404, { error: { code: "ResourceNotFound", message: "not found" } })];
    expect(await functionCode.read(bed.operation, siteId, bed.inputs(), state)).toBeUndefined();
  });

  test.each([
    ["another tenant's login", { error: { code: "SubscriptionNotFound", message: "not found" } }, "az login --tenant"],
    ["a proxy's page", "<html>404</html>", "Azure answered 404"],
  ])("a 404 for %s does not mean gone", async (_, body, said) => {
    bed.azure.script[calls.functions] = [at(404, body)];
    expect((await failure(functionCode.read(bed.operation, siteId, bed.inputs(), state))).message).toContain(said);
  });

  test("an import is refused", async () => {
    const error = await failure(functionCode.read(bed.operation, siteId, undefined, undefined));
    expect(error.message).toContain("can't be imported");
  });
});

test("delete calls nothing", async () => {
  await functionCode.delete(bed.operation, siteId, bed.inputs());
  expect(bed.azure.calls()).toEqual([]);
});

describe("inputs", () => {
  test.each([
    [{ siteId: "relay" }, "it must be the id of a web app"],
    [{ scmHostName: "https://relay.scm.example" }, "it must be a host name alone"],
    [{ hostName: "relay.example/health" }, "it must be a host name alone"],
    [{ package: "relay/dist" }, "it must be a pulumi.asset.FileArchive"],
    [{ healthPath: "health" }, 'it must begin with "/"'],
  ])("%j is refused", (mistake, message) => {
    const parsed = functionCode.inputs.safeParse({ ...bed.inputs(), ...mistake });
    expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([expect.stringContaining(message)]);
  });

  test("a preview refuses a folder that was not built", () => {
    const given = { ...bed.inputs(), package: new Archive(tmpdir(), "engine-hash") };
    expect(functionCode.check?.(given, () => undefined)).toEqual([
      { property: "package", reason: expect.stringMatching(/^"package": the folder .* run `npm run build` first\.$/) },
    ]);
    expect(functionCode.check?.(bed.inputs(), () => undefined)).toEqual([]);
  });

  describe("of a package that is a relay", () => {
    const withVersion = (name: string, version: string) => {
      writeFileSync(path.join(bed.folder, "package.json"), JSON.stringify({ name, version }));
      return functionCode.check?.(bed.inputs(), () => undefined);
    };
    afterEach(() => writeFileSync(path.join(bed.folder, "package.json"), "{}"));

    test("a version other than the plugin's is refused, with the path of the right plugin", () => {
      const reason = `"package": the program has version 0.0.1 of customerio-aep, and the plugin that deploys its relay has ${manifest.version}.`;
      expect(withVersion("customerio-aep-relay", "0.0.1")).toEqual([
        { property: "package", reason: expect.stringContaining(`${reason} Run npx pulumi in the program's folder`) },
      ]);
    });

    test("the plugin's own version and other packages are accepted", () => {
      expect(withVersion("customerio-aep-relay", manifest.version)).toEqual([]);
      expect(withVersion("something-else", "0.0.1")).toEqual([]);
    });
  });
});
