import { z } from "zod";
import { listRuns, readDataflow } from "../../cli/platform/dataflow.ts";
import { countRowsWritten, listBatches, previewRows } from "../../cli/platform/dataset.ts";
import { Vendors } from "../../packages/local-cloud/src/demo/vendors.ts";
import {
  type MappingDraft,
  previewMappings,
  validateMappings,
} from "../../packages/pulumi-aep/src/client/mapping-preview.ts";
import type { Config } from "../../packages/pulumi-aep/src/config.ts";
import { ReportingWebhooks } from "../../packages/pulumi-customerio/src/client/client.ts";
import { config as customerioConfig } from "../../packages/pulumi-customerio/src/config.ts";
import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { type PropertyMap, reveal } from "../../packages/pulumi-provider-kit/src/engine/values.ts";
import { InletTokens } from "../../relay/azure/delivery/inlet-tokens.ts";
import { PlatformClient } from "../../relay/azure/delivery/platform-client.ts";
import { account } from "./account.ts";
import { hasDescriptions } from "./descriptions.ts";
import type { Made } from "./driver.ts";
import { deleteAll, fieldGroupInputs, makeAll, makeHttpSource, mappingInputs } from "./platform-objects.ts";
import { Validator } from "./validator.ts";
import { appApiKey, credential, World } from "./world.ts";

const suite = hasDescriptions ? describe : describe.skip;
const title = hasDescriptions
  ? "every call of the providers and every answer of the stand-ins is as the vendors describe it, or a listed exception"
  : "conformance (skipped: the vendors' API descriptions are not at hand in ../shared/specs)";

