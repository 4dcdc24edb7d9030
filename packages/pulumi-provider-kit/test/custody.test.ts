import { Custody } from "../src/definition/custody.ts";

const type = "shop:index:Thing";
const mine = { type, urn: "urn:pulumi:dev::p::shop:index:Thing::mine" };
const other = { type, urn: "urn:pulumi:dev::p::shop:index:Thing::other" };
const leftover = (id: string, createdAt: number | undefined, inUse = false) => ({ id, createdAt, inputs: {}, inUse });

let custody: Custody;

beforeEach(() => {
  custody = new Custody();
});

function free(leftovers: ReturnType<typeof leftover>[], definition = {}): string[] {
  return custody.free(mine, definition, leftovers).map(({ id }) => id);
}

test("the newest leftover comes first", () => {
  expect(free([leftover("a", 1), leftover("b", 3), leftover("c", 2)])).toEqual(["b", "c", "a"]);
});

test("an object of a resource is not a leftover until it was deleted", () => {
  custody.hold(other, "a");
  expect(free([leftover("a", 1)])).toEqual([]);
  custody.release(other, "a");
  expect(free([leftover("a", 1)])).toEqual(["a"]);
});

test("an object that others refer to is not a leftover: a stack of the same name in another backend may have created it", () => {
  expect(free([leftover("a", 1, true)])).toEqual([]);
});

test("in a replacement, the other object is the one that the resource is now", () => {
  const object = { id: "now", inputs: {} };
  custody.present(mine, object, "made");
  expect(custody.other(mine, "now")).toBeUndefined();
  expect(custody.other(mine, "former")).toBe(object);
});

test("so it is for the deletion under a former URN, of a resource that was renamed with an alias", () => {
  const object = { id: "now", inputs: {} };
  custody.compare(mine, { id: "former", inputs: {} }, { isReplaced: true, isGuess: false });
  custody.present(mine, object, "made");
  expect(custody.other(other, "former")).toBe(object);
  expect(custody.other(other, "unknown")).toBeUndefined();
});

test("in a replacement, only objects younger than the current one count: an older one will be deleted", () => {
  custody.declare(mine.urn, { isInState: true });
  custody.hold(mine, "present");
  const all = [leftover("deletion-due", 1), leftover("present", 2), leftover("killed", 3)];
  expect(free(all)).toEqual(["killed"]);
});

test("in a replacement without a known current object, nothing is adopted, since it might be that object", () => {
  custody.declare(mine.urn, { isInState: true });
  expect(free([leftover("a", 1), leftover("b", 2)])).toEqual([]);
});

test("if the old object is deleted first, age does not matter", () => {
  custody.declare(mine.urn, { isInState: true });
  custody.hold(mine, "gone");
  custody.release(mine, "gone");
  expect(free([leftover("killed", undefined)], { deleteBeforeReplace: true })).toEqual(["killed"]);
});
