import { z } from "zod";
import { jsonOf } from "../../relay/core/json.ts";
import { azureOf, patience } from "../clients.ts";
import type { Finding } from "../finding.ts";
import type { PulumiStack } from "../pulumi-stack.ts";
import { copyKeyAnew } from "./calls.ts";

const health = z.object({ signingKeys: z.boolean(), intake: z.string().optional() });

/** The functions of the relay's code. */
const functions = ["intake", "health", "forwarder", "poison"];

/** Deploys the code once more, and has Azure take in its triggers: code that did not change is not deployed by a plain `up`. */
export function deployAnew(stack: string, code: string): string {
  return `npx pulumi up --replace '${code}' --stack ${stack}`;
}

/** Whether the relay answers, can reach its storage and has a signing key, and whether Azure knows all of its functions. */
export async function checkRelay(stack: PulumiStack): Promise<Finding> {
  const url = new URL("/health", stack.output("relayUrl")).href;
  // The code's id is that of its function app.
  const { id: siteId, urn: code } = stack.resource("customerio-aep:index:FunctionCode");
  const { status, text } = await azureOf(stack).ask(url, patience());
  const listed = status === 200 ? await azureOf(stack).functionNames(siteId, patience()) : undefined;
  const app = siteId.split("/").at(-1) ?? siteId;
  return relayFinding({ url, status, text, listed, app, stack: stack.name, code });
}

export function relayFinding({
  url,
  status,
  text,
  listed,
  app,
  stack,
  code,
}: {
  /** Of the health check. */
  url: string;
  /** What it answered; undefined where no answer came, for which `text` then has the reason. */
  status: number | undefined;
  text: string;
  /** The functions that Azure lists; asked for only if the health check is well. */
  listed: readonly string[] | undefined;
  app: string;
  stack: string;
  /** The URN of the relay's code. */
  code: string;
}): Finding {
  if (status !== 200) {
    const answered = status === undefined ? `did not answer (${text})` : `answered ${status}: ${text || "nothing"}`;
    return {
      verdict: "broken",
      found: `${url} ${answered}.`,
      todo:
        `Look at the log stream of the function app ${app} in the Azure portal. If it tells of an app setting or a role: ` +
        `npx pulumi up --refresh --stack ${stack}. Else deploy the code once more: ${deployAnew(stack, code)}`,
    };
  }
  // Azure names a function with its app before it, as it does all that lies below another resource.
  const known = new Set(listed?.map((name) => name.split("/").at(-1)));
  const missing = functions.filter((name) => !known.has(name));
  if (missing.length > 0) {
    return {
      verdict: "broken",
      found: `It answers, but Azure does not list ${missing.join(", ")} among the functions of ${app}, and never starts what it does not list.`,
      todo: deployAnew(stack, code),
    };
  }
  const said = healthOf(text);
  if (said?.intake === "closed") {
    return {
      verdict: "waiting",
      found: "It is healthy, but its intake is closed since it is being taken down, so that it refuses every event.",
      todo:
        "If a `destroy` or `up` runs, let it finish. If it was stopped, the intake opens by itself within 15 minutes. To bring back what " +
        `has been deleted already: npx pulumi up --stack ${stack}`,
    };
  }
  if (said?.signingKeys) return { verdict: "fine", found: "It is healthy and has a signing key." };
  return {
    verdict: "waiting",
    found: "It is healthy, but has no signing key, so that it refuses every event.",
    todo: copyKeyAnew(stack),
  };
}

function healthOf(text: string): z.output<typeof health> | undefined {
  return health.safeParse(jsonOf(text)).data;
}
