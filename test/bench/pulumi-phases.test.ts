import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { phasesOf, providerTimes } from "../../bench/pulumi/phases.ts";
import { readTrace, type Span } from "../../bench/pulumi/trace.ts";

function span(name: string, begin: number, end: number, attributes: Record<string, string> = {}): Span {
  return { name, begin, end, attributes };
}

const azure = { "net.peer.name": "127.0.0.1:1" };
const own = { "net.peer.name": "127.0.0.1:2" };

test("the phases of a preview follow each other from its start to its end", () => {
  const spans = [
    span("pulumi", 0, 1_000),
    span("run-program", 100, 950),
    span("pulumirpc.ResourceMonitor/RegisterResource", 200, 210),
    span("pulumirpc.ResourceMonitor/RegisterResource", 390, 900),
    span("pulumirpc.ResourceMonitor/Invoke", 400, 500),
    span("pulumirpc.ResourceMonitor/Invoke", 420, 600),
    span("pulumirpc.ResourceProvider/Check", 650, 660),
    // Asked for while resources are declared: it belongs to their phase.
    span("pulumirpc.ResourceMonitor/Invoke", 700, 710),
  ];
  expect(phasesOf(spans).map(({ begin, end }) => [begin, end])).toEqual([
    [0, 100],
    [100, 200],
    [200, 400],
    [400, 600],
    [600, 650],
    [650, 950],
    [950, 1_000],
  ]);
});

test("a destroy has no program, and ends after the last call to a provider", () => {
  const spans = [
    span("pulumi", 0, 900),
    span("newPlugin", 10, 20, { kind: "language" }),
    span("newPlugin", 150, 300, { kind: "resource" }),
    span("pulumirpc.ResourceProvider/Delete", 350, 800),
    span("pulumirpc.ResourceProvider/Cancel", 850, 860),
  ];
  expect(phasesOf(spans).map(({ begin, end }) => [begin, end])).toEqual([
    [0, 150],
    [150, 800],
    [800, 900],
  ]);
});

test("calls in progress at the same time count once, and those of the attached provider are Azure's", () => {
  const spans = [
    span("pulumirpc.ResourceProvider/Attach", 0, 5, azure),
    span("pulumirpc.ResourceProvider/Create", 10, 40, azure),
    span("pulumirpc.ResourceProvider/Create", 100, 200, own),
    span("pulumirpc.ResourceProvider/Create", 150, 250, own),
    span("pulumirpc.ResourceProvider/Create", 300, 310, own),
  ];
  expect(providerTimes(spans)).toEqual({ own: 160, azure: 35 });
});

test("a trace is read from one JSON object per line, with times since its first span", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-trace-"));
  try {
    const line = (name: string, startTimeUnixNano: string, endTimeUnixNano: string) =>
      JSON.stringify({
        resourceSpans: [
          {
            scopeSpans: [
              {
                spans: [
                  { name, startTimeUnixNano, endTimeUnixNano },
                  {
                    name,
                    startTimeUnixNano,
                    endTimeUnixNano,
                    attributes: [{ key: "kind", value: { stringValue: "x" } }],
                  },
                ],
              },
            ],
          },
        ],
      });
    const file = path.join(folder, "trace.json");
    // Too large for exact numbers in JavaScript.
    const texts = [
      line("later", "1795936731355069215", "1795936731356069215"),
      line("first", "1795936731353069215", "1795936731353569215"),
    ];
    await writeFile(file, `${texts.join("\n")}\n`);
    expect(await readTrace(file)).toEqual([
      { name: "later", begin: 2, end: 3, attributes: {} },
      { name: "later", begin: 2, end: 3, attributes: { kind: "x" } },
      { name: "first", begin: 0, end: 0.5, attributes: {} },
      { name: "first", begin: 0, end: 0.5, attributes: { kind: "x" } },
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
