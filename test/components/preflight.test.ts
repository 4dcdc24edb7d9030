import * as pulumi from "@pulumi/pulumi";
import { checkSettings, type Needs } from "../../components/preflight.ts";
import { argumentWords, type SettingWords, stackWords } from "../../settings/setting-words.ts";
import { openNetwork } from "./stack.ts";

/** A source with settings of a stack. */
const stackWith = (settings: Needs) => ({ read: () => settings, words: stackWords("customerio-aep") });

/** Checks the settings of a program that has nothing to prepare. */
const checkOnly = (source: Parameters<typeof checkSettings<Needs, undefined>>[0]) =>
  checkSettings(source, async () => undefined);

const credentials = {
  "aep:clientId": "client",
  "aep:clientSecret": "secret",
  "aep:orgId": "1@AdobeOrg",
  "aep:sandbox": "dev",
  "customerio:appApiKey": "key",
};

/** What decides what the relay needs of Azure. */
const azure = {
  environment: "dev",
  nodeVersion: 22,
  azure: {},
  azureTags: {},
  azureNames: {},
  azureExisting: {},
  privateNetwork: openNetwork,
  monthlyBudget: 0,
} as const;

const everything = {
  sandbox: "dev",
  sandboxState: "active",
  customerIoSource: "offered",
  httpSource: "offered",
  missingPermissions: [] as string[],
  unchecked: [] as string[],
  /** Of Azure. */
  problems: [] as string[],
};

async function complaint(
  report: Partial<typeof everything>,
  needs: Needs = { source: "customerio", profile: { enabled: false }, delivery: "direct", ...azure },
) {
  const call = () => ({ ...everything, ...report });
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call });
  pulumi.runtime.setAllConfig(credentials);
  const error = await checkOnly(stackWith(needs)).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error === undefined || pulumi.RunError.isInstance(error)).toBe(true);
  return error === undefined ? [] : (error as Error).message.split("\n").slice(1);
}

test("a sandbox that has everything is fine, and one that does not say so gets a warning", async () => {
  const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue(undefined);
  expect(await complaint({})).toEqual([]);
  expect(warn).not.toHaveBeenCalled();
  const silent = { sandboxState: "unknown", customerIoSource: "unknown", unchecked: ["No answer."] };
  expect(await complaint(silent)).toEqual([]);
  expect(warn.mock.calls).toEqual([["Not checked beforehand: No answer."]]);
  warn.mockRestore();
});

test("a preview that doesn't know the provider's settings yet, and so gets empty answers, says how to continue", async () => {
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) });
  pulumi.runtime.setAllConfig(credentials);
  const needs = { source: "customerio", profile: { enabled: false }, delivery: "direct", ...azure } as const;
  await expect(checkOnly(stackWith(needs))).rejects.toThrow(
    /^This preview can't ask Experience Platform.*npx pulumi up --skip-preview$/s,
  );
});

test("such a preview reports what other vendors refuse as well", async () => {
  const call = ({ token }: { token: string }) => {
    if (token !== "customerio:index:getReportingWebhooks") return {};
    throw Object.assign(new Error(), { details: "No such key." });
  };
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call });
  pulumi.runtime.setAllConfig(credentials);
  const needs = { source: "customerio", profile: { enabled: false }, delivery: "direct", ...azure } as const;
  await expect(checkOnly(stackWith(needs))).rejects.toThrow(
    /^This preview can't ask Experience Platform.*--skip-preview\nCustomer\.io refuses this stack's access.*No such key\.$/s,
  );
});

test("a program that gives arguments hears their names instead of commands for the stack's configuration", async () => {
  const asked: { inputs?: { project?: string } }[] = [];
  const call = ({ token, inputs }: pulumi.runtime.MockCallArgs) => {
    if (token === "customerio-aep:index:getAzurePreflight") asked.push({ inputs });
    return { ...everything, customerIoSource: "absent", subscriptionId: "sub" };
  };
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call });
  pulumi.runtime.setAllConfig(credentials);
  const needs = { source: "customerio", profile: { enabled: false }, delivery: "relay", ...azure } as const;
  const said = (words: SettingWords) => checkOnly({ read: () => needs, words }).catch(({ message }: Error) => message);
  expect(await said(argumentWords)).toContain("use the HTTP API source instead: set the argument source to http");
  expect(await said(stackWords("events"))).toContain("instead: npx pulumi config set source http");
  expect(asked.map(({ inputs }) => inputs?.project)).toEqual([undefined, "events"]);
});

