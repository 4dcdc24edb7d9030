import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, type PlatformSwitches, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import { Aep } from "./aep.ts";
import { PlatformStub } from "./platform-stub.ts";

const { tenantId, ...credential } = localCredentials.platform;
const function_ = "aep:index:getPreflight";

let platform: PlatformStandIn;
afterEach(() => platform.close());

async function preflight(switches: Partial<PlatformSwitches>, { profile = false, sandbox = "dev" } = {}) {
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes: ["prod", "dev"], switches });
  const aep = await Aep.connect(platform.url, { ...credential, sandbox });
  return aep.provider.invoke(function_, { profile });
}

test("a sandbox that has everything has no problems", async () => {
  expect(await preflight({}, { profile: true })).toEqual({
    sandbox: "dev",
    sandboxState: "active",
    customerIoSource: "offered",
    httpSource: "offered",
    missingPermissions: [],
    unchecked: [],
  });
});

test("a sandbox without the Customer.io source is reported", async () => {
  const report = await preflight({ customerIoSource: "not-entitled" });
  expect(report).toMatchObject({ customerIoSource: "absent", httpSource: "offered", unchecked: [] });
});

test("a sandbox without the HTTP API source is reported", async () => {
  const report = await preflight({ httpApiSource: "not-entitled" });
  expect(report).toMatchObject({ customerIoSource: "offered", httpSource: "absent", unchecked: [] });
});

test.each([
  ["manage-schemas", "Manage Schemas"],
  ["manage-datasets", "Manage Datasets"],
  ["manage-sources", "Manage Sources"],
  ["manage-schema-identities", "Manage Identity Metadata"],
  ["manage-profiles", "Manage Profiles"],
])("a role without %s lacks %s", async (permission, title) => {
  const report = await preflight({ permissionsLacking: permission }, { profile: true });
  expect(report).toMatchObject({ missingPermissions: [title] });
});

test("the permission to manage identity namespaces includes viewing them", async () => {
  const view = "view-identity-namespaces";
  expect(await preflight({ permissionsLacking: view }, { profile: true })).toMatchObject({ missingPermissions: [] });
  await platform.close();
  const neither = `${view},manage-identity-namespaces`;
  const report = await preflight({ permissionsLacking: neither }, { profile: true });
  expect(report).toMatchObject({ missingPermissions: ["View Identity Namespaces"] });
});

test("permissions for Profile are not checked without it", async () => {
  const report = await preflight({ permissionsLacking: "manage-schema-identities,manage-profiles" });
  expect(report).toMatchObject({ missingPermissions: [] });
});

test("it reports a sandbox that the credential's role does not include, and one that is being reset", async () => {
  const typo = await preflight({}, { sandbox: "typo" });
  // Platform answers 404 to the other checks, which would only repeat it.
  expect(typo).toMatchObject({ sandbox: "typo", sandboxState: "absent", unchecked: [] });
  await platform.close();
  expect(await preflight({ sandboxState: "resetting" })).toMatchObject({ sandboxState: "resetting" });
});

test("a credential in no role lacks everything", async () => {
  expect(await preflight({ role: "missing" })).toMatchObject({
    sandboxState: "absent",
    missingPermissions: ["Manage Schemas", "Manage Datasets", "Manage Sources"],
  });
});

test("an access control API that refuses leaves the permissions unchecked", async () => {
  const report = await preflight({ accessControl: "refused" });
  expect(report).toMatchObject({ sandboxState: "active", customerIoSource: "offered", missingPermissions: [] });
  expect(report.unchecked).toEqual([expect.stringContaining("Could not ask for the names of the permissions")]);
});

test("a wrong credential is an error, as with every other call", async () => {
  platform = await startPlatform({ credentials: credential, tenantId, sandboxes: ["dev"] });
  const aep = await Aep.connect(platform.url, { ...credential, clientSecret: "wrong" });
  await expect(aep.provider.invoke(function_, {})).rejects.toThrow("npx pulumi config set --secret aep:clientSecret");
});

describe("answers that the stand-in does not give", () => {
  const foundation = "/data/foundation";
  const acl = `${foundation}/access-control/acl`;
  let stub: PlatformStub;

  beforeEach(async () => {
    platform = await startPlatform({ credentials: credential, tenantId, sandboxes: ["dev"] });
    stub = await new PlatformStub().start();
    stub
      .answer(`GET ${foundation}/sandbox-management/`, { body: { sandboxes: [{ name: "dev", state: "active" }] } })
      .answer(`GET ${foundation}/flowservice/connectionSpecs/96479064-7b8a-4d69-b9ed-21c5683837ea`, {
        body: { items: [{}] },
      })
      .answer(`GET ${foundation}/flowservice/connectionSpecs/bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb`, {
        body: { items: [] },
      })
      .answer(`GET ${acl}/reference`, {
        body: { permissions: { "manage-schemas": { schemas: ["read", "write"] }, "manage-datasets": {} } },
      })
      .answer(`POST ${acl}/effective-policies`, {
        body: {
          policies: { "/resource-types/schemas": ["read", "write", "delete"], "/permissions/manage-datasets": [] },
        },
      });
  });
  afterEach(() => stub.close());

  test("a permission granted in its parts, one refused by an empty list, and one of an unknown name", async () => {
    const aep = await Aep.connect(stub.url);
    expect(await aep.provider.invoke(function_, {})).toMatchObject({
      missingPermissions: ["Manage Datasets"],
      unchecked: ["Platform's access control API has no permission with the name Manage Sources."],
      httpSource: "absent",
    });
  });

  test("a list of sandboxes of several pages is read to its end", async () => {
    const page = Array.from({ length: 50 }, (_, index) => ({ name: `sandbox-${index}`, state: "active" }));
    stub
      .answer(`GET ${foundation}/sandbox-management/`, { body: { sandboxes: page } })
      .answer(`GET ${foundation}/sandbox-management/?offset=50`, {
        body: { sandboxes: [{ name: "dev", state: "active" }] },
      });
    const aep = await Aep.connect(stub.url);
    expect(await aep.provider.invoke(function_, {})).toMatchObject({ sandboxState: "active" });
  });

  test("a list of sandboxes whose pages say that they are smaller is read to its end, and only once", async () => {
    const page = (...names: string[]) => ({
      body: { sandboxes: names.map((name) => ({ name, state: "active" })), _page: { limit: 2, count: names.length } },
    });
    stub
      .answer(`GET ${foundation}/sandbox-management/`, page("one", "two"))
      .answer(`GET ${foundation}/sandbox-management/?offset=2`, page("three", "dev"))
      .answer(`GET ${foundation}/sandbox-management/?offset=4`, page("one", "two"));
    const aep = await Aep.connect(stub.url);
    expect(await aep.provider.invoke(function_, {})).toMatchObject({ sandboxState: "active" });
  });
});
