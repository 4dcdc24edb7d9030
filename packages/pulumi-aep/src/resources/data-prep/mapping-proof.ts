import type { Operation } from "pulumi-provider-kit";
import type { AepClient } from "../../client/client.ts";
import { type MappingDraft, previewMappings, validateMappings } from "../../client/mapping-preview.ts";

/** Required fields of an ExperienceEvent; a record that lacks one is lost (Adobe: "XDM ExperienceEvent class"). */
const mandatory = ["_id", "timestamp"];
/** Maximum lines in one error. */
const mostLines = 10;

/**
 * Lets Data Prep validate mappings and try them on records before anything is created, since a dataflow answers 200 to records that it
 * then can't map. If Platform does not offer the preview, warns that the mapping was not tried.
 *
 * @throws if Data Prep can't map something, naming fields and reasons
 */
export async function proveMappings(
  { client, signal, warn, progress }: Operation<AepClient>,
  draft: MappingDraft,
  records: readonly Readonly<Record<string, unknown>>[],
): Promise<void> {
  progress(`trying the mapping in Platform on ${records.length} sample events`);
  let problems: string[];
  try {
    const prove = () => problemsOf(client, draft, records, signal);
    problems = await client.untilVisible({ signal, progress }, [draft.schemaId], prove);
  } catch (error) {
    const refusal = client.refusal(error);
    if (refusal?.status === undefined || ![404, 405, 501].includes(refusal.status)) throw error;
    warn(`the mapping was not tried on sample events, because Platform offers no preview here. ${refusal.message}`);
    return;
  }
  if (problems.length === 0) return;
  const more = problems.length > mostLines ? [`and ${problems.length - mostLines} more`] : [];
  throw new Error(
    "Platform can't map sample events with this mapping, so the mapping set was not created, and the sender of events is not " +
      `changed:\n${[...problems.slice(0, mostLines), ...more].map((line) => `  - ${line}`).join("\n")}\n` +
      "Fix these mappings (in this project's program: the setting mapping), then run: npx pulumi up",
  );
}

async function problemsOf(
  client: AepClient,
  draft: MappingDraft,
  records: readonly Readonly<Record<string, unknown>>[],
  signal: AbortSignal,
): Promise<string[]> {
  const verdicts = await validateMappings(client, draft, signal);
  const invalid = verdicts.flatMap(({ mapping, errors }) =>
    errors.map(({ message }) => `${mapping.destination} from ${shorten(mapping.source)}: ${message}`),
  );
  if (invalid.length > 0) return invalid;
  const mapped = draft.mappings.map(({ destination }) => destination);
  const previewed = await previewMappings(client, draft, records, signal);
  const found = previewed.flatMap(({ row, errors }) => {
    if (errors.length > 0) {
      return errors.map(({ destination, source, message }) => {
        const from = source === undefined ? "" : ` from ${shorten(source)}`;
        return `${destination ?? "the record"}${from}: ${message}`;
      });
    }
    return mandatory
      .filter((field) => mapped.includes(field) && (row[field] ?? undefined) === undefined)
      .map((field) => `${field} stays empty, and Platform refuses a record without it`);
  });
  const counts = Map.groupBy(found, (problem) => problem);
  return Array.from(counts, ([problem, each]) => `${problem} (${each.length} of ${records.length} events)`);
}

/** Maximum characters of an expression in a message: enough to recognize it. */
const mostOfExpression = 120;

function shorten(source: string): string {
  return source.length > mostOfExpression ? `${source.slice(0, mostOfExpression)}…` : source;
}
