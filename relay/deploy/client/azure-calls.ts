import type { HttpClientOptions } from "pulumi-provider-kit/http";

/** How every call of this package on Azure is made. */
export type AzureCalls = Pick<HttpClientOptions, "headers" | "complaint" | "sleep" | "attemptTimeout">;
