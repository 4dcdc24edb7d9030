import { readFile } from "node:fs/promises";

/** A span of Pulumi's engine or one of its child processes. */
export interface Span {
  readonly name: string;
  /** Milliseconds since the first span began. */
  readonly begin: number;
  readonly end: number;
  /** Text attributes, such as `net.peer.name`, the address of the plugin that was called. */
  readonly attributes: Readonly<Record<string, string>>;
}

interface Line {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly {
        readonly name: string;
        readonly startTimeUnixNano: string;
        readonly endTimeUnixNano: string;
        readonly attributes?: readonly { readonly key: string; readonly value: { readonly stringValue?: string } }[];
      }[];
    }[];
  }[];
}

/**
 * Reads what `pulumi --otel-traces file://…` has written: one JSON object of OpenTelemetry's protocol per line,
 * https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/.
 */
export async function readTrace(file: string): Promise<Span[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  const spans = lines
    .flatMap((line) => (JSON.parse(line) as Line).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope) => scope.spans);
  const first = spans
    .map(({ startTimeUnixNano }) => BigInt(startTimeUnixNano))
    // biome-ignore lint/complexity/useMathMinMax: Math.min refuses a BigInt
    .reduce((one, other) => (one < other ? one : other));
  const since = (nanoseconds: string) => Number(BigInt(nanoseconds) - first) / 1e6;
  return spans.map(({ name, startTimeUnixNano, endTimeUnixNano, attributes = [] }) => ({
    name,
    begin: since(startTimeUnixNano),
    end: since(endTimeUnixNano),
    attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? ""])),
  }));
}
