import { VendorError } from "pulumi-provider-kit/http";
import { z } from "zod";
import { jsonOf } from "../../relay/core/event/json.ts";
import { logQueryApiVersion } from "../../relay/deploy/api-versions.ts";
import { azureOf, startTimeLimit } from "../clients.ts";
import type { StackSource } from "../stack/source.ts";

/** A line of the relay's log: one outcome, or a sum of several. It has counts, ids, kinds and reasons, and never a body. */
export interface LogLine {
  readonly at: Date;
  readonly outcome: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

const answer = z.object({ tables: z.tuple([z.object({ rows: z.array(z.tuple([z.string(), z.string()])) })]) });
const placed = z.object({ workspaceResourceId: z.string() });
const line = z.looseObject({ outcome: z.string() });

/** Maximum number of lines in one answer: the newest, if there are more. */
const mostLines = 5_000;

/**
 * The log of a stack's relay: Application Insights in its Log Analytics workspace, read with the caller's own Azure login. Azure shows a
 * line between 20 seconds and three minutes after it was written (Azure Monitor, "Log data ingestion time").
 */
export class RelayLogReader {
  readonly #source: StackSource;

  constructor(source: StackSource) {
    this.#source = source;
  }

  /**
   * The lines written after a time, the oldest first; of more than 5,000, the newest.
   *
   * @param texts what each line has, whatever the case of its letters; a busy relay writes 5,000 lines within minutes
   * @throws if the login may not read them, with the role
   */
  async since(time: Date, texts: readonly string[] = []): Promise<LogLine[]> {
    const component = this.#source.resource("azure-native:applicationinsights:Component");
    const { workspaceResourceId } = placed.parse(component.inputs);
    const query = [
      "union isfuzzy=true AppTraces",
      `where _ResourceId =~ "${component.id}"`,
      'where Message startswith "{"',
      `where TimeGenerated > datetime(${time.toISOString()})`,
      ...texts.map((text) => `where Message contains ${JSON.stringify(text)}`),
      "order by TimeGenerated desc",
      `take ${mostLines}`,
      "order by TimeGenerated asc",
      "project TimeGenerated, Message",
    ].join(" | ");
    const asked = {
      ...({ method: "POST", path: `${workspaceResourceId}/api/query`, apiVersion: logQueryApiVersion } as const),
      body: { query },
      headers: { Prefer: "response-v1=true" },
      purpose: "read the relay's log",
    };
    try {
      const { tables } = await azureOf(this.#source).query(asked, answer, startTimeLimit());
      return tables[0].rows.flatMap(readLine);
    } catch (error) {
      if (!(error instanceof VendorError && error.status === 403)) throw error;
      throw new Error(
        `${error.message} To read the log, your login needs the role Log Analytics Reader on the workspace: ` +
          `az role assignment create --role 'Log Analytics Reader' --assignee <your object id> --scope ${workspaceResourceId}`,
        { cause: error },
      );
    }
  }
}

function readLine([at, message]: readonly [string, string]): LogLine[] {
  const parsed = line.safeParse(jsonOf(message)).data;
  if (parsed === undefined) return [];
  const { outcome, ...fields } = parsed;
  return [{ at: new Date(at), outcome, fields }];
}
