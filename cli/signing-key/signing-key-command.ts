import { text as contentOf } from "node:stream/consumers";
import { z } from "zod";
import { operatorCommand } from "../../relay/core/operator-command.ts";
import { sendTestStep, signingKeySteps } from "../checks/calls.ts";
import { type CommandContext, defineCommand } from "../command/definition.ts";
import { positiveNumber } from "../command/number-option.ts";
import { UsageError } from "../command/usage-error.ts";
import { Interruption } from "../interrupt.ts";
import { isInterruption, openPrompter } from "../setup/prompter.ts";
import type { StackSource } from "../stack/source.ts";
import { signingKeysOf } from "../stack/source-settings.ts";
import { awaitCall, complaintOfKey, type KeyProof, realPorts, runUp, storeKeys, wantedKeys } from "./signing-key.ts";

export const signingKeyCommand = defineCommand({
  name: "signing-key",
  summary:
    "ask for Customer.io's signing key, check its format, store it, run `npx pulumi up`, and wait for a test event",
  description:
    "You type the key without echo, or pass it on standard input. The stack stores it encrypted. For a rotation, `--add` keeps the stack's " +
    "present keys, so that the relay accepts calls with any of them. An accepted call proves that the key, or one of several, is right.",
  options: {
    add: { description: "keep the stack's keys, and add this one", schema: z.boolean().default(false) },
    setting: {
      value: "key",
      description: "the setting from which the program reads the keys",
      schema: z
        .string()
        .regex(/^[\w:-]+$/, "it must be a setting's key")
        .default("signingKeys"),
    },
    timeout: {
      value: "minutes",
      description: "how long to wait for Customer.io's test event",
      schema: positiveNumber.default(10),
    },
  },
  waiting: "no call has arrived yet",
  examples: [
    { args: "signing-key --stack dev", shows: "asks for the key" },
    { args: "signing-key --stack dev --add", shows: "for a rotation: the former key stays valid" },
    { args: "signing-key --stack north --setting northSigningKeys", shows: "a program that reads another setting" },
  ],
  needsSecrets: true,
  needsStorage: true,
  stopsInOrder: true,
  oneSourceReason: "each has its own key",
  json: z.object({
    setting: z.string(),
    keys: z.number().describe("how many keys the relay accepts now"),
    stored: z.boolean().describe("false: the stack already had the key"),
    calls: z.enum(["accepted", "refused", "waiting"]).describe("Customer.io's calls since then"),
  }),
  async run(source, { add, setting, timeout }, context) {
    const { print, progress, signal } = context;
    const key = await askForKey(source);
    const { keys, isNew: isStored } = wantedKeys(source, { setting, key, isAdded: add });
    // A missing role is reported before anything is done.
    await progress.showWhile("reading the relay's counts", realPorts.arrivals(source));
    if (isStored) {
      await storeKeys(source, setting, keys);
      print(
        `The setting ${setting} has ${keys.length === 1 ? "the key" : `${keys.length} keys`}. Running npx pulumi up:`,
      );
    } else print(`The setting ${setting} already has the key. Running npx pulumi up:`);
    const made = await runUp(source, { setting, key, isQuiet: context.isJson }, realPorts);
    const calls = await proveKey(made, { since: new Date(), minutes: timeout, signal }, context);
    const endings = { accepted: "well", refused: "broken", waiting: "waiting" } as const;
    return {
      ending: signal.aborted ? "interrupted" : endings[calls],
      json: { setting, keys: keys.length, stored: isStored, calls },
    };
  },
});

/** @throws UsageError if it can't be a key */
async function askForKey(source: StackSource): Promise<string> {
  const check = (typed: string) => complaintOfKey(typed, source);
  const prompter = await openPrompter();
  if (prompter !== undefined) {
    try {
      return (await prompter.secret({ message: "Customer.io's signing key", check })).trim();
    } catch (error) {
      if (isInterruption(error)) throw new Interruption("Stopped. Nothing was changed.");
      throw error;
    }
  }
  const given = (await contentOf(process.stdin)).trim();
  const complaint = check(given);
  if (complaint === undefined) return given;
  throw new UsageError(`The signing key on standard input is invalid: ${complaint}.`);
}

async function proveKey(
  source: StackSource,
  wait: Parameters<typeof awaitCall>[1],
  { print, progress }: CommandContext,
): Promise<KeyProof> {
  if (source.resource("customerio:index:ReportingWebhook").inputs.disabled === true) {
    print("The stack's settings keep the webhook disabled, so Customer.io sends nothing (webhook.disabled).");
    return "waiting";
  }
  print(`${sendTestStep}. Waiting for its event.`);
  const calls = await progress.showWhile("waiting for Customer.io's test event", awaitCall(source, wait, realPorts));
  const { length } = signingKeysOf(source);
  const proven =
    length > 1 ? `one of its ${length} keys is correct, and a call does not say which` : "the key is correct";
  const sentences = {
    accepted: `It arrived, and the relay accepted it: ${proven}. ${operatorCommand("status", source.target)} shows the rest.`,
    refused: `A call arrived, but the relay refused it: it was signed with another key. ${signingKeySteps(source.target)}`,
    waiting: `No call has arrived yet. Check again later: ${operatorCommand("status", source.target)}`,
  };
  print(sentences[calls]);
  return calls;
}
