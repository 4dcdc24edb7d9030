import { Front, type PassingCall } from "./front.ts";

// Platform's services learn of each other's changes late: for some calls, what was just created is unknown to the others, and what
// was just deleted still counts.

let front: Front | undefined;
afterEach(async () => {
  await front?.close();
  front = undefined;
});

const refuse = (status: number, detail: string) => Response.json({ title: detail, status, detail }, { status });

/** Calls for which a new object stays unknown. */
const calls = 3;

/** Knows nothing of what was just created: neither its id in an address nor in a body. */
class LateKnowledge {
  readonly #unknown = new Map<string, number>();

  async answer({ method, url, body, pass }: PassingCall): Promise<Response> {
    for (const [id, rest] of this.#unknown) {
      const isMeant = (method === "GET" ? url.split("?")[0] : `${url} ${body}`)?.includes(id);
      if (!isMeant || rest === 0) continue;
      this.#unknown.set(id, rest - 1);
      return refuse(url.includes(id) ? 404 : 400, "Unknown reference");
    }
    const response = await pass();
    if (method === "POST" && response.ok && !url.includes("/ims/")) {
      const made = (await response.clone().json()) as Record<string, string> | string[];
      const id = Array.isArray(made) ? made[0]?.split("/").at(-1) : (made.$id ?? made["@id"] ?? made.id);
      if (id !== undefined) this.#unknown.set(id, calls);
    }
    return response;
  }
}

test("what refers to a new object waits until Platform knows that", async () => {
  const late = new LateKnowledge();
  front = await Front.open((call) => late.answer(call));
  const made = await front.makeAll();
  expect(made.length).toBeGreaterThan(9);
  expect(front.aep.progress).toContain("waiting until Platform shows what was just created");
});

/** Refuses each creation of a dataflow until the operation fails with these words, and returns how often one was attempted. */
async function countRefusedDataflows(body: Record<string, unknown>, words: string): Promise<number> {
  let posts = 0;
  front = await Front.open(({ method, url, pass }) => {
    if (method !== "POST" || !url.endsWith("/flowservice/flows")) return pass();
    posts++;
    return Response.json(body, { status: 400 });
  });
  await expect(front.makeAll()).rejects.toThrow(words);
  return posts;
}

const problem = (code: string) => ({ type: `https://ns.adobe.com/aep/errors/${code}`, status: 400, title: "Refused" });

test.each([
  ["schemas that differ", problem("FLOW-1425-400"), "must have the same schema in the same version"],
  ["an empty body", problem("FLOW-1405-400"), "Refused"],
  ["a header", problem("FLOW-2105-400"), "Refused"],
  ["a token", problem("FLOW-2114-400"), "Refused"],
  ["a title", problem("XDM-1521-400"), "Refused"],
  ["a header that the gateway misses", { error_code: "400003", message: "Missing header" }, "Missing header"],
])("a refusal because of %s is final at once", async (_reason, body, words) => {
  expect(await countRefusedDataflows(body, words)).toBe(1);
});

test.each([
  ["an unknown mapping set", { ...problem("FLOW-1419-400"), title: "Bad request" }],
  ["a failed call of Catalog", { ...problem("FLOW-2200-400"), title: "Bad request" }],
  ["an undocumented code of the gateway", { error_code: "400104", message: "Bad request" }],
  ["something without a code", { title: "Bad request", status: 400 }],
])("a refusal because of %s is repeated, since the object may be too new", async (_reason, body) => {
  expect(await countRefusedDataflows(body, "Bad request")).toBe(15);
});

test("what was just deleted may count for a while", async () => {
  let rest = 0;
  front = await Front.open(async ({ method, pass }) => {
    if (method !== "DELETE") return pass();
    if (rest > 0) {
      rest--;
      return refuse(409, "Still referenced");
    }
    rest = 10;
    return pass();
  });
  const made = await front.makeAll(["profile"]);
  const ofCatalog = made.filter(({ type }) => /(FieldGroup|Schema|Dataset|Dataflow)$/.test(type));
  rest = 0;
  for (const { type, id, properties } of made.toReversed()) {
    const state = { ...properties, forceDestroy: true };
    if (ofCatalog.some((one) => one.id === id)) await front.aep.delete(type, id, state);
  }
  for (const { type, id } of ofCatalog) expect(await front.aep.read(type, id)).toBeUndefined();
});
