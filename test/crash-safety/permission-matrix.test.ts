import { type Held, Reference } from "../engine/engine.ts";
import { type Fault, Line } from "./line.ts";
import { sweeps } from "./sweeps.ts";
import { programOf, type Sweep, TestStack, type World } from "./world.ts";

const gone = [404, 410];
/** The providers treat 500 and 502 as 503; the test of pulumi-provider-kit's HTTP client has all statuses. */
const statuses = [400, 401, 403, 404, 408, 409, 410, 412, 423, 429, 503, 504];
const code = "FLOW-9999";
const requestId = "0b7e4f1c";
const page = "<html>Sign in to the proxy</html>";

interface Case {
  readonly name: string;
  readonly fault: Fault;
  readonly status?: number;
}

/** An error as each vendor writes it, with code and request id. */
function refusal(vendor: string, status: number): string {
  if (vendor === "customerio") {
    return JSON.stringify({ errors: [{ detail: "Injected refusal", status: String(status), code }] });
  }
  if (vendor === "customerio-aep") return JSON.stringify({ error: { code, message: "Injected refusal" } });
  return JSON.stringify({
    type: `https://ns.adobe.com/aep/errors/${code}-${status}`,
    title: "Injected",
    status,
    report: { "detailed-message": "Injected refusal", "request-id": requestId },
  });
}

function casesOf(vendor: string): Case[] {
  const answer = (status: number, headers: Record<string, string> = {}): Fault => ({
    status,
    body: refusal(vendor, status),
    headers: { "x-request-id": requestId, "x-ms-request-id": requestId, ...headers },
  });
  return [
    ...statuses.map((status) => ({ name: `${status}`, status, fault: answer(status) })),
    { name: "429 with Retry-After", status: 429, fault: answer(429, { "retry-after": "0" }) },
    { name: "timeout", fault: { break: "hang" } },
    { name: "reset", fault: { break: "reset" } },
    { name: "truncated body", fault: { break: "truncated", body: '{"reporting_webhooks":[]}' } },
    { name: "non-JSON body", fault: { body: page, headers: { "content-type": "text/html" } } },
  ];
}

/** How often one call may be tried, by the class of its answer; see `retryRules` and, for a lost POST, `createOnce`. */
function attemptsOf(call: string, { name, status }: Case): number {
  const [method] = call.split(" ");
  const lost = status === undefined ? name !== "non-JSON body" : [408, 503, 504].includes(status);
  if (status === 401) return 2;
  // Platform may show a new dataflow or connection late.
  if (/^GET .*\/flowservice\/(connections|flows)\/\*$/.test(call) && gone.includes(status ?? 0)) return 15;
  // Customer.io may show a new webhook late, and a deleted one for some seconds.
  if (/reporting_webhooks\/\*$/.test(call) && gone.includes(status ?? 0)) return 4;
  // Without the header, Customer.io means a used-up daily quota, which no further try brings back (its App API's description).
  if (status === 429) return name === "429" && call.includes("/v1/reporting_webhooks") ? 1 : 5;
  if (method === "POST" && !call.includes("/action?")) return lost || status === undefined ? 3 : 1;
  if (method === "PATCH" || method === "POST") return 0;
  // Something that is being deleted may still seem to use it.
  const isKept = /^DELETE .*\/(fieldgroups|schemas|descriptors|dataSets)\//.test(call);
  if (isKept && [400, 409, 423].includes(status ?? 0)) return 5;
  return lost ? 5 : 1;
}

const operations = ["create", "read", "update", "delete"] as const;
type Operation = (typeof operations)[number];

/** One resource in one world, with operations that fail and then succeed, each in a process of its own. */
class Bench {
  readonly line: Line;
  readonly stack: TestStack;
  readonly #subject: Sweep;
  readonly #world: World;

  private constructor(subject: Sweep, world: World, line: Line) {
    this.#subject = subject;
    this.#world = world;
    this.line = line;
    this.stack = new TestStack(world, line);
  }

  static async open(subject: Sweep, world: World): Promise<Bench> {
    return new Bench(subject, world, await Line.open(world.answer));
  }

  /** What the state holds of the subject. */
  get held(): Held | undefined {
    return this.stack.current("subject");
  }

  /** Creates what exists before the operation. */
  async prepare(operation: Operation): Promise<void> {
    await this.#up(operation === "create" ? "delete" : "create");
    await this.rest();
    this.line.startOperation();
  }

  rest(): Promise<void> {
    return this.#world.rest();
  }

  async run(operation: Operation, fault?: Fault): Promise<void> {
    if (operation === "read") await this.stack.run((engine) => engine.refresh("subject"), fault);
    else await this.#up(operation === "update" ? "change" : operation, fault);
  }

  /** The distinct calls of the last operation, except those for tokens, and those for something that an `up` puts right if it sees it. */
  signatures(): Set<string> {
    const isAside = (call: string) => call.includes("/ims/") || call.endsWith("?properties=tags");
    return new Set(this.line.operationCalls.filter((call) => !isAside(call)).map(anyId));
  }

