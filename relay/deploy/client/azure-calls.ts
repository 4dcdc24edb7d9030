import type { HttpClientOptions } from "pulumi-provider-kit/http";

/** How this package calls Azure. */
export type AzureCalls = Pick<HttpClientOptions, "headers" | "complaint" | "sleep" | "attemptTimeout">;
