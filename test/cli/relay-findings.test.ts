import { balanceFinding } from "../../cli/checks/balance.ts";
import { callsFinding } from "../../cli/checks/calls.ts";
import { relayFinding } from "../../cli/checks/relay.ts";
import { secretsFinding } from "../../cli/checks/secrets.ts";
import { versionsFinding } from "../../cli/checks/versions.ts";
import { formatDuration } from "../../cli/output/duration.ts";
import { type Finding, render, summarize } from "../../cli/output/finding.ts";
import { type Counts, noCounts } from "../../relay/core/counts/counts.ts";

const now = new Date("2026-11-20T10:30:00.000Z");
const ago = (milliseconds: number) => new Date(now.getTime() - milliseconds);
const minute = 60_000;
const hour = 60 * minute;
const counts = (some: Partial<Counts>): Counts => ({ ...noCounts(), ...some });

test("a finding is read line by line", () => {
  expect(
    render("dead letters", { verdict: "waiting", found: "There is 1.", details: ["why"], todo: "fix it" }),
  ).toEqual([
    "  waiting  dead letters  There is 1.",
    "                         why",
    "                         do: fix it",
  ]);
});

test.each([
  [["fine", "broken", "waiting", "broken"], "Broken: part 1, part 3."],
  [["fine", "waiting"], "Nothing is broken. Waiting: part 1."],
  [["fine", "fine"], "All 2 parts are fine."],
] as const)("of parts that are %j, the first line says: %s", (verdicts, said) => {
  const parts = verdicts.map((verdict, index) => ({
    part: `part ${index}`,
    finding: { verdict, found: "" } as Finding,
  }));
  expect(summarize(parts)).toBe(said);
});

test.each([
  [900, "0 seconds"],
  [1_000, "1 second"],
  [119_000, "1 minute"],
  [7_300_000, "2 hours"],
  [172_800_000, "2 days"],
])("%d ms are %s", (milliseconds, words) => {
  expect(formatDuration(milliseconds)).toBe(words);
});

describe("the relay", () => {
  const all = ["intake", "health", "forwarder", "poison"];
  const relay = (some: { status?: number; text?: string; queues?: number; listed?: string[] }) =>
    relayFinding({
      url: "https://relay.example/health",
      status: some.status,
      text: some.text ?? "",
      queues: some.queues ?? 1,
      listed: some.listed,
      app: "relay",
      target: { stack: "dev" },
      code: "urn:code",
    });
  const well = { status: 200, text: '{"status":"ok","signingKeys":true}' };

  test("is fine if it is healthy, has a key, and Azure knows its functions", () => {
    expect(relay({ ...well, listed: all }).verdict).toBe("fine");
  });

  test("waits for its signing key, with the command that sets it", () => {
    const without = relay({ status: 200, text: '{"status":"ok","signingKeys":false}', listed: all });
    expect([without.verdict, without.todo]).toEqual(["waiting", expect.stringContaining('"Copy signing key"')]);
  });

  test("waits until its intake opens again after an interrupted run closed it", () => {
    const closed = relay({ status: 200, text: '{"status":"ok","signingKeys":true,"intake":"closed"}', listed: all });
    expect([closed.verdict, closed.found]).toEqual(["waiting", expect.stringContaining("its intake is closed")]);
    expect(closed.todo).toMatch(/opens by itself within 15 minutes.*npx pulumi up --stack dev/);
  });

  test.each([
    [undefined, "ECONNREFUSED", "did not answer (ECONNREFUSED)"],
    [503, '{"status":"unavailable"}', 'answered 503: {"status":"unavailable"}'],
    [404, "", "answered 404: nothing"],
  ])("is broken if its answer is not healthy (%s)", (status, text, said) => {
    const finding = relay({ ...(status !== undefined && { status }), text });
    expect([finding.verdict, finding.found]).toEqual(["broken", `https://relay.example/health ${said}.`]);
    expect(finding.todo).toContain("npx pulumi up --replace 'urn:code' --stack dev");
  });

  test("is broken if no function takes the messages of one of its queues", () => {
    const text = JSON.stringify({ status: "ok", signingKeys: true, untaken: ["events-2"] });
    expect(relay({ ...well, text, queues: 1, listed: all })).toEqual({
      verdict: "broken",
      runbook: "alert-untaken",
      found: "It answers, but no function has taken a message of the queue events-2 for more than ten minutes.",
      todo: "npx pulumi up --replace 'urn:code' --stack dev",
    });
  });

  test("is broken if Azure does not list a function, since its trigger never starts", () => {
    const finding = relay({ ...well, listed: ["intake", "health"] });
    expect([finding.verdict, finding.todo]).toEqual(["broken", "npx pulumi up --replace 'urn:code' --stack dev"]);
    expect(finding.found).toContain("does not list forwarder, poison among the functions of relay");
    expect(relay({ ...well, listed: [] }).verdict).toBe("broken");
    const two = relay({ ...well, queues: 2, listed: all });
    expect(two.found).toContain("does not list forwarder-2, poison-2 among the functions of relay");
  });
});

