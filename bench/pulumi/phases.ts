import type { Span } from "./trace.ts";

/** A part of a command's time. */
export interface Phase {
  readonly what: string;
  readonly begin: number;
  readonly end: number;
}

const registrations = "pulumirpc.ResourceMonitor/RegisterResource";
const invokes = "pulumirpc.ResourceMonitor/Invoke";
const providerCalls = /^pulumirpc\.ResourceProvider\/(?!Cancel)/;

/**
 * Divides a command's time into phases, one after the other, each in milliseconds since the command's start. They are its critical path:
 * a phase begins when the previous one allows it.
 */
export function phasesOf(spans: readonly Span[]): Phase[] {
  const end = Math.max(...spans.map((span) => span.end));
  const program = spans.find(({ name }) => name === "run-program");
  const ends = program === undefined ? endsWithoutProgram(spans) : endsWithProgram(spans, program);
  let begin = 0;
  return [...ends, ["the command ends", end] as const].map(([what, until]) => {
    const phase = { what, begin, end: Math.max(begin, until) };
    begin = phase.end;
    return phase;
  });
}

function endsWithProgram(spans: readonly Span[], program: Span): (readonly [string, number])[] {
  // The SDK registers the stack itself before it loads the program.
  const [stack] = named(spans, registrations);
  // Components, which no provider checks, are registered before.
  const firstResource = named(spans, "pulumirpc.ResourceProvider/Check")[0]?.begin ?? program.end;
  const checks = named(spans, invokes).filter(({ begin }) => begin < firstResource);
  const firstCheck = checks[0]?.begin ?? firstResource;
  return [
    ["the engine starts and reads the state", program.begin],
    ["Node starts and loads Pulumi's SDK", stack?.begin ?? program.begin],
    ["Node loads the program", firstCheck],
    ["providers start and check settings, rights and names", Math.max(firstCheck, ...checks.map((check) => check.end))],
    ["the program declares its resources", firstResource],
    ["resources: check, diff and, in an up, the changes", program.end],
  ];
}

/** Without a program (`destroy`), only the providers are at work. */
function endsWithoutProgram(spans: readonly Span[]): (readonly [string, number])[] {
  const calls = spans.filter(({ name }) => providerCalls.test(name));
  const plugins = spans.filter((span) => span.name === "newPlugin" && span.attributes.kind === "resource");
  const begin = Math.min(...[...plugins, ...calls].map((span) => span.begin));
  return [
    ["the engine starts and reads the state", begin],
    ["resources: drained and deleted, providers started", Math.max(...calls.map((call) => call.end))],
  ];
}

/** Milliseconds in which at least one call is in progress, for our own providers and for that of Azure, which is attached. */
export function providerTimes(spans: readonly Span[]): { own: number; azure: number } {
  const attached = new Set(named(spans, "pulumirpc.ResourceProvider/Attach").map(addressOf));
  const calls = spans.filter(({ name }) => providerCalls.test(name));
  const [azure, own] = [true, false].map((of) => covered(calls.filter((call) => attached.has(addressOf(call)) === of)));
  return { own: own ?? 0, azure: azure ?? 0 };
}

function addressOf({ attributes }: Span): string | undefined {
  return attributes["net.peer.name"];
}

/** Length of the union of these spans. */
function covered(spans: readonly Span[]): number {
  let total = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { begin, end } of spans.toSorted((one, other) => one.begin - other.begin)) {
    if (end <= until) continue;
    total += end - Math.max(begin, until);
    until = end;
  }
  return total;
}

function named(spans: readonly Span[], name: string): Span[] {
  return spans.filter((span) => span.name === name).toSorted((one, other) => one.begin - other.begin);
}
