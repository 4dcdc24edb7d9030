import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type SettingsRead, settingTexts } from "./setting-texts.ts";

/** How a file of settings encrypts its secrets; undefined: as the backend of its stack does, or it has none. */
export function secretsProviderOf(file: string): string | undefined {
  const named = /^secretsprovider: *["']?([^\s"']+)/m.exec(file)?.[1];
  if (named !== undefined && named !== "default") return named;
  return /^encryptionsalt:/m.test(file) ? "passphrase" : undefined;
}

/**
 * Reads the settings file of a stack that does not exist yet, such as one that was copied from another stack.
 *
 * Pulumi reads settings for existing stacks only. So this makes a stack for a copy of the file in a temporary folder.
 *
 * @param call runs a command of Pulumi with these variables
 * @throws if the passphrase, or the provider of secrets, does not decrypt the file's secrets
 */
export async function readFoundSettings(
  { file, project }: { readonly file: string; readonly project: string },
  call: (environment: Readonly<Record<string, string>>, ...command: string[]) => Promise<string>,
): Promise<SettingsRead> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return { texts: {}, hidden: [] };
  const provider = secretsProviderOf(text);
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-init-"));
  const environment = {
    PULUMI_BACKEND_URL: `file://${folder}`,
    // Encrypts nothing.
    ...(provider === undefined && { PULUMI_CONFIG_PASSPHRASE: "none" }),
  };
  const run = (...command: string[]) => call(environment, ...command, "--cwd", folder);
  try {
    await writeFile(path.join(folder, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
    await writeFile(path.join(folder, "Pulumi.found.yaml"), text);
    const encryption = provider === undefined ? [] : ["--secrets-provider", provider];
    await run("stack", "init", "found", "--no-select", ...encryption);
    const show = provider === undefined ? [] : ["--show-secrets"];
    return settingTexts(await run("config", "--json", ...show, "--stack", "found"), project);
  } catch (error) {
    if (provider === undefined) throw error;
    throw new Error(
      `${error instanceof Error ? error.message : String(error)}\nProvide the passphrase or the key that encrypted them, or remove them from the ` +
        "file, together with its lines encryptionsalt, secretsprovider and encryptedkey. Then run the same command again.",
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
