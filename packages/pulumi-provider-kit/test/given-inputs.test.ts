import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output.js";
import { readGivenInputs } from "../src/engine/given-inputs.ts";

const OutputOf = pulumi.Output as unknown as new (...parts: unknown[]) => pulumi.Output<unknown>;
const [yes, no] = [Promise.resolve(true), Promise.resolve(false)];

/** A known output of a resource. */
function outputOf(value: unknown): pulumi.Output<unknown> {
  const resource = new pulumi.DependencyResource("urn:pulumi:dev::p::shop:index:Thing::t");
  return new OutputOf([resource], Promise.resolve(value), yes, no, Promise.resolve([]));
}

test("an empty text that is marked as a secret counts as no argument, and other outputs stay", async () => {
  const ofResource = outputOf("x");
  const kept = {
    secret: pulumi.secret("s3cret"),
    unknown: pulumi.secret(unknown),
    later: pulumi.output(unknown),
    number: pulumi.secret(0),
    plain: "",
    list: [pulumi.secret("")],
    object: { name: ofResource },
  };
  const inputs = await readGivenInputs({ ...kept, empty: pulumi.secret("") });
  expect(Object.keys(inputs)).toEqual(Object.keys(kept));
  for (const name of ["secret", "unknown", "later", "number"] as const) expect(inputs[name]).toBe(kept[name]);
  expect(inputs.list[0]).toBe(kept.list[0]);
  expect(inputs.object.name).toBe(ofResource);
});

test("an output that is known, not secret and of no resource is a plain value, at every depth", async () => {
  const inputs = await readGivenInputs({
    environment: pulumi.output("prod"),
    dataset: pulumi.output({ name: "Events", keep: true, description: null }),
    alertEmails: [pulumi.output("a@example.com")],
    webhook: { disabled: pulumi.output(true), name: pulumi.output(null) },
  });
  expect(inputs).toEqual({
    environment: "prod",
    dataset: { name: "Events", keep: true },
    alertEmails: ["a@example.com"],
    webhook: { disabled: true },
  });
});

test("Java's output of an object is the object, with the outputs in it", async () => {
  const name = outputOf("Events");
  const dataset = outputOf({ name, keep: pulumi.output(true), tags: outputOf([outputOf("crm")]) });
  const whole = outputOf({ name: "Events", keep: pulumi.output(true) });
  const inputs = await readGivenInputs({ dataset, whole });
  expect(inputs.dataset).toEqual({ name, keep: true, tags: [expect.any(pulumi.Output)] });
  expect(inputs.dataset.name).toBe(name);
  expect(inputs.whole).toBe(whole);
});