describe("secrets", () => {
  const now = Date.parse("2026-11-28T00:00:00Z");
  const secrets = (
    expiresAt: string | undefined,
    enabled: string[] = [],
    state: "enabled" | "disabled" | "deleted" = "enabled",
  ) =>
    secretsFinding({
      secrets: [{ name: "key", vault: "v", state, expiresAt }],
      former: { vaultId: "/subscriptions/s/vaults/v", enabled },
      now,
      target: { stack: "dev" },
    });

  test.each([
    [undefined, "fine", "None of the vault's secrets expires."],
    ["2027-06-01T00:00:00Z", "fine", "None of the vault's secrets expires soon."],
    ["2026-12-20T00:00:00Z", "waiting", "They expire within 30 days: key."],
    ["2026-11-27T00:00:00Z", "broken", "Expired in the vault: key."],
  ])("that expire %s are %s", (expiresAt, verdict, found) => {
    const finding = secrets(expiresAt);
    expect([finding.verdict, finding.found]).toEqual([verdict, expect.stringContaining(found)]);
    expect(finding.todo ?? "npx pulumi up --refresh --stack dev").toContain("npx pulumi up --refresh --stack dev");
  });

  test.each([
    ["disabled", ""],
    ["deleted", "Recover those that were deleted: az keyvault secret recover --vault-name v --name <secret>. "],
  ] as const)(
    "that were %s are broken, though they don't expire: the relay needs them when it starts again",
    (state, first) => {
      const { verdict, found, todo } = secrets(undefined, [], state);
      expect([verdict, found]).toEqual(["broken", expect.stringContaining("Deleted or disabled in the vault: key.")]);
      expect(todo).toBe(`${first}Write them again: npx pulumi up --refresh --stack dev`);
    },
  );

  test("may have former versions that can still be read if the login may not disable them, with the role that allows it", () => {
    const finding = secrets(undefined, ["key"]);
    // A new vault has none, and without the role nobody can tell.
    const words = /^Former versions of key, if there are any, /;
    expect([finding.found, finding.todo]).toEqual([expect.stringMatching(words), expect.stringMatching(words)]);
    expect([finding.verdict, finding.todo]).toEqual(["waiting", expect.stringContaining("Key Vault Secrets Officer")]);
  });
});

describe("versions", () => {
  const versions = (own: string, deployed: string | undefined, running: { version?: string } | undefined) =>
    versionsFinding({ own, deployed, running, target: { stack: "dev" }, code: "urn:code" });

  test.each([
    [{ version: "0.2.0" }, "The running relay: 0.2.0."],
    [undefined, "The running relay: it does not answer."],
  ])("are fine if command line, program and relay have the same (%j)", (running, said) => {
    const finding = versions("0.2.0", "0.2.0", running);
    expect([finding.verdict, finding.details?.join()]).toEqual(["fine", expect.stringContaining(said)]);
  });

  test("differ if the deployed code never ran, with the command that deploys it", () => {
    for (const running of [{ version: "0.1.0" }, {}]) {
      const finding = versions("0.2.0", "0.2.0", running);
      expect([finding.verdict, finding.todo]).toEqual([
        "broken",
        "Deploy its code again: npx pulumi up --replace 'urn:code' --stack dev",
      ]);
    }
  });

  test.each([
    ["0.9.0", { version: "0.9.0" }],
    [undefined, {}],
    ["0.9.0", undefined],
  ])("of an older relay (%s) wait for an upgrade of the program", (deployed, running) => {
    const finding = versions("0.10.0", deployed, running);
    expect([finding.verdict, finding.found]).toEqual(["waiting", "The relay is older than this command line."]);
    expect(finding.todo).toMatch(/npm install customerio-aep@0\.10\.0.*then: npx pulumi up --stack dev$/);
  });

  test("are broken if the command line is the older one, with the command that upgrades it", () => {
    const finding = versions("0.9.0", "0.10.0", { version: "0.10.0" });
    expect([finding.verdict, finding.todo]).toEqual([
      "broken",
      expect.stringContaining("npm install customerio-aep@0.10.0"),
    ]);
  });
});

