import * as pulumi from "@pulumi/pulumi";

/** Whether any part of a value is only known once something else has been made or asked. */
export function holdsOutput(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsOutput);
}

/** What follows from a value: at once where it is known, so that a mistake ends the program before anything is made. */
export function derive<T, R>(value: pulumi.Input<T>, follow: (value: T) => R): pulumi.Input<R> {
  if (!holdsOutput(value)) return follow(value as T);
  return pulumi.output(value).apply((known) => follow(known as T)) as pulumi.Output<R>;
}
