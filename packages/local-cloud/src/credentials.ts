/**
 * The credentials that the stand-ins accept. They are useless outside the local cloud, and
 * `Pulumi.local.yaml` contains the same values, encrypted like a real stack's.
 */
export const localCredentials = {
  platform: {
    clientId: "local-client-id",
    clientSecret: "p8e-local-client-secret",
    orgId: "0123456789ABCDEF01234567@AdobeOrg",
    tenantId: "localtenant",
    sandbox: "dev",
  },
  customerIo: {
    appApiKey: "local-app-api-key",
    signingKey: "local-signing-key",
  },
  /** A second sandbox and a second workspace, for programs that serve several. */
  second: {
    sandbox: "second",
    appApiKey: "local-second-app-api-key",
    signingKey: "local-second-signing-key",
  },
  azure: {
    subscriptionId: "11111111-2222-4333-8444-555555555555",
    tenantId: "22222222-3333-4444-8555-666666666666",
    clientId: "33333333-4444-4555-8666-777777777777",
    objectId: "44444444-5555-4666-8777-888888888888",
  },
} as const;
