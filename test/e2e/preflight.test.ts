import { type LocalStack, startLocalStack } from "./local-stack.ts";

// Against the real engine: a sandbox that lacks something is told before anything is made.
let stack: LocalStack;

beforeAll(async () => {
  stack = await startLocalStack();
}, 60_000);
afterAll(() => stack.stop(), 60_000);

const minutes = 60_000;

async function complaintOf(work: Promise<string>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof Error ? error.message : "there was no error";
}

test(
  "everything that is missing is told at once, in a preview and in an up without one, and nothing is made",
  async () => {
    await stack.vendors.switchPlatform({
      customerIoSource: "not-entitled",
      permissionsLacking: "manage-datasets,view-datasets",
    });
    for (const attempt of [() => stack.pulumi.preview(), () => stack.pulumi.up()]) {
      const complaint = await complaintOf(attempt());
      expect(complaint).toMatch(/error: Experience Platform lacks what this stack needs/);
      expect(complaint).toContain('The credential lacks the permissions Manage Datasets in the sandbox "dev".');
      expect(complaint).toContain("pulumi config set source http");
      expect(complaint).not.toContain("at file:");
    }
    expect(await stack.pulumi.resources()).toEqual([]);
    expect(await stack.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  3 * minutes,
);

test(
  "what Platform does not tell is a warning",
  async () => {
    await stack.vendors.switchPlatform({
      customerIoSource: "entitled",
      permissionsLacking: "none",
      accessControl: "refused",
    });
    const preview = await stack.pulumi.preview();
    expect(await stack.logs()).toContain(
      "warning: Not checked beforehand: Could not ask for the names of the permissions",
    );
    expect(preview).toMatch(/\+ \d+ to create/);
  },
  2 * minutes,
);