describe("Customer.io's calls", () => {
  const calls = (some: {
    today?: Partial<Counts>;
    takenAt?: Date;
    refusedAt?: Date;
    enabled?: boolean;
    changedAt?: Date;
    silenceHours?: number;
  }) =>
    callsFinding({
      counts: {
        days: new Map(some.today ? [["2026-11-20", counts(some.today)]] : []),
        takenAt: some.takenAt,
        refusedAt: some.refusedAt,
      },
      enabled: some.enabled ?? true,
      changedAt: some.changedAt,
      silenceHours: some.silenceHours ?? 24,
      now,
      target: { stack: "dev" },
    });

  test("are fine while they are accepted, even if a stranger's are refused", () => {
    const took = calls({ today: { accepted: 9, refused: 3 }, takenAt: ago(30 * minute), refusedAt: ago(hour) });
    expect(took).toEqual({
      verdict: "fine",
      found: "They arrive. The last call from Customer.io was accepted at 2026-11-20T10:00:00.000Z.",
      details: ["Today the relay accepted 9 calls and refused 3."],
    });
    expect(calls({ today: { filtered: 2, refused: 1 }, takenAt: ago(0), refusedAt: ago(0) }).verdict).toBe("fine");
  });

  test("wait if the last one was refused: Customer.io repeats it before it sends others", () => {
    const { verdict, found, todo } = calls({ takenAt: ago(30 * minute), refusedAt: ago(minute) });
    expect(verdict).toBe("waiting");
    expect(found).toMatch(/^The last one was refused, at 2026-11-20T10:29:00.000Z\./);
    expect(todo).toMatch(
      /^If the signing key was rotated in Customer\.io: .* npx customerio-aep signing-key --add --stack dev\./,
    );
  });

  test("are broken if all are refused, though an operator's test event was accepted", () => {
    const refused = calls({ today: { accepted: 1, refused: 7 }, refusedAt: ago(minute) });
    expect([refused.verdict, refused.runbook]).toEqual(["broken", "alert-refused"]);
  });

  test("are broken if all are refused, with the command that sets the key", () => {
    const refusedOnly = calls({ today: { refused: 200 }, refusedAt: ago(minute) });
    expect(refusedOnly.verdict).toBe("broken");
    expect(refusedOnly.found).toMatch(/^No call has been accepted yet, but calls were refused/);
    expect(refusedOnly.todo).toContain('"Copy signing key"');
    expect(refusedOnly.todo).toContain("npx customerio-aep signing-key --stack dev");
  });

  test("without Customer.io's headers are a stranger's, and are counted apart", () => {
    const strangers = calls({ today: { refused: 3, unsigned: 3 } });
    expect(strangers).toMatchObject({
      verdict: "waiting",
      found: "None has arrived from Customer.io yet.",
      details: [
        "Today the relay accepted 0 calls and refused 3. 3 of these had neither of Customer.io's headers: they come from strangers, " +
          "or a gateway removes the headers.",
      ],
    });
    expect(calls({ today: { refused: 4, unsigned: 3 }, refusedAt: ago(minute) }).verdict).toBe("broken");
  });

  test("are broken if none was accepted for an hour while others were refused, as after a rotation", () => {
    const rotated = calls({ today: { accepted: 50, refused: 7 }, takenAt: ago(3 * hour), refusedAt: ago(minute) });
    expect(rotated.verdict).toBe("broken");
    expect(rotated.found).toMatch(/^No call has been accepted since 2026-11-20T07:30:00.000Z, but calls were refused/);
  });

  test("wait for the first one, as sent by Send test, and are broken without one for a day", () => {
    const first = calls({ changedAt: ago(hour) });
    expect([first.verdict, first.todo]).toEqual(["waiting", expect.stringContaining("press Send test")]);
    const never = calls({ changedAt: ago(25 * hour) });
    expect([never.verdict, never.todo]).toEqual(["broken", expect.stringContaining("press Send test")]);
    expect(calls({ changedAt: ago(25 * hour), silenceHours: 0 }).verdict).toBe("waiting");
  });

  test("are broken after as much silence as the setting allows, and never if it is 0", () => {
    const silent = (silenceHours: number) => calls({ takenAt: ago(30 * hour), silenceHours });
    expect(silent(24)).toMatchObject({
      verdict: "broken",
      found: "None has arrived from Customer.io for 1 day, although the webhook is enabled.",
    });
    expect([silent(47).verdict, silent(0).verdict]).toEqual(["fine", "fine"]);
  });

  test("are not expected while the webhook is disabled", () => {
    expect(calls({ enabled: false, today: { refused: 5 }, refusedAt: ago(minute) }).verdict).toBe("waiting");
  });
});

