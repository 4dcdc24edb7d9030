import { z } from "zod";
import { fieldGroupBody } from "../../../events/field-group.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import type { AepClient } from "../src/client/client.ts";
import {
  type MappingDraft,
  maximumPreviewRecords,
  previewMappings,
  validateMappings,
} from "../src/client/mapping-preview.ts";
import { experienceEvent } from "../src/client/xdm.ts";
import { clientFor, credential } from "./aep.ts";

const signal = new AbortController().signal;
const { sandbox, ...account } = credential;
let platform: PlatformStandIn;
let client: AepClient;
let schemaId: string;

beforeAll(async () => {
  platform = await startPlatform({ credentials: account, tenantId: "acme", sandboxes: ["prod", sandbox] });
  client = clientFor(platform.url);
  const group = await create("fieldgroups", {
    title: "Fields",
    "meta:intendedToExtend": [experienceEvent],
    ...fieldGroupBody("acme"),
  });
  schemaId = await create("schemas", { title: "Events", allOf: [{ $ref: experienceEvent }, { $ref: group }] });
});
afterAll(() => platform.close());

async function create(kind: string, body: object): Promise<string> {
  const path = `/data/foundation/schemaregistry/tenant/${kind}`;
  const call = {
    method: "POST",
    path,
    body: { type: "object", description: "", ...body },
    signal,
    purpose: kind,
  } as const;
  return (await client.call(call, z.object({ $id: z.string() }))).$id;
}

const attribute = (source: string, destination: string) => ({ sourceType: "ATTRIBUTE", source, destination }) as const;
const expression = (source: string, destination: string) =>
  ({ sourceType: "EXPRESSION", source, destination }) as const;
const draft = (...mappings: MappingDraft["mappings"]): MappingDraft => ({ schemaId, mappings });

test("valid mappings have no errors, and invalid ones Data Prep's", async () => {
  const [good, unknownField, unknownFunction] = [
    attribute("event_id", "_id"),
    attribute("metric", "_acme.customerio.none"),
    expression("shout(metric)", "_acme.customerio.metric"),
  ];
  expect(await validateMappings(client, draft(good, unknownField, unknownFunction), signal)).toEqual([
    { mapping: good, errors: [] },
    {
      mapping: unknownField,
      errors: [
        {
          source: "metric",
          destination: "_acme.customerio.none",
          message: "The schema has no field _acme.customerio.none",
        },
      ],
    },
    {
      mapping: unknownFunction,
      errors: [
        { source: "shout(metric)", destination: "_acme.customerio.metric", message: expect.stringMatching(/shout/) },
      ],
    },
  ]);
});

test("records are mapped without a dataflow, each with its own errors", async () => {
  const mappings = draft(attribute("event_id", "_id"), expression("upper(metric)", "_acme.customerio.metric"));
  const records = [{ event_id: "1", metric: "sent" }, { event_id: "2" }];
  expect(await previewMappings(client, mappings, records, signal)).toEqual([
    { record: records[0], row: { _id: "1", _acme: { customerio: { metric: "SENT" } } }, errors: [] },
    {
      record: records[1],
      row: { _id: "2" },
      errors: [
        {
          source: "upper(metric)",
          destination: "_acme.customerio.metric",
          message: "The attribute metric does not exist in the source data",
        },
      ],
    },
  ]);
  expect(await previewMappings(client, mappings, [], signal)).toEqual([]);
});

test("a schema that does not exist is refused as a whole", async () => {
  const none = { ...draft(attribute("event_id", "_id")), schemaId: `${schemaId}0` };
  await expect(validateMappings(client, none, signal)).rejects.toThrow(
    `Could not validate the mappings to the schema ${schemaId}0: Adobe Experience Platform answered 400`,
  );
  await expect(previewMappings(client, none, [{}], signal)).rejects.toThrow(
    `Could not preview the mappings to the schema ${schemaId}0: Adobe Experience Platform answered 400`,
  );
});

test("more records than a preview accepts are refused", async () => {
  const records = Array.from({ length: maximumPreviewRecords + 1 }, () => ({}));
  await expect(previewMappings(client, draft(attribute("a", "_id")), records, signal)).rejects.toThrow(
    "A preview takes at most 100 records, not 101.",
  );
});
