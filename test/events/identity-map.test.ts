import { type Identities, identityMapping } from "../../events/identity-map.ts";
import { compileExpression } from "../../packages/local-cloud/src/platform/data-prep/language/expression.ts";

/** The identity map that Data Prep makes of an event with these identifiers. */
function identityMap(
  identities: Identities,
  identifiers: Record<string, string | null>,
  delivery: "relay" | "direct" = "relay",
): unknown {
  const { source, sourceType, destination } = identityMapping(identities, delivery);
  expect([sourceType, destination]).toEqual(["EXPRESSION", "identityMap"]);
  return compileExpression(source)({ source: { data: { identifiers } }, now: 0 });
}

const all = { email: "Email", id: "CrmId", cio_id: "CioId" };
const one = (id: string, primary: boolean) => [{ id, primary }];

test("has the event's identities, and the first of email, id, cio_id and phone is primary", () => {
  expect(identityMap(all, { email: "a@example.org", id: "7", cio_id: "c1" })).toEqual({
    Email: one("a@example.org", true),
    CrmId: one("7", false),
    CioId: one("c1", false),
  });
  expect(identityMap(all, { email: null, id: "7", cio_id: null })).toEqual({ CrmId: one("7", true) });
  expect(identityMap(all, { id: "7", cio_id: "c1" })).toEqual({ CrmId: one("7", true), CioId: one("c1", false) });
  expect(identityMap({ email: "Email" }, { email: "a@example.org" })).toEqual({ Email: one("a@example.org", true) });
});

test("has the same primary identity in whatever order the setting is: Pulumi sorts its keys", () => {
  const identifiers = { email: "a@example.org", id: "7", cio_id: "c1", phone: "+15550100" };
  for (const fields of [
    ["id", "email"],
    ["cio_id", "email"],
    ["phone", "cio_id", "id"],
  ] as const) {
    const [given, sorted] = [fields, fields.toSorted()].map((names) =>
      identityMap(Object.fromEntries(names.map((name) => [name, name])), identifiers),
    );
    expect(given).toEqual(sorted);
  }
  expect(identityMap({ cio_id: "CioId", email: "Email" }, identifiers)).toEqual({
    Email: one("a@example.org", true),
    CioId: one("c1", false),
  });
});

test("holds two identities of one namespace", () => {
  const same = { email: "Login", id: "Login" };
  expect(identityMap(same, { email: "a@example.org", id: "7" })).toEqual({
    Login: [...one("a@example.org", true), ...one("7", false)],
  });
  expect(identityMap(same, { email: null, id: "7" })).toEqual({ Login: one("7", true) });
});

test("is null for an event without identities, so that the event is still ingested", () => {
  expect(identityMap(all, {})).toBeNull();
  expect(identityMap(all, { email: null, id: null, cio_id: null })).toBeNull();
});

test("of three identities is short enough for Data Prep", () => {
  const long = Object.fromEntries(Object.keys(all).map((field) => [field, "N".repeat(64)]));
  for (const delivery of ["relay", "direct"] as const) {
    expect(identityMapping(long, delivery).source.length).toBeLessThan(4096);
  }
});

test("without the relay, is null for blank identifiers", () => {
  expect(identityMap(all, { email: "", id: "7", cio_id: " " }, "direct")).toEqual({ CrmId: one("7", true) });
  expect(identityMap(all, { email: "null", id: null, cio_id: " NULL " }, "direct")).toBeNull();
  expect(identityMap(all, { email: "a@example.org" }, "direct")).toEqual({ Email: one("a@example.org", true) });
});
