import { z } from "zod";
import { azureOf, patience } from "../clients.ts";
import type { Finding } from "../finding.ts";
import type { PulumiStack } from "../pulumi-stack.ts";

const health = z.object({ signingKeys: z.boolean() });

/** Whether the relay answers, can reach its storage and has a signing key. */
export async function checkRelay(stack: PulumiStack): Promise<Finding> {
  const url = new URL("/health", stack.output("relayUrl")).href;
  const { status, text } = await azureOf(stack).ask(url, patience());
  const state = healthOf(text);
  if (status === 200 && state?.signingKeys) return { verdict: "fine", found: "It is healthy and has a signing key." };
  if (status === 200) {
    const todo = `pulumi config set --secret signingKeys <the key> --stack ${stack.name}, then: pulumi up --stack ${stack.name}`;
    return {
      verdict: "waiting",
      found: "It is healthy, but has no signing key, so that it refuses every event.",
      todo,
    };
  }
  const answered = status === undefined ? `did not answer (${text})` : `answered ${status}: ${text || "nothing"}`;
  const app = stack.resource("relay:index:FunctionCode").id.split("/").at(-1);
  return {
    verdict: "broken",
    found: `${url} ${answered}.`,
    todo: `Look at the log stream of the function app ${app} in the Azure portal; after a change of its code or settings: pulumi up --stack ${stack.name}`,
  };
}

function healthOf(text: string): z.output<typeof health> | undefined {
  try {
    return health.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
