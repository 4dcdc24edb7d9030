import { AepClient } from "../../providers/aep/client.ts";
import { config as aepConfig } from "../../providers/aep/config.ts";
import { aepPackage } from "../../providers/aep/provider.ts";
import { ReportingWebhooks } from "../../providers/customerio/client.ts";
import { config as customerioConfig } from "../../providers/customerio/config.ts";
import { definitionProvider } from "../../providers/kit/definition-provider.ts";
import { currentSettings } from "../../providers/kit/provider-config.ts";
import { Secret } from "../../providers/kit/values.ts";
import { type ProxiedAnswer, startProxy } from "../conformance/proxy.ts";

const settings = { clientId: "id", clientSecret: "p8e-old", orgId: "0123@AdobeOrg", sandbox: "dev" };
const signal = new AbortController().signal;

/** A vendor that refuses everything and repeats what came with it. */
const startCarelessVendor = () =>
  startProxy("http://127.0.0.1", async ({ url, headers, body }): Promise<ProxiedAnswer> => {
    if (url === "/ims/token/v3" && !body.includes("refused")) {
      return { status: 200, headers: {}, body: '{"access_token":"token-of-today","expires_in":86399}' };
    }
    const text = `${decodeURIComponent(body)} ${body} ${headers.authorization}`;
    const refusal = { error: text, error_description: text, message: text, errors: [{ detail: text, code: text }] };
    return { status: 400, headers: { "x-request-id": text.trim() }, body: JSON.stringify(refusal) };
  });

async function complaintOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "",
    (error: Error) => error.message,
  );
}

test("what a vendor repeats of a credential is cut out of its complaint", async () => {
  const vendor = await startCarelessVendor();
  try {
    const adobe = { ...settings, imsUrl: vendor.url, platformUrl: vendor.url };
    const wrong = new AepClient(aepConfig.parse({ ...adobe, clientSecret: "refused/secret" }));
    const refused = await complaintOf(wrong.tenantId(signal));
    expect(refused).toContain("client_secret=[secret]");
    expect(refused).not.toMatch(/refused(\/|%2F)secret/);
    const complaint = await complaintOf(new AepClient(aepConfig.parse(adobe)).tenantId(signal));
    expect(complaint).toContain("Bearer [secret]");
    expect(complaint).not.toContain("token-of-today");
    const customerIo = customerioConfig.parse({ appApiKey: "key-of-today", appApiUrl: vendor.url });
    const said = await complaintOf(new ReportingWebhooks(customerIo).list(signal));
    expect(said).toContain("Bearer [secret]");
    expect(said).not.toContain("key-of-today");
  } finally {
    await vendor.close();
  }
});

test("settings that are secret are marked so when the engine asks about them in plain text", () => {
  const provider = definitionProvider(aepPackage);
  expect(provider.checkConfig(settings).inputs).toEqual({ ...settings, clientSecret: new Secret("p8e-old") });
});

test("without the program, the stack's provider uses the present secret, and what says where objects lie stays", () => {
  const PULUMI_CONFIG = JSON.stringify({ ...settings, clientSecret: "p8e-new", sandbox: "prod" });
  expect(currentSettings(aepConfig, { PULUMI_CONFIG })).toEqual({ clientId: "id", clientSecret: "p8e-new" });
  expect(currentSettings(aepConfig, {})).toEqual({});
});

test.each([
  [true, "p8e-new"],
  [false, "p8e-old"],
])("of the stack's own provider (%s) or a program's, the secret is %s", async (isDefault, expected) => {
  const before = process.env.PULUMI_CONFIG;
  process.env.PULUMI_CONFIG = JSON.stringify({ clientSecret: "p8e-new" });
  const secrets: string[] = [];
  try {
    const provider = definitionProvider({
      ...aepPackage,
      connect: (config) => {
        secrets.push(config.clientSecret);
        return new AepClient(config);
      },
    });
    await provider.configure({ ...settings, clientSecret: new Secret("p8e-old") }, { isDefault });
  } finally {
    if (before === undefined) delete process.env.PULUMI_CONFIG;
    else process.env.PULUMI_CONFIG = before;
  }
  expect(secrets).toEqual([expected]);
});