describe("the balance", () => {
  test("shows how many events had attributes without a field, or passed a filter unread", () => {
    const said = balance({ accepted: 2, delivered: 2, unknownAttributes: 1, unread: 2 }, 0, 0).details?.join("\n");
    expect(said).toContain("events with attributes that this package does not know: 1\n");
    expect(said).toContain("could not be read: 2");
  });

  test("names the attributes without a field, the most frequent first, and the command that shows their mapping", () => {
    const some = { accepted: 9, delivered: 9, unknownAttributes: 9 };
    const few = { "data.taste": 2, "data.swatch": 7, "data.shape": 2 };
    const said = balance(some, 0, 0, few).details?.join("\n");
    expect(said).toContain("does not know: 9: data.swatch (7), data.shape (2), data.taste (2)\n");
    expect(said).toContain("preview --samples <file>");
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`data.a${index + 10}`, 1]));
    expect(balance(some, 0, 0, many).details?.join("\n")).toContain("data.a18 (1), data.a19 (1), 2 more\n");
  });

  const balance = (
    some: Partial<Counts>,
    deadLetters: number,
    messages: number,
    unknown: Record<string, number> = {},
  ) =>
    balanceFinding({
      total: counts(some),
      since: "2026-11-14",
      countedAt: now,
      unknownPaths: new Map(Object.entries(unknown)),
      deadLetters,
      messages,
      target: { stack: "dev" },
    });

  test("never shows a negative number of pending events, since counts arrive late", () => {
    const { found, details } = balance({ accepted: 9, delivered: 10 }, 0, 0);
    expect(found).toContain("+ 0 on their way.");
    expect(details).toContain("1 more were handled than counted as accepted so far.");
  });

  test("is broken if calls were refused and none has been accepted yet, with the command that sets the key", () => {
    const finding = balance({ refused: 200 }, 0, 0);
    expect([finding.verdict, finding.found]).toEqual([
      "broken",
      "Since 2026-11-14: 200 calls were refused, and none has been accepted yet.",
    ]);
    expect(finding.todo).toContain("npx customerio-aep signing-key --stack dev");
    expect(balance({ refused: 200, filtered: 1 }, 0, 0).verdict).toBe("fine");
    expect(balance({ refused: 3, unsigned: 3 }, 0, 0).verdict).toBe("fine");
    expect(balance({ refused: 4, unsigned: 3 }, 0, 0).verdict).toBe("broken");
  });

  test("is fine if every event is accounted for", () => {
    const came = { accepted: 10, setAside: 1, filtered: 4, refused: 2, unavailable: 3, retried: 5, held: 1 };
    expect(balance({ ...came, delivered: 6, deliveredSeconds: 72, duplicate: 2, gone: 1 }, 2, 0)).toEqual({
      verdict: "fine",
      found:
        "Since 2026-11-14: 10 accepted + 1 set aside = 6 delivered + 2 duplicate + 1 gone + 2 dead letters + 0 on their way.",
      details: [
        "age at delivery: 12 seconds on average",
        "last counted at 2026-11-20T10:30:00.000Z",
        "left out by filters: 4; calls refused (signature, size): 2; calls answered 503: 3; put back into the queue: 6 times",
      ],
    });
  });

  test("waits while events are pending", () => {
    expect(balance({ accepted: 10, delivered: 7 }, 0, 2)).toMatchObject({
      verdict: "waiting",
      found: "Since 2026-11-14: 10 accepted = 7 delivered + 0 duplicate + 0 dead letters + 3 on their way.",
    });
  });

  test("with a difference that may be a missing count says what may have happened", () => {
    expect(balance({ accepted: 10, delivered: 9 }, 0, 0).details?.join(" ")).toContain("an instance was killed");
    expect(balance({ accepted: 9, delivered: 10 }, 0, 0).verdict).toBe("waiting");
  });

  test("without events is fine", () => {
    expect(
      balanceFinding({
        total: noCounts(),
        since: undefined,
        countedAt: undefined,
        unknownPaths: new Map(),
        deadLetters: 0,
        messages: 0,
        target: { stack: "dev" },
      }),
    ).toEqual({
      verdict: "fine",
      found: "No event has arrived yet.",
    });
  });
});
