import { z } from "zod";
import { type CommandTarget, pulumiCommand } from "../../relay/core/operator-command.ts";
import { vaultApiVersion } from "../../relay/deploy/api-versions.ts";
import { versionOf } from "../../relay/deploy/drift/secret-drift.ts";
import { lacksRole } from "../../relay/deploy/resources/former-versions.ts";
import { azureOf, startTimeLimit } from "../clients.ts";
import type { Finding } from "../output/finding.ts";
import type { StackSource } from "../stack/source.ts";

const day = 86_400_000;
/** Days before a secret expires at which it needs attention. */
const warningDays = 30;

const secretOutputs = z.object({ name: z.string() });
const formerOutputs = z.object({ vaultId: z.string(), enabled: z.array(z.string()) });

/** Whether the secrets in the relay's vault are there, whether they expire soon, and whether former versions of them can still be read. */
export async function checkSecrets(source: StackSource): Promise<Finding> {
  const client = azureOf(source);
  const secrets = await Promise.all(
    source.all("customerio-aep:index:VaultSecret").map(async ({ id, outputs }) => {
      const { name } = secretOutputs.parse(outputs);
      const found = await client.armGet(id, vaultApiVersion, startTimeLimit());
      const vault = id.split("/").at(-3) ?? "";
      if (found === undefined) return { name, vault, state: "deleted" as const, expiresAt: undefined };
      const { isEnabled, expiresAt } = versionOf(found);
      return { name, vault, state: isEnabled ? ("enabled" as const) : ("disabled" as const), expiresAt };
    }),
  );
  const [former] = source.all("customerio-aep:index:FormerVersions");
  return secretsFinding({
    secrets,
    former: former && formerOutputs.parse(former.outputs),
    now: Date.now(),
    target: source.target,
  });
}

export function secretsFinding({
  secrets,
  former,
  now,
  target,
}: {
  secrets: readonly {
    readonly name: string;
    /** Name of the vault. */
    readonly vault: string;
    readonly state: "enabled" | "disabled" | "deleted";
    /** ISO 8601 time; undefined of a secret that never expires. */
    readonly expiresAt: string | undefined;
  }[];
  /** What is known about former versions; undefined for a stack that does not disable them. */
  former: z.output<typeof formerOutputs> | undefined;
  /** Milliseconds since 1970. */
  now: number;
  target: CommandTarget;
}): Finding {
  const dated = secrets.flatMap(({ name, expiresAt }) =>
    expiresAt === undefined ? [] : [{ name, expiresAt, left: Date.parse(expiresAt) - now }],
  );
  const details = dated.map(({ name, expiresAt }) => `${name}: ${expiresAt.slice(0, 10)}`);
  const todo = `Rotate them if your rules require it, then extend the date: ${pulumiCommand("up --refresh", target)}`;
  const gone = secrets.filter(({ state }) => state !== "enabled");
  if (gone.length > 0) {
    const names = gone.map(({ name }) => name).join(", ");
    const found = `Deleted or disabled in the vault: ${names}. The relay can't read them at its next start, and then accepts or sends no events.`;
    const [deleted] = gone.filter(({ state }) => state === "deleted");
    // Until then, Azure refuses to write a secret with that name.
    const recovery = deleted
      ? `Recover those that were deleted: az keyvault secret recover --vault-name ${deleted.vault} --name <secret>. `
      : "";
    const rewrite = `${recovery}Write them again: ${pulumiCommand("up --refresh", target)}`;
    return { verdict: "broken", runbook: "alert-secret-expiry", found, details, todo: rewrite };
  }
  const expired = dated.filter(({ left }) => left <= 0).map(({ name }) => name);
  if (expired.length > 0) {
    const found = `Expired in the vault: ${expired.join(", ")}. Azure may refuse to give these secrets to the relay, which then accepts or sends no events.`;
    return { verdict: "broken", runbook: "alert-secret-expiry", found, details, todo };
  }
  const near = dated.filter(({ left }) => left < warningDays * day).map(({ name }) => name);
  if (near.length > 0) {
    return { verdict: "waiting", found: `They expire within ${warningDays} days: ${near.join(", ")}.`, details, todo };
  }
  if (former && former.enabled.length > 0) {
    const found = `Former versions of ${former.enabled.join(", ")}, if there are any, can still be read in the vault.`;
    return { verdict: "waiting", found, details, todo: lacksRole(former.enabled, former.vaultId, target) };
  }
  if (dated.length === 0) return { verdict: "fine", found: "None of the vault's secrets expires." };
  return { verdict: "fine", found: "None of the vault's secrets expires soon.", details };
}
