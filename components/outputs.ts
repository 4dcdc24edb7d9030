import * as pulumi from "@pulumi/pulumi";

/**
 * One output of a component that is created asynchronously. Each is a separate output: in a common one, a single secret
 * would make all of them secret.
 */
export function outputOf<Data, Name extends keyof Data>(
  data: Promise<Data>,
  name: Name,
): pulumi.Output<pulumi.Unwrap<Data[Name]>> {
  return pulumi.output(data.then((made) => made[name]));
}
