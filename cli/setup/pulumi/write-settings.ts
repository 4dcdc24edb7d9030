import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Interruption, stopOnInterrupt } from "../../interrupt.ts";
import type { Answers } from "../answers.ts";
import { secretsProviderOf } from "./found-settings.ts";
import type { PulumiSession } from "./pulumi-session.ts";

/**
 * Creates the stack if it does not exist, and writes its settings: all of them, or none if anything fails or Ctrl-C
 * stops it.
 *
 * They are written to a copy of the stack's file, which replaces the file at the end. Each value goes to Pulumi's
 * standard input, since other users of the machine can see arguments.
 */
export async function writeSettings(
  pulumi: PulumiSession,
  { stack, isNew, changes }: { stack: string; isNew: boolean; changes: ReturnType<Answers["changes"]> },
): Promise<void> {
  const file = pulumi.settingsFile(stack);
  const copy = file.replace(/\.yaml$/, ".unfinished.yaml");
  const before = await textOf(file);
  let isMade = false;
  // Ctrl-C ends the command of Pulumi that runs, and then this undoes what was done.
  const { signal, done } = stopOnInterrupt();
  try {
    if (isNew) {
      // Without it, Pulumi replaces what encrypts the secrets of a file that is there already.
      const provider = secretsProviderOf(before ?? "");
      const encryption = provider === undefined ? [] : ["--secrets-provider", provider];
      await pulumi.call(`create the stack ${stack}`, "stack", "init", stack, ...encryption);
      isMade = true;
    }
    await mkdir(path.dirname(copy), { recursive: true });
    await rm(copy, { force: true });
    if ((await textOf(file)) !== undefined) await copyFile(file, copy);
    for (const { question, value } of changes) {
      const { key, isPath, isSecret } = question;
      const how = [...(isPath ? ["--path"] : []), isSecret ? "--secret" : "--plaintext"];
      const command = ["config", "set", ...how, "--stack", stack, "--config-file", copy, key];
      await pulumi.feed(`write the setting ${key}`, value, ...command);
      if (signal.aborted) throw new Interruption();
    }
    if (changes.length > 0) await rename(copy, file);
  } catch (error) {
    if (isMade) {
      const remove = ["stack", "rm", stack, "--yes", "--preserve-config"];
      await pulumi.call(`remove the stack ${stack}`, ...remove).catch(() => undefined);
    }
    // A new stack has changed the file that was there, if any.
    if (before === undefined) await rm(file, { force: true });
    else if (isMade) await writeFile(file, before);
    throw signal.aborted ? new Interruption() : error;
  } finally {
    await rm(copy, { force: true });
    done();
  }
}

async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}
