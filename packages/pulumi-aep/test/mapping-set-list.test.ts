import { localCredentials } from "../../local-cloud/src/credentials.ts";
import { type PlatformStandIn, startPlatform } from "../../local-cloud/src/platform/platform.ts";
import { Aep } from "./aep.ts";

// Data Prep may not delete mapping sets, so a sandbox has more and more of them.

const { tenantId, ...credential } = localCredentials.platform;
const type = "aep:index:MappingSet";

let platform: PlatformStandIn;
let now = Date.parse("2026-01-05T10:00:00.000Z");

afterEach(() => platform.close());

/** A provider as in a new process, without any memory. */
const provider = () => Aep.connect(platform.url, { ...credential });

function setsOf({ state }: PlatformStandIn) {
  const sandbox = state.sandboxes.get(credential.sandbox);
  if (!sandbox) throw new Error(`the stand-in has no sandbox ${credential.sandbox}`);
  return sandbox.mappingSets;
}

/** A set of an interrupted run, and then others of other people, half of them older and half of them newer. */
async function makeSets(mappingSetStart: "sets" | "pages", others: number) {
  const switches = { mappingSetStart, deleteMappingSet: "204" } as const;
  const clock = () => {
    now += 1000;
    return now;
  };
  platform = await startPlatform({
    credentials: credential,
    tenantId,
    sandboxes: [credential.sandbox],
    clock,
    switches,
  });
  const aep = await provider();
  const { id: ownership } = await aep.create("aep:index:Ownership", {});
  const identityMap = "https://ns.adobe.com/xdm/context/identitymap";
  const schema = await aep.create("aep:index:Schema", { title: "Events", fieldGroupIds: [identityMap] });
  const mappings = [
    { sourceType: "ATTRIBUTE", source: "event_id", destination: "_id" },
    { sourceType: "ATTRIBUTE", source: "occurred_at", destination: "timestamp" },
  ];
  const inputs = { schemaId: schema.id, mappings, ownership };
  const { id } = await aep.create(type, inputs);
  const sets = setsOf(platform);
  const made = sets.get(id);
  if (!made) throw new Error("no set was made");
  for (let index = 0; index < others; index++) {
    const createdDate = made.createdDate + (index % 2 === 0 ? index + 1 : -index) * 1000;
    const versions = made.versions.map((version) => ({ ...version, name: "Other" }));
    sets.set(`other-${index}`, { id: `other-${index}`, createdDate, versions });
  }
  return { ownership, inputs, id, sets };
}

describe.each(["sets", "pages"] as const)("if start counts %s", (mappingSetStart) => {
  test.each([0, 1, 99, 100, 101, 430])("the set of an interrupted run is deleted among %i others", async (others) => {
    const { ownership, id, sets } = await makeSets(mappingSetStart, others);
    await (await provider()).delete("aep:index:Ownership", ownership);
    expect(sets.has(id)).toBe(false);
    expect(sets.size).toBe(others);
  });

  test("and the next run adopts it among many others", async () => {
    const { inputs, id, sets } = await makeSets(mappingSetStart, 430);
    expect((await (await provider()).create(type, inputs)).id).toBe(id);
    expect(sets.size).toBe(431);
  });
});