test("another source is named if there is one", async () => {
  const ask = '  - The sandbox "dev" does not offer the Customer.io source. Ask Adobe for it: it is a beta';
  expect(await complaint({ customerIoSource: "absent" })).toEqual([
    `${ask}; or use the HTTP API source instead: npx pulumi config set source http`,
  ]);
  expect(await complaint({ customerIoSource: "absent", httpSource: "absent" })).toEqual([`${ask}.`]);
  expect(
    await complaint(
      { customerIoSource: "absent" },
      { source: "http", profile: { enabled: false }, delivery: "direct", ...azure },
    ),
  ).toEqual([]);
  expect(
    await complaint(
      { httpSource: "absent" },
      { source: "http", profile: { enabled: false }, delivery: "direct", ...azure },
    ),
  ).toEqual([
    '  - The sandbox "dev" does not offer the HTTP API source (Sources > Catalog > Streaming). It offers the Customer.io ' +
      "source: npx pulumi config set source customerio",
  ]);
});

test("everything that is missing is reported at once", async () => {
  const report = { missingPermissions: ["Manage Schemas", "Manage Sources"], sandboxState: "resetting" };
  expect(await complaint({ ...report, customerIoSource: "absent", httpSource: "absent" })).toEqual([
    '  - The sandbox "dev" is resetting. Wait until it is active, or have an administrator fix it.',
    '  - The credential lacks the permissions Manage Schemas, Manage Sources in the sandbox "dev". In Experience Platform, ' +
      "add them under Permissions > Roles to the role that has the credential among its API credentials.",
    '  - The sandbox "dev" does not offer the Customer.io source. Ask Adobe for it: it is a beta.',
  ]);
});

test("if the sandbox does not exist, nothing else is reported", async () => {
  const lines = await complaint({ sandboxState: "absent", missingPermissions: ["Manage Schemas"] });
  expect(lines).toEqual([
    expect.stringMatching(/^ {2}- The sandbox "dev" is not among those that the credential may use\. Check its name/),
  ]);
});

test("a key that Customer.io refuses is reported beside what Platform lacks", async () => {
  const call = ({ token }: { token: string }) => {
    if (token !== "customerio:index:getReportingWebhooks") return { ...everything, sandboxState: "absent" };
    throw Object.assign(new Error(), { details: "Could not list the reporting webhooks: Customer.io answered 401." });
  };
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call });
  pulumi.runtime.setAllConfig(credentials);
  const needs = { source: "customerio", profile: { enabled: false }, delivery: "direct", ...azure } as const;
  await expect(checkOnly(stackWith(needs))).rejects.toThrow(
    /^Experience Platform lacks .*:\n {2}- The sandbox .*\nCustomer\.io refuses this stack's access, so nothing was changed:\n {2}- .*Could not list the reporting webhooks: Customer\.io answered 401\.$/,
  );
});

