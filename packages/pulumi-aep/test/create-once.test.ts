import fc from "fast-check";
import { VendorError } from "../../pulumi-provider-kit/src/http/vendor-error.ts";
import { createOnce } from "../src/resources/create-once.ts";
import { errorOf } from "./aep.ts";

const lostAnswer = () => new VendorError("no answer", { outcomeUnknown: true });
const refusal = () => new VendorError("refused", { status: 400 });

/** The effect of one POST: whether the object is created, after how many reads it is visible, and the answer. */
interface Deed {
  readonly made: boolean;
  readonly shownAfterLooks: number;
  readonly answered: boolean;
}

/** A collection in which names are not unique and answers get lost. */
class Collection {
  readonly items: { id: string; shownAtLook: number }[];
  readonly #deeds: Deed[];
  looks = 0;
  posts = 0;

  constructor(before: readonly string[], deeds: readonly Deed[]) {
    this.items = before.map((id) => ({ id, shownAtLook: 0 }));
    this.#deeds = [...deeds];
  }

  async list(): Promise<{ id: string }[]> {
    this.looks++;
    return this.items.filter(({ shownAtLook }) => shownAtLook <= this.looks);
  }

  idOf({ id }: { id: string }): string {
    return id;
  }

  async post(): Promise<{ id: string }> {
    const deed = this.#deeds.shift() ?? { made: true, shownAfterLooks: 1, answered: true };
    const item = { id: `new-${++this.posts}`, shownAtLook: this.looks + deed.shownAfterLooks };
    if (deed.made) this.items.push(item);
    if (deed.answered && deed.made) return item;
    throw deed.answered ? refusal() : lostAnswer();
  }
}

async function make(collection: Collection, stop = new AbortController()): Promise<{ id: string }> {
  const before = new Set((await collection.list()).map(({ id }) => id));
  return createOnce<{ id: string }>(
    {
      list: () => collection.list(),
      idOf: (item) => collection.idOf(item),
      post: () => collection.post(),
    },
    before,
    { signal: stop.signal, progress: () => undefined, pause: async () => undefined },
  );
}

test("returns a confirmed object at once, whatever has the same name already", async () => {
  const collection = new Collection(["old-1", "old-2"], []);
  expect((await make(collection)).id).toBe("new-1");
  expect(collection.posts).toBe(1);
});

test("finds an object that was created without an answer, even late, and never adopts an earlier one", async () => {
  const collection = new Collection(["old"], [{ made: true, shownAfterLooks: 6, answered: false }]);
  expect((await make(collection)).id).toBe("new-1");
  expect(collection.posts).toBe(1);
});

test("looks for longer after a timeout, since Platform may still be working on the call", async () => {
  const collection = new Collection(["old"], [{ made: true, shownAfterLooks: 10, answered: false }]);
  const post = collection.post.bind(collection);
  collection.post = () =>
    post().catch(() => {
      throw new VendorError("no answer in time", { outcomeUnknown: true, timedOut: true });
    });
  expect((await make(collection)).id).toBe("new-1");
  expect(collection.posts).toBe(1);
});

test("tries again if nothing was created, three times in all", async () => {
  const nothing = { made: false, shownAfterLooks: 0, answered: false };
  const twice = new Collection(["old"], [nothing, nothing]);
  expect((await make(twice)).id).toBe("new-3");
  const never = new Collection([], [nothing, nothing, nothing, nothing]);
  expect((await errorOf(make(never))).message).toBe("no answer");
  expect(never.posts).toBe(3);
});

test("a refusal is final", async () => {
  const collection = new Collection([], [{ made: false, shownAfterLooks: 0, answered: true }]);
  expect((await errorOf(make(collection))).message).toBe("refused");
  expect(collection.posts).toBe(1);
});

test("looks even if the command was stopped, and does not try again then", async () => {
  const stop = new AbortController();
  const collection = new Collection([], [{ made: true, shownAfterLooks: 1, answered: false }]);
  const post = collection.post.bind(collection);
  collection.post = () => {
    stop.abort();
    return post();
  };
  expect((await make(collection, stop)).id).toBe("new-1");

  const nothing = new Collection([], [{ made: false, shownAfterLooks: 0, answered: false }]);
  const stopped = new AbortController();
  const postNothing = nothing.post.bind(nothing);
  nothing.post = () => {
    stopped.abort();
    return postNothing();
  };
  expect((await errorOf(make(nothing, stopped))).message).toBe("no answer");
  expect(nothing.posts).toBe(1);
});

test("two new objects that both match are named, and none is adopted", async () => {
  const collection = new Collection([], [{ made: true, shownAfterLooks: 1, answered: false }]);
  const post = collection.post.bind(collection);
  collection.post = () => {
    collection.items.push({ id: "of-somebody-else", shownAtLook: 0 });
    return post();
  };
  expect((await errorOf(make(collection))).message).toBe(
    "Several new objects match the one being created (of-somebody-else, new-1), so none is used. " +
      "Delete the extra ones in Experience Platform, or import the right one with npx pulumi import.",
  );
});

test("at most one object is created whatever is lost, and it is the returned one", async () => {
  const deed = fc.record({
    made: fc.boolean(),
    shownAfterLooks: fc.integer({ min: 1, max: 3 }),
    answered: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uuid(), { maxLength: 3 }), fc.array(deed, { maxLength: 5 }), async (before, deeds) => {
      const collection = new Collection(before, deeds);
      const made = await make(collection).catch(() => undefined);
      const come = collection.items.slice(before.length).map(({ id }) => id);
      expect(come).toEqual(made ? [made.id] : []);
    }),
  );
});
