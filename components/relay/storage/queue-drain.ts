import * as pulumi from "@pulumi/pulumi";
import { QueueDrain } from "../../../relay/deploy/sdk.ts";
import type { RelayApp } from "../relay-app.ts";
import type { RelayIdentity } from "../relay-identity.ts";

interface DrainArgs {
  app: RelayApp;
  identity: RelayIdentity;
  queueId: pulumi.Output<string>;
  healthUrl: pulumi.Output<string>;
  duplicateWindowDays: pulumi.Input<number>;
  drainTimeoutSeconds: number;
  /** Declares what a destroy deletes after the drain, while the relay still answers. */
  afterDrain(dependsOn: pulumi.Resource[], healthUrl: pulumi.Output<string>): pulumi.Resource[];
}

/** Keeps the relay in a destroy until it has delivered what it holds. */
export function declareDrain(
  name: string,
  { queueId, healthUrl, app, identity, duplicateWindowDays, drainTimeoutSeconds, afterDrain }: DrainArgs,
  options: pulumi.CustomResourceOptions,
): QueueDrain {
  // Without remembered events no successor is needed.
  const remembered = pulumi.output(duplicateWindowDays).apply((days) => days > 0);
  const ifRemembered = (value: pulumi.Output<string>) =>
    pulumi.all([remembered, value]).apply(([isRemembered, known]) => (isRemembered ? known : undefined));
  return new QueueDrain(
    `${name}-drain`,
    {
      queueId,
      healthUrl,
      takeoverUrl: ifRemembered(pulumi.interpolate`https://${app.hostName}/takeover`),
      principalId: ifRemembered(identity.principalId),
      timeoutSeconds: drainTimeoutSeconds,
    },
    // The engine must not end the wait before the resource itself, which reports what is left; the additional hour is for a successor.
    {
      ...options,
      dependsOn: [app.code, ...afterDrain([app.code], healthUrl)],
      customTimeouts: { delete: `${drainTimeoutSeconds + 3660}s` },
    },
  );
}
