import { samples } from "../../packages/pulumi-customerio/src/events/samples.ts";
import { type Canary, freshSecret, Search } from "./canary.ts";
import { searchGrpcLog } from "./grpc-log.ts";
import { ofProcess, ProcessWatch, variable } from "./process-watch.ts";
import { TaintedStack } from "./tainted-stack.ts";

// One stack's life in order; the last tests search everything that it has left.
const minutes = 60_000;
const canaries: Canary[] = [];

function plant(name: string, secret: string): string {
  if (!canaries.some((canary) => canary.secret === secret)) canaries.push({ name, secret });
  return secret;
}

const clientSecret = plant("aep:clientSecret", freshSecret("p8e-"));
const appApiKey = plant("customerio:appApiKey", freshSecret());
let stack: TaintedStack;
let watch: ProcessWatch;

beforeAll(async () => {
  stack = await TaintedStack.start(clientSecret, appApiKey);
  watch = new ProcessWatch();
}, minutes);
afterAll(async () => {
  await watch.stop();
  await stack.stop();
}, minutes);

test(
  "an up with a wrong secret fails without showing it, although the vendor's refusal repeats it",
  async () => {
    await stack.pulumi.configureSecret("signingKeys", plant("signing key", await stack.newSigningKey()));
    await stack.pulumi.configureSecret("customerio:appApiKey", appApiKey);
    // The source with most secrets: the relay gets the client secret too, and uses it for access tokens.
    await stack.pulumi.configure("source", "http");
    const wrong = plant("a wrong client secret", freshSecret("p8e-"));
    await stack.pulumi.configureSecret("aep:clientSecret", wrong);
    stack.adobe.echoes = 1;
    expect(await stack.fail("up", "--yes", "--skip-preview")).toContain("cannot process");
    await stack.pulumi.configureSecret("aep:clientSecret", clientSecret);
  },
  4 * minutes,
);

test(
  "an up, events, and an update whose refusal repeats everything that was sent",
  async () => {
    await stack.run("up", "--yes", "--skip-preview");
    const outputs = await stack.pulumi.outputs();
    const streamingUrl = plant("streaming URL", String(outputs.streamingUrl));
    plant("inlet", new URL(streamingUrl).pathname.split("/").at(-1) ?? "");
    await stack.stack.vendors.emit(samples.map(({ event }) => event));
    await stack.stack.vendors.untilSent();
    await stack.pulumi.configure("fullResolution", "true");
    const next = plant("a signing key to come", freshSecret());
    await stack.pulumi.configureSecret("signingKeys", next);
    stack.customerIo.echoes = 1;
    expect(await stack.fail("up", "--yes", "--skip-preview")).toContain("cannot process");
  },
  5 * minutes,
);

test(
  "a rotated secret and key replace nothing, and refresh and destroy still work once the old ones are revoked",
  async () => {
    for (const { kind, pid } of await stack.processes()) {
      const environment = ofProcess(pid, "environ");
      const accounts = variable(environment, "AZURITE_ACCOUNTS")?.split(":").slice(1) ?? [];
      for (const key of accounts) plant("storage key", key);
      const header = variable(environment, "IDENTITY_HEADER");
      if (kind === "function-host" && header) plant("identity header of the app", header);
    }
    stack.adobe.secret = plant("aep:clientSecret, rotated", freshSecret("p8e-"));
    stack.customerIo.secret = plant("customerio:appApiKey, rotated", freshSecret());
    await stack.pulumi.configureSecret("aep:clientSecret", stack.adobe.secret);
    await stack.pulumi.configureSecret("customerio:appApiKey", stack.customerIo.secret);
    const preview = await stack.run("preview", "--diff");
    expect(preview).not.toMatch(/\d+ to (replace|create|delete)/);
    await stack.run("refresh", "--yes", "--skip-preview");
    await stack.run("destroy", "--yes", "--skip-preview");
    expect(await stack.pulumi.resources()).toEqual([]);
    expect(await stack.stack.vendors.leftovers()).toEqual({ Platform: [], "Customer.io": [], Azure: [] });
  },
  5 * minutes,
);

test(
  "no secret is where it does not belong",
  async () => {
    for (const token of stack.adobe.tokens) plant("access token of Adobe", token);
    for (const token of stack.identity.tokens) plant("access token of Azure", token);
    plant("identity header of the caller", stack.stack.cloud.environment.IDENTITY_HEADER ?? "");
    const search = new Search(canaries);
    const processes = await watch.stop();
    const files = await stack.files();
    const grpc = searchGrpcLog(await stack.grpcLog(), search);
    const hostOnly = new Search(
      canaries.filter(({ name }) => !/signing key|streaming|inlet|of the app|^aep:clientSecret$/.test(name)),
    );

    const places: [name: string, found: string[]][] = [
      ...stack.printed.map((text, index): [string, string[]] => [`output of command ${index + 1}`, search.in(text)]),
      ...files.map(({ path, content }): [string, string[]] => [path, search.in(content)]),
      ...processes.arguments.map((line): [string, string[]] => [`arguments of ${line.slice(0, 40)}`, search.in(line)]),
      ...processes.hostEnvironments.map((text): [string, string[]] => [
        "environment of the function host",
        hostOnly.in(text),
      ]),
    ];
    const findings = [
      ...places.filter(([, found]) => found.length > 0).map(([place, found]) => `${found.join(", ")} in ${place}`),
      ...grpc.plain,
    ];
    process.stdout.write(
      `taint: ${canaries.length} canaries, ${places.length + grpc.messages} places searched ` +
        `(${files.length} files, ${grpc.messages} gRPC messages, ${processes.arguments.length} command lines), ` +
        `${findings.length} found; ${grpc.wrapped} wrapped as secrets in gRPC messages\n`,
    );
    expect(findings).toEqual([]);
    expect([...new Set(canaries.map(({ name }) => name))].toSorted()).toEqual([
      "a signing key to come",
      "a wrong client secret",
      "access token of Adobe",
      "access token of Azure",
      "aep:clientSecret",
      "aep:clientSecret, rotated",
      "customerio:appApiKey",
      "customerio:appApiKey, rotated",
      "identity header of the app",
      "identity header of the caller",
      "inlet",
      "signing key",
      "storage key",
      "streaming URL",
    ]);
    expect(grpc.wrapped).toBeGreaterThan(0);
    expect(processes.hostEnvironments.length).toBeGreaterThan(0);
  },
  2 * minutes,
);
