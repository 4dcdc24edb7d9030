import * as pulumi from "@pulumi/pulumi";

/** Whether any part of a value is an output that is only known later. */
export function holdsOutput(value: unknown): boolean {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) return true;
  return typeof value === "object" && value !== null && Object.values(value).some(holdsOutput);
}

/** Derives a value: at once if it is known, so that a mistake ends the program before anything is created. */
export function derive<T, R>(value: pulumi.Input<T>, follow: (value: T) => R): pulumi.Input<R> {
  if (!holdsOutput(value)) return follow(value as T);
  return pulumi.output(value).apply((known) => follow(known as T)) as pulumi.Output<R>;
}