describe("the logins in Azure, for the relay", () => {
  const needs = { source: "customerio", profile: { enabled: false }, delivery: "relay", ...azure } as const;
  const complaintOf = async (
    answers: Record<string, (inputs: unknown) => object>,
    config: Record<string, string> = {},
  ) => {
    const call = ({ token, inputs }: pulumi.runtime.MockCallArgs) => (answers[token] ?? (() => everything))(inputs);
    await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call });
    pulumi.runtime.setAllConfig({ ...credentials, ...config });
    return checkOnly(stackWith(needs)).then(
      () => undefined,
      (error: Error) => error.message,
    );
  };
  const [ours, native] = ["customerio-aep:index:getAzureLogin", "azure-native:authorization:getClientConfig"] as const;
  const refuse = (details: string) => () => {
    throw Object.assign(new Error(), { details });
  };

  test("of one identity, or of unknown identity, are fine", async () => {
    const one = { [ours]: () => ({ objectId: "A" }), [native]: () => ({ objectId: "a" }) };
    expect(await complaintOf(one)).toBeUndefined();
    expect(await complaintOf({ ...one, [ours]: () => ({}) })).toBeUndefined();
  });

  test.each([
    ["azure-native:environment", "usgovernment", "npx pulumi config rm azure-native:environment"],
    ["ARM_ENVIRONMENT", "china", "unset ARM_ENVIRONMENT"],
    ["AZURE_ENVIRONMENT", "AzureUSGovernment", "unset AZURE_ENVIRONMENT"],
  ])("in another cloud by %s are refused", async (name, cloud, remedy) => {
    const isSetting = name.includes(":");
    const former = process.env[name];
    if (!isSetting) process.env[name] = cloud;
    try {
      expect(await complaintOf({}, isSetting ? { [name]: cloud } : {})).toMatch(
        new RegExp(
          `- The relay runs only in Azure's public cloud, but azure-native would use ${cloud}\\. .* ${remedy}$`,
        ),
      );
    } finally {
      if (former === undefined) delete process.env[name];
      else process.env[name] = former;
    }
  });

  test("are for the subscription that azure-native was told to use, whose tenant Azure CLI logs in to", async () => {
    const asked = jest.fn<object, [unknown]>(() => ({}));
    await complaintOf({ [ours]: asked }, { "azure-native:subscriptionId": "s-1" });
    expect(asked).toHaveBeenCalledWith({ subscriptionId: "s-1" });
    await complaintOf({ [ours]: asked, [native]: () => ({ subscriptionId: "s-2" }) });
    expect(asked).toHaveBeenLastCalledWith({ subscriptionId: "s-2" });
  });

  test("of two identities are refused, with both", async () => {
    const message = await complaintOf({ [ours]: () => ({ objectId: "a" }), [native]: () => ({ objectId: "b" }) });
    expect(message).toMatch(
      /^Azure refuses this stack's access, so nothing was changed:\n {2}- Two identities .* object id b, .*customerio-aep with a\./,
    );
  });

  test("of one identity are followed by the checks in Azure", async () => {
    const login = { [ours]: () => ({ objectId: "a" }), [native]: () => ({ objectId: "a", subscriptionId: "sub" }) };
    const found = { problems: ["The region nowhere does not offer it.", "A policy denies it."], unchecked: [] };
    const preflight = "customerio-aep:index:getAzurePreflight";
    expect(await complaintOf({ ...login, [preflight]: () => found })).toBe(
      "Azure refuses this stack's access, so nothing was changed:\n  - The region nowhere does not offer it.\n  - A policy denies it.",
    );
    const unknown = { problems: [], unchecked: ["Could not list what the Azure login may do."] };
    expect(await complaintOf({ ...login, [preflight]: () => unknown })).toBeUndefined();
  });

  test("that fail are reported along with other mistakes", async () => {
    const message = await complaintOf({
      [ours]: refuse("Could not get an access token for Azure with Azure CLI."),
      [native]: refuse("no login"),
      "customerio:index:getReportingWebhooks": refuse("the key is wrong"),
    });
    expect(message?.split("\n").filter((line) => line.startsWith("  - "))).toEqual([
      expect.stringContaining("the key is wrong"),
      expect.stringContaining("Could not get an access token for Azure with Azure CLI."),
      expect.stringMatching(/The provider azure-native: .*no login/),
    ]);
  });
});

