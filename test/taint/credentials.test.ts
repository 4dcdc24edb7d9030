import * as grpc from "@grpc/grpc-js";
import providerGrpc from "@pulumi/pulumi/proto/provider_grpc_pb.js";
import providerProto from "@pulumi/pulumi/proto/provider_pb.js";
import structProto from "google-protobuf/google/protobuf/struct_pb.js";
import { AepClient } from "../../packages/pulumi-aep/src/client/client.ts";
import { config as aepConfig } from "../../packages/pulumi-aep/src/config.ts";
import { aepPackage } from "../../packages/pulumi-aep/src/provider.ts";
import { ReportingWebhooks } from "../../packages/pulumi-customerio/src/client/client.ts";
import { config as customerioConfig } from "../../packages/pulumi-customerio/src/config.ts";
import { definitionProvider } from "../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import { serve } from "../../packages/pulumi-provider-kit/src/engine/server.ts";
import { Secret } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { currentSettings } from "../../packages/pulumi-provider-kit/src/settings/provider-config.ts";
import { type ProxiedAnswer, startProxy } from "../conformance/proxy.ts";

const settings = { clientId: "id", clientSecret: "p8e-old", orgId: "0123@AdobeOrg", sandbox: "dev" };
const signal = new AbortController().signal;

/** A vendor that refuses every call and repeats its content. */
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

test("a credential that a vendor repeats is removed from its error", async () => {
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

test("secret settings are marked as secret when the engine passes them in plain text", () => {
  const provider = definitionProvider(aepPackage);
  expect(provider.checkConfig(settings).inputs).toEqual({ ...settings, clientSecret: new Secret("p8e-old") });
});

test("without the program, the stack's provider uses the current secret, and keeps the settings about the location of objects", () => {
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

describe("another user of the machine who has found a provider's port", () => {
  const struct = (object: object) => structProto.Struct.fromJavaScript(object as never);
  const urn = "urn:pulumi:dev::p::pulumi:providers:aep::default";
  const configuration = (args: object) => new providerProto.ConfigureRequest().setUrn(urn).setArgs(struct(args));
  const configure = (client: providerGrpc.ResourceProviderClient, args: object) =>
    new Promise<string>((resolve) => {
      client.configure(configuration(args), (error) => resolve(error?.details ?? "taken"));
    });

  test("gets no credential from a function, and can't point the provider at another address", async () => {
    const asked: string[] = [];
    const spy = await startProxy("http://127.0.0.1", async ({ url, body }): Promise<ProxiedAnswer> => {
      asked.push(`${url} ${body}`);
      return { status: 200, headers: {}, body: '{"access_token":"t","expires_in":86399}' };
    });
    const vendor = await startCarelessVendor();
    const running = await serve(definitionProvider(aepPackage));
    const connect = () =>
      new providerGrpc.ResourceProviderClient(`127.0.0.1:${running.port}`, grpc.credentials.createInsecure());
    const [engine, other] = [connect(), connect()];
    try {
      const adobe = { ...settings, imsUrl: vendor.url, platformUrl: vendor.url };
      expect(await configure(engine, adobe)).toBe("taken");
      const credential = new providerProto.InvokeRequest().setTok("aep:index:getCredential").setArgs(struct({}));
      const refused = new Promise<string>((resolve) => {
        other.invoke(credential, (error) => resolve(error?.details ?? "answered"));
      });
      expect(await refused).toBe("The provider aep has no function aep:index:getCredential.");
      expect(await configure(other, { ...adobe, imsUrl: spy.url })).toContain("is already configured");
      const tenant = new providerProto.InvokeRequest().setTok("aep:index:getTenant").setArgs(struct({}));
      await new Promise<void>((resolve) => {
        other.invoke(tenant, () => resolve());
      });
      expect(asked).toEqual([]);
      // The engine may configure it again with the same settings.
      expect(await configure(engine, adobe)).toBe("taken");
    } finally {
      engine.close();
      other.close();
      await Promise.all([running.close(), vendor.close(), spy.close()]);
    }
  });
});
