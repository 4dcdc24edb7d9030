import type { AepClient } from "pulumi-aep/client";
import { DataAccess } from "../../cli/platform/data-access.ts";

/** Catalog with a list of batches, which may change between two calls. */
function accessTo(batches: { id: string; created: number }[], afterPage: () => void = () => undefined): DataAccess {
  const call = async ({ params }: { params: Record<string, number> }) => {
    const { createdAfter = 0, start = 0, limit = 0 } = params;
    const found = batches.filter(({ created }) => created > createdAfter).slice(start, start + limit);
    const page = found.map(({ id, created }) => [id, { created: new Date(created), status: "success" }]);
    afterPage();
    return Object.fromEntries(page) as unknown;
  };
  return new DataAccess({ call } as unknown as AepClient, "dataset");
}

async function idsOf(access: DataAccess): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of access.eachBatch(new Date(0), new AbortController().signal)) ids.push(id);
  return ids;
}

const makeBatches = (count: number, createdOf: (at: number) => number) =>
  Array.from({ length: count }, (_, at) => ({ id: `b${at}`, created: createdOf(at) }));

test.each([
  ["each at its own time", (at: number) => 1 + at],
  ["three at a time", (at: number) => 1 + Math.floor(at / 3)],
  ["all at one time", () => 1],
])("all batches are listed once, %s", async (_, createdOf) => {
  for (const count of [0, 99, 100, 101, 350]) {
    const batches = makeBatches(count, createdOf);
    expect(await idsOf(accessTo(batches))).toEqual(batches.map(({ id }) => id));
  }
});

test("a batch that is removed while a page is read hides no other one", async () => {
  const batches = makeBatches(300, (at) => 1 + at);
  const listed = await idsOf(accessTo(batches, () => void batches.splice(0, 5)));
  expect(new Set(listed).size).toBe(300);
});
