import * as pulumi from "@pulumi/pulumi";
import { unknown } from "@pulumi/pulumi/output.js";
import { dropEmptySecrets } from "../src/engine/empty-secrets.ts";

test("an empty text that is marked as a secret counts as no argument, and everything else stays", async () => {
  const kept = {
    secret: pulumi.secret("s3cret"),
    unknown: pulumi.secret(unknown),
    number: pulumi.secret(0),
    output: pulumi.output(""),
    plain: "",
    list: [pulumi.secret("")],
  };
  const inputs = await dropEmptySecrets({ ...kept, empty: pulumi.secret("") });
  expect(Object.keys(inputs)).toEqual(Object.keys(kept));
  expect(inputs.secret).toBe(kept.secret);
});
