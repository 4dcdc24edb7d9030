import { localCredentials } from "../../packages/local-cloud/src/credentials.ts";
import { startPlatform } from "../../packages/local-cloud/src/platform/platform.ts";
import { AepClient } from "../../packages/pulumi-aep/src/client/client.ts";
import { aepPackage } from "../../packages/pulumi-aep/src/provider.ts";
import { definitionProvider } from "../../packages/pulumi-provider-kit/src/definition/definition-provider.ts";
import { listPlatform } from "../subjects/listing.ts";
import { platformSubjects } from "../subjects/platform.ts";
import { needsOf } from "../subjects/subject.ts";
import { answerOf } from "./line.ts";
import { normalWorld } from "./normal-world.ts";
import { type Sweep, sweepOf, type World } from "./world.ts";

const { tenantId, ...credential } = localCredentials.platform;
const subjects = platformSubjects(tenantId);

/** A Platform with a clock that each reading advances. */
export async function platformWorld(options: { activationSeconds?: number } = {}): Promise<World> {
  let now = Date.parse("2026-01-05T10:00:00.000Z");
  const clock = () => {
    now += 1500;
    return now;
  };
  const sandboxes = ["prod", credential.sandbox];
  const switches = { deleteMappingSet: "204" } as const;
  const standIn = await startPlatform({ credentials: credential, tenantId, sandboxes, clock, switches, ...options });
  const config = (url: string) => ({ ...credential, imsUrl: url, platformUrl: url });
  return {
    answer: answerOf(standIn),
    package: "aep",
    config,
    async provider(line, attemptTimeout) {
      const provider = aepProvider(attemptTimeout);
      await provider.configure(config(line.url));
      return provider;
    },
    objects: async () => normalWorld(await listPlatform(standIn)),
    rest: async () => undefined,
    close: () => standIn.close(),
  };
}

/** The provider with waits that take no time. */
function aepProvider(attemptTimeout = 60_000) {
  const options = { pollInterval: 0, sleep: async () => undefined, attemptTimeout };
  return definitionProvider({ ...aepPackage, connect: (settings) => new AepClient(settings, options) });
}

/** The types that are swept; they need an ownership. */
export const platformSweeps: readonly Sweep[] = subjects
  .filter(({ unswept }) => unswept === undefined)
  .map((subject) => sweepOf(subject, needsOf(subject, subjects)));