// All tests share one world; the last one compares all its calls with the descriptions.
suite(title, () => {
  let world: World;

  beforeAll(async () => {
    world = await World.start();
  });
  afterAll(() => world.close());

  test("aep: everything is created, read, imported and deleted", async () => {
    const aep = await world.aep();
    const objects = await makeAll(aep, "Life");
    for (const made of Object.values(objects)) {
      expect((await aep.read(made))?.id).toBe(made.id);
      expect((await aep.import(made))?.id).toBe(made.id);
    }
    await deleteAll(aep, objects);
    for (const made of Object.values(objects)) {
      if (made.type !== "aep:index:MappingSet") expect(await aep.read(made)).toBeUndefined();
      await aep.delete(made);
    }
  });

  test("aep: each property is changed in place if possible, and otherwise replaced", async () => {
    const aep = await world.aep();
    const objects = await makeAll(aep, "Changes");
    const change = async (made: Made, ...steps: Parameters<typeof aep.change>[1][]): Promise<Made> => {
      let current = made;
      for (const step of steps) current = await aep.change(current, step);
      return current;
    };
    const description = "What Customer.io reports.";
    const profile = "https://ns.adobe.com/xdm/context/profile";
    const experienceEvent = "https://ns.adobe.com/xdm/context/experienceevent";
    await change(
      objects.fields,
      { description },
      { title: "Changes, other fields" },
      { intendedToExtend: [experienceEvent, profile] },
      { definitions: fieldGroupInputs("", ["email", "metric"]).definitions ?? {} },
    );
    const more = await aep.make("aep:index:FieldGroup", fieldGroupInputs("Changes, more fields", ["subject"]));
    const schema = await change(
      objects.schema,
      { description },
      { title: "Changes, other" },
      { fieldGroupIds: [objects.fields.id, more.id] },
      { description: null },
    );
    const descriptor = await change(objects.email, { isPrimary: true });
    const dataset = await change(
      objects.dataset,
      { description },
      { name: "Changes, other" },
      { errorDiagnostics: false },
      { description: null },
    );
    const source = await change(objects.source, { description }, { name: "Changes, other" }, { description: null });
    const target = await change(objects.target, { description }, { name: "Changes, other" }, { description: null });
    const mapping = await aep.make("aep:index:MappingSet", mappingInputs(schema.id, "data.recipient"));
    let flow = await change(
      objects.flow,
      { description },
      { name: "Changes, other" },
      { mappingSetId: mapping.id },
      { enabled: false },
      { enabled: true },
      { description: null },
    );
    flow = await change(flow, { partialIngestionPercent: 5 }, { errorDiagnostics: false });
    const otherMapping = await change(mapping, { mappings: mappingInputs("", "data.email_address").mappings ?? [] });
    flow = await change(flow, { mappingSetId: otherMapping.id });
    await deleteAll(aep, {
      ...objects,
      flow,
      mapping: otherMapping,
      source,
      target,
      dataset,
      email: descriptor,
      schema,
    });
    await aep.delete(more);
  });

  test("aep: a schema joins Profile, and existing objects are found", async () => {
    const aep = await world.aep();
    const identityMap = "https://ns.adobe.com/xdm/context/identitymap";
    const schema = await aep.make("aep:index:Schema", { title: "In Profile", fieldGroupIds: [identityMap] });
    const enabled = await aep.make("aep:index:ProfileEnablement", { schemaId: schema.id });
    expect((await aep.read(enabled))?.id).toBe(schema.id);
    let dataset = await aep.make("aep:index:Dataset", { name: "In Profile", schemaId: schema.id });
    const changes: PropertyMap[] = [
      { profile: true },
      { tags: { team: ["crm"] } },
      { rowExpirationDays: 90 },
      { rowExpirationDays: null },
    ];
    for (const change of changes) dataset = await aep.change(dataset, change);
    expect(await aep.invoke("getSchema", { schema: "In Profile" })).toMatchObject({
      id: schema.id,
      profileEnabled: true,
    });
    expect(await aep.invoke("getSchemas", { title: "In Profile" })).toMatchObject({ schemas: [{ id: schema.id }] });
    expect(await aep.invoke("getDataset", { dataset: "In Profile" })).toMatchObject({ id: dataset.id });
    expect(await aep.invoke("getIdentityNamespaces", {})).toMatchObject({ codes: expect.arrayContaining(["Email"]) });
    await aep.delete(dataset);
    await aep.delete(enabled);
    await expect(aep.delete(schema)).rejects.toThrow("enabled for Profile");
  });

  test("aep: the vendor refuses calls", async () => {
    const { client } = world;
    const aep = await world.aep();
    const signal = new AbortController().signal;
    const objects = await makeAll(aep, "Refusals");
    const { fields: group, schema, dataset, source, target, flow } = objects;
    const unknown = "0".repeat(32);
    const expectRefusal = (work: Promise<unknown>) => expect(work).rejects.toThrow();

    await expectRefusal(aep.make(group.type, fieldGroupInputs("Refusals, fields")));
    await expectRefusal(aep.make(schema.type, { title: "Refusals, schema", fieldGroupIds: [group.id] }));
    await expectRefusal(aep.make(schema.type, { title: "Refusals, unknown group", fieldGroupIds: [`${group.id}0`] }));
    await expectRefusal(aep.make(dataset.type, { name: "Refusals, unknown schema", schemaId: `${schema.id}0` }));
    await expectRefusal(aep.make(source.type, { name: "Refusals, unknown source", connectionSpecId: unknown }));
    await expectRefusal(
      aep.make(target.type, { name: "Unknown dataset", datasetId: "0".repeat(24), schemaId: schema.id }),
    );
    await expectRefusal(aep.make("aep:index:MappingSet", mappingInputs(`${schema.id}0`)));
    await expectRefusal(aep.make(flow.type, { ...flow.inputs, mappingSetId: unknown }));
    await expectRefusal(aep.delete(schema));
    await expectRefusal(aep.delete(group));
    await expectRefusal(aep.delete(dataset));
    await expectRefusal(aep.change(group, { definitions: fieldGroupInputs("", ["metric"]).definitions ?? {} }));

    const stale = { "If-Match": '"00000000-0000-0200-0000-000000000000"' };
    const body = [{ op: "replace", path: "/name", value: "Too late" }];
    const patch = { method: "PATCH", headers: stale, body, signal, purpose: "update what has changed since" } as const;
    for (const [collection, { id }] of [
      ["flows", flow],
      ["sourceConnections", source],
      ["targetConnections", target],
    ] as const) {
      const path = `/data/foundation/flowservice/${collection}/${id}`;
      await expect(client.call({ ...patch, path }, z.unknown())).rejects.toMatchObject({ status: 412 });
    }
    const remove = (path: string) => client.delete({ path, signal, purpose: "delete what is in use" });
    await expectRefusal(remove(`/data/foundation/flowservice/sourceConnections/${source.id}`));
    await deleteAll(aep, objects);
  });

  test("aep: an HTTP API source that accepts events only with an access token", async () => {
    const aep = await world.aep();
    const objects = await makeAll(aep, "HTTP");
    const { base, source, flow } = await makeHttpSource(aep, objects, "HTTP, events");
    for (const made of [base, source, flow]) {
      expect((await aep.read(made))?.inputs).toEqual(made.inputs);
      expect((await aep.import(made))?.inputs).toEqual(made.inputs);
    }
    await expect(aep.delete(base)).rejects.toThrow("FLOW-1418-400");
    await expect(aep.make(source.type, { ...source.inputs, baseConnectionId: "0".repeat(32) })).rejects.toThrow("404");
    const changed = await aep.change(base, { name: "HTTP, renamed" });
    const url = String(reveal(flow.properties.streamingUrl ?? ""));
    const path = new URL(url);
    expect(reveal(changed.properties.inletUrl ?? "")).toBe(url.split("?")[0]);
    world.pass(600);
    const event = JSON.stringify({ ...samples[0]?.event, relay: { occurred_at: "2026-01-05T09:00:00.000Z" } });
    const { clientId, orgId } = credential;
    const send = (token: string, organization: string = orgId) => {
      const tokens = { get: async () => token };
      const authorization = { credential: { clientId, orgId: organization }, tokens, fence: async () => undefined };
      const address = `${world.platformUrl}${path.pathname}${path.search}`;
      return new PlatformClient(address, { timeout: 5_000, authorization }).send(event);
    };
    const imsUrl = world.platformUrl;
    const { clientSecret } = credential;
    const scopes = "openid,AdobeID";
    const asking = {
      credential: { imsUrl, clientId, clientSecret, scopes, orgId },
      timeout: 5_000,
      monotonic: () => 0,
    };
    const token = String(await new InletTokens(asking).get());
    expect(await send(token)).toMatchObject({ status: 200 });
    const withoutToken = new PlatformClient(`${world.platformUrl}${path.pathname}${path.search}`, { timeout: 5_000 });
    const empty = { status: 401, detail: expect.stringContaining("Ims service token is empty") };
    expect(await withoutToken.send(event)).toMatchObject(empty);
    expect(await send("revoked")).toMatchObject({ status: 401 });
    expect(await send(token, "FFFF@AdobeOrg")).toMatchObject({ status: 401 });
    for (const made of [flow, source, changed]) await aep.delete(made);
    await deleteAll(aep, objects);
  });

  test("aep: a preflight checks the sandbox", async () => {
    const aep = await world.aep();
    expect(await aep.invoke("getPreflight", { profile: true })).toMatchObject({
      sandboxState: "active",
      missingPermissions: [],
      unchecked: [],
    });
  });

  test("aep: wrong credentials, sandbox and organization are refused, and so is a token that Platform no longer accepts", async () => {
    const aep = await world.aep();
    const objects = await makeAll(aep, "Access");
    const mistakes: Partial<Config>[] = [
      { clientSecret: "wrong" },
      { clientId: "wrong" },
      { scopes: "wrong" },
      { orgId: "FFFF@AdobeOrg" },
      { sandbox: "typo" },
    ];
    for (const mistake of mistakes) {
      const wrong = await world.aep(mistake);
      for (const made of Object.values(objects)) await expect(wrong.read(made)).rejects.toThrow();
    }
    world.pass(86_400);
    for (const made of Object.values(objects)) expect((await aep.read(made))?.id).toBe(made.id);
    await deleteAll(aep, objects);
  });

  test("aep: temporary errors are retried", async () => {
    await world.platformFault("/ims/token/v3", 503, "ims");
    await world.platformFault("/ims/token/v3", 429, "ims");
    const aep = await world.aep();
    const objects = await makeAll(aep, "Trouble");
    for (const made of Object.values(objects)) {
      for (const status of [429, 500, 503]) {
        await world.platformFault(nameInPath(made), status);
        expect((await aep.read(made))?.id).toBe(made.id);
      }
    }
    await world.platformFault(nameInPath(objects.flow), 429);
    await aep.change(objects.flow, { name: "Trouble is over" });
    for (const path of ["fieldgroups", "schemas", "descriptors", "dataSets", "sourceConnections", "flows"]) {
      await world.platformFault(`/${path}`, 503);
    }
    await deleteAll(aep, await makeAll(aep, "Trouble again"));
    for (const made of Object.values(objects)) await world.platformFault(nameInPath(made), 429);
    await deleteAll(aep, objects);
  }, 60_000);

  test("the relay sends events, and the demo and operators read their results", async () => {
    const aep = await world.aep();
    const objects = await makeAll(aep, "Events");
    const inletUrl = new URL(String(reveal(objects.flow.properties.inletUrl ?? "")));
    world.pass(600);
    const body = JSON.stringify({ ...samples[0]?.event, relay: { occurred_at: "2026-01-05T09:00:00.000Z" } });
    const send = (path: string, flowId: string, event = body) => {
      const url = `${world.platformUrl}${path}?x-adobe-flow-id=${flowId}`;
      return new PlatformClient(url, { timeout: 5_000 }).send(event);
    };
    expect(await send(inletUrl.pathname, objects.flow.id)).toMatchObject({ status: 200 });
    expect(await send(inletUrl.pathname, "another-flow")).toMatchObject({ status: 400 });
    expect(await send(`/collection/${"0".repeat(64)}`, objects.flow.id)).toMatchObject({ status: 404 });
    const large = JSON.stringify({ event_id: "large", text: "x".repeat(1_000_001) });
    expect(await send(inletUrl.pathname, objects.flow.id, large)).toMatchObject({ status: 413 });
    for (const status of [401, 403, 429, 500, 503]) {
      await world.platformFault("/collection/", status, "inlet");
      expect(await send(inletUrl.pathname, objects.flow.id)).toMatchObject({ status });
    }
    await fetch(`${world.platformUrl}/__local/idle`, { method: "POST" });
    const vendors = new Vendors({ AEP_PLATFORM_URL: world.platformUrl });
    expect(await vendors.rowsWritten(objects.flow.id)).toBe(1);
    expect(await vendors.previewRows(objects.dataset.id)).toHaveLength(1);
    const { client } = world;
    expect(await readDataflow(client, objects.flow.id)).toMatchObject({ state: "enabled" });
    expect(await listRuns(client, objects.flow.id)).toMatchObject([{ recordsIn: 1, recordsOut: 1, recordsFailed: 0 }]);
    expect(await listBatches(client, objects.dataset.id)).toMatchObject([{ status: "success", rows: 1 }]);
    expect(await previewRows(client, objects.dataset.id)).toHaveLength(1);
    expect(await countRowsWritten(client, objects.dataset.id, new Date(0))).toBe(1);
    await deleteAll(aep, objects);
  });

  test("mappings are validated and previewed before there is a mapping set", async () => {
    const { client } = world;
    const aep = await world.aep();
    const objects = await makeAll(aep, "Preview");
    const signal = new AbortController().signal;
    const { mappings } = objects.mapping.inputs as unknown as MappingDraft;
    const unknownField = { sourceType: "ATTRIBUTE", source: "metric", destination: "no.such.field" } as const;
    const draft = { schemaId: objects.schema.id, mappings: [...mappings, unknownField] };
    const verdicts = await validateMappings(client, draft, signal);
    expect(verdicts.map(({ errors }) => errors.length)).toEqual([0, 0, 0, 1]);
    const records = samples.map(({ event }) => ({ ...event, relay: { occurred_at: "2026-01-05T09:00:00.000Z" } }));
    const rows = await previewMappings(client, { ...draft, mappings }, records, signal);
    expect(rows.map(({ row }) => row._id)).toEqual(samples.map(({ event }) => event.event_id));
    await expect(previewMappings(client, draft, records, signal)).rejects.toThrow("400");
    await deleteAll(aep, objects);
  });

  test("customerio: a webhook is created, changed and deleted, with refusals and temporary errors", async () => {
    const { customerIo } = world;
    const type = "customerio:index:ReportingWebhook";
    const settings = { name: "Relay", endpoint: "https://relay.example/customerio", events: ["email_sent"] };
    let webhook = await customerIo.make(type, settings);
    await customerIo.import(webhook);
    const changes: PropertyMap[] = [
      { name: "Other" },
      { endpoint: "https://relay.example/other" },
      { events: ["customer_subscribed", "email_sent"] },
      { disabled: true },
      { fullResolution: true },
      { withContent: true },
    ];
    for (const change of changes) {
      webhook = await customerIo.change(webhook, change);
      expect((await customerIo.read(webhook))?.inputs).toEqual(webhook.inputs);
    }
    await expect(customerIo.make(type, { ...settings, events: ["no_such_event"] })).rejects.toThrow("400");
    for (const operation of ["list", "create", "read", "update", "delete"]) {
      await world.customerIoFault(operation, { kind: "status", status: 429 });
      const copy = await customerIo.make(type, { ...settings, name: operation });
      await customerIo.read(copy);
      await customerIo.delete(copy);
    }
    await world.customerIoFault("read", { kind: "status", status: 500 });
    await customerIo.read(webhook);
    await customerIo.delete(webhook);
    expect(await customerIo.read(webhook)).toBeUndefined();
    await customerIo.delete(webhook);
    await expect(customerIo.change(webhook, { name: "Gone" })).rejects.toThrow("404");
    const wrongKey = customerioConfig.parse({ appApiKey: "wrong", appApiUrl: world.customerIoUrl });
    await expect(new ReportingWebhooks(wrongKey).list(new AbortController().signal)).rejects.toThrow("401");
    const authorized = { headers: { Authorization: `Bearer ${appApiKey}` } };
    // Many more than the ten of a second, since a busy machine takes a while for them.
    const limited = Array.from({ length: 60 }, () => fetch(`${world.customerIoUrl}/v1/reporting_webhooks`, authorized));
    expect((await Promise.all(limited)).map(({ status }) => status)).toContain(429);
  }, 60_000);

  test("all of these calls match the descriptions, except for the listed differences", () => {
    const result = account(new Validator(), world.exchanges);
    process.stdout.write(`${result.summary}\n`);
    expect(result.unexplained).toEqual([]);
    expect(result.deadExceptions).toEqual([]);
  });
});

/** The part of an object's id that its path contains unchanged; the rest of a registry's id is encoded there. */
function nameInPath({ id }: Made): string {
  return id.split("/").at(-1) ?? id;
}
