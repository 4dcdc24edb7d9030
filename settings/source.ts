import { z } from "zod";

/** The source of Adobe's catalogue that takes the events in: Customer.io's own, a beta, or the HTTP API. */
export const source = z.enum(["customerio", "http"], { error: "it must be customerio or http" });
export type Source = z.output<typeof source>;