describe("the first preview with everything wrong", () => {
  const providers = {
    "aep:clientId": "client",
    "aep:clientSecret": "wrong",
    "aep:orgId": "1@AdobeOrg",
    "aep:sandbox": "dev",
    "customerio:appApiKey": "wrong",
  };
  beforeEach(() => pulumi.runtime.setAllConfig(providers));
  afterAll(() => pulumi.runtime.setAllConfig({}));

  test("missing settings of a provider are in the list, and its vendor is not asked", async () => {
    pulumi.runtime.setAllConfig({ ...providers, "aep:orgId": "" });
    const asked: string[] = [];
    const call = ({ token }: { token: string }) => {
      asked.push(token);
      return { webhooks: [] };
    };
    await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call });
    const settings = { source: "customerio", profile: { enabled: false }, delivery: "direct", ...azure } as const;
    const error = await checkOnly(stackWith(settings)).catch((reason: unknown) => reason);
    expect((error as Error).message).toMatch(
      /^The providers' settings can't be used:\n {2}- The setting aep:orgId is /,
    );
    expect(asked).toEqual(["customerio:index:getReportingWebhooks"]);
  });

  const refuse = (details: string) => {
    throw Object.assign(new Error(), { details });
  };
  const mocks = (call: (token: string) => object) =>
    pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: ({ token }) => call(token) });
  const settings = { source: "customerio", profile: { enabled: false }, delivery: "direct", ...azure } as const;

  test("is one list: the settings' mistakes, Adobe's credential and Customer.io's key", async () => {
    await mocks((token) => refuse(token.startsWith("aep:") ? "invalid client_secret parameter" : "the key is wrong"));
    const read = () => {
      throw new pulumi.RunError("The stack's settings can't be used:\n  - nodeVersion is invalid.");
    };
    const error = await checkOnly({ read, words: stackWords("customerio-aep") }).catch((reason: unknown) => reason);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    const { message } = error as Error;
    expect(message.split("\n").filter((line) => line.startsWith("  - "))).toEqual([
      "  - nodeVersion is invalid.",
      expect.stringContaining("invalid client_secret parameter"),
      expect.stringContaining("the key is wrong"),
    ]);
  });

  test("with correct settings, a refused credential is reported once, beside the key, and without a stack", async () => {
    await mocks((token) => refuse(token.startsWith("aep:") ? "invalid client_secret parameter" : "the key is wrong"));
    const error = await checkOnly(stackWith(settings)).catch((reason: unknown) => reason);
    expect(pulumi.RunError.isInstance(error)).toBe(true);
    expect((error as Error).message.match(/invalid client_secret parameter/g)).toHaveLength(1);
    expect((error as Error).message).toContain("the key is wrong");
  });
});

describe("what a program prepares", () => {
  const needs: Needs = { source: "customerio", profile: { enabled: false }, delivery: "direct", ...azure };
  const broken = async () => {
    throw new Error("It could not be prepared.");
  };

  async function check(report: Partial<typeof everything>, prepare: () => Promise<string>, config = credentials) {
    const asked = Promise.withResolvers<void>();
    const call = async () => {
      await asked.promise;
      return { ...everything, ...report };
    };
    await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call });
    pulumi.runtime.setAllConfig(config);
    let hasBegun = false;
    const checked = checkSettings(stackWith(needs), async () => {
      hasBegun = true;
      return prepare();
    }).then(
      ([settings, prepared]) => ({ settings, prepared }),
      ({ message }: Error) => message,
    );
    // Long enough for the checks to have asked.
    await new Promise(setImmediate);
    const begunEarly = hasBegun;
    asked.resolve();
    return [begunEarly, await checked];
  }

  test("begins before the vendors have answered", async () => {
    expect(await check({}, async () => "prepared")).toEqual([true, { settings: needs, prepared: "prepared" }]);
  });

  test("is not to blame if something is missing", async () => {
    const words = expect.stringContaining("Experience Platform lacks what this stack needs");
    expect(await check({ sandboxState: "absent" }, broken)).toEqual([true, words]);
    expect(await check({}, broken)).toEqual([true, "It could not be prepared."]);
  });

  test("does not begin with invalid settings of a provider", async () => {
    const { "aep:clientId": _, ...others } = credentials;
    const words = expect.stringContaining("The providers' settings can't be used");
    expect(await check({}, broken, others as typeof credentials)).toEqual([false, words]);
  });
});