  /** Names that an error may use for the object. */
  get names(): string[] {
    const { name, title, schemaId, sourceProperty, hostName, healthUrl, siteId, queueId } = this.#subject.inputs();
    const given = [name, title, schemaId, sourceProperty, hostName, healthUrl].map((input) =>
      input instanceof Reference ? this.stack.current(input.name)?.id : input,
    );
    const ownNames = [siteId, queueId].flatMap((id) => {
      const name = String(id).split("/").at(-1);
      return id ? [`"${name}"`, `"${name}-poison"`] : [];
    });
    // The storage account of the queue.
    const account = queueId && `"${String(queueId).split("/").at(-5)}"`;
    return [this.held?.id, ...given, ...ownNames, account].filter((part) => typeof part === "string");
  }

  #up(operation: Parameters<typeof programOf>[1], fault?: Fault): Promise<void> {
    return this.stack.run((engine) => engine.up(programOf(this.#subject, operation)), fault);
  }
}

let checks = 0;
let lost = 0;
describe.each(sweeps)("$type", ({ subject, open }) => {
  let world: World;
  let bench: Bench;

  const begin = async () => {
    world = await open();
    bench = await Bench.open(subject, world);
  };
  const end = async () => {
    await bench.line.close();
    await world.close();
  };
  beforeEach(begin);
  afterEach(end);

  // If every change replaces the object, an update is a create and a delete.
  const own = operations.filter((operation) => operation !== "update" || !subject.replaces);

  test.each(own)("%s survives every answer to each of its calls", async (operation) => {
    await bench.prepare(operation);
    await bench.run(operation);
    if (operation === "delete") expect(bench.signatures().size).toBeGreaterThan(0);
    for (const signature of bench.signatures()) {
      for (const entry of casesOf(world.package)) {
        // The relay's health check is not a vendor's: any 200 is a yes.
        if (isHealthCheck(signature) && entry.fault.body === page) continue;
        if (operation === "create" && subject.lasts) {
          await end();
          await begin();
        }
        await survives(bench, subject.type, operation, signature, entry);
      }
    }
  });
});

/** A call without the ids in it, which are others in each run. */
function anyId(call: string): string {
  return call.replaceAll(/([0-9a-f]{24,}|[0-9a-f]{8}-[0-9a-f-]{27}|(?<=webhooks\/)\d+|(?<=deployments\/)d\d+)/g, "*");
}

function isHealthCheck(signature: string): boolean {
  return /^GET \/(.+\/)?health$/.test(signature);
}

async function survives(
  bench: Bench,
  type: string,
  operation: Operation,
  signature: string,
  entry: Case,
): Promise<void> {
  await bench.prepare(operation);
  const before = bench.stack.state;
  let attempts = 0;
  bench.line.fault = (call) => {
    if (anyId(call) !== signature) return undefined;
    attempts++;
    // Timeouts are slow, so the later ones are reported at once.
    return entry.fault.break === "hang" && attempts > 1 ? { break: "reset" } : entry.fault;
  };
  const error = await bench.run(operation, entry.fault).then(
    () => undefined,
    (reason: Error) => reason,
  );
  bench.line.fault = () => undefined;
  const at = `${operation}: ${signature} answered with ${entry.name}`;
  // Neither a list, a look-up nor a health check is an object's own call; and a webhook that Customer.io still lists is not gone. A refresh
  // keeps the drain while its account exists, so there the list of queues is the drain's own call.
  const isListOfQueues = operation !== "read" && /\/default\/queues\?/.test(signature);
  const isBelieved =
    !isHealthCheck(signature) &&
    !isListOfQueues &&
    !/\?(property|orderby|orderBy|name|dataSet)=|\/descriptors$|reporting_webhooks/.test(signature);
  if (gone.includes(entry.status ?? 0) && isBelieved && (operation === "read" || operation === "delete")) {
    expect({ at, held: bench.held, error }).toEqual({ at, held: undefined, error: undefined });
    lost++;
    // The vendor's answer was wrong, so the object still has to be deleted.
    bench.stack.state = before;
  } else {
    const message = error?.message ?? "";
    const named = bench.names.some((name) => message.includes(name));
    expect({ at, named, message }).toEqual({ at, named: true, message });
    if (entry.status !== undefined && !gone.includes(entry.status) && !isHealthCheck(signature)) {
      const said = message.includes(code) && message.includes(requestId);
      expect({ at, message, said }).toEqual({ at, message, said: true });
    }
    expect({ at, message }).toEqual({ at, message: expect.stringMatching(remedy) });
    const left = before.filter(({ name, id }) =>
      bench.stack.state.every((held) => held.name !== name || held.id !== id),
    );
    expect({ at, left }).toEqual({ at, left: [] });
    const expected = attemptsOf(signature, entry);
    // A deployment continues as long as its time allows, and so does a drain that counts dead letters.
    const isDeployment = operation === "create" && type === "customerio-aep:index:FunctionCode";
    const isOnce = operation !== "update" && !isDeployment && !isHealthCheck(signature);
    if (expected > 0 && isOnce) expect({ at, attempts }).toEqual({ at, attempts: expected });
    await bench.rest();
    // The next `up` creates what is not in the state, and finishes what is partly created.
    if (operation === "create" || operation === "update") await bench.run(operation);
  }
  checks++;
}

/** The remedies in an error. */
const remedy =
  /\b(Check|Run|run|Add|Wait|Correct|pulumi (up|refresh|config)|az login|lacks a right|Settings >|renewed|Delete|Take|Both are set|take it out|delete those|[Ff]irst delete)\b/;

afterAll(() => {
  process.stdout.write(
    `permission matrix: ${checks} answers survived; ${lost} times 404 or 410 meant gone, never another\n`,
  );
});
