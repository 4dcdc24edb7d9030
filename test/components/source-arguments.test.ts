import * as pulumi from "@pulumi/pulumi";
import { CustomerIoSource } from "../../components/customer-io-source.ts";
import type { Settings } from "../../components/settings/setting-types.ts";
import { readStackSettings } from "../../components/settings/settings.ts";
import {
  type CustomerIoSourceArgs,
  checkLateArgument,
  SourceArguments,
} from "../../components/settings/source-arguments.ts";
import { settingsSchema } from "../../settings/schema.ts";
import { declareSource } from "./declare-source.ts";
import { configure, configureWithCredentials, declareBy } from "./stack.ts";

const read = (args: CustomerIoSourceArgs) => new SourceArguments(args).read();

function resolveInput<T>(input: pulumi.Input<T>): Promise<unknown> {
  return new Promise((resolve) => pulumi.output(input).apply(resolve));
}

test("a source without arguments equals a stack without settings", () => {
  configure();
  expect(read({})).toEqual(readStackSettings(new pulumi.Config("customerio-aep")));
});

test("without a signing key the next steps name the argument, since the program may read it from any setting", async () => {
  configureWithCredentials();
  const { outputs } = await declareBy(() => ({ steps: new CustomerIoSource("events", {}).nextSteps }));
  expect((outputs as { steps: string[] }).steps[1]).toContain(
    "Set the secret that the program reads for the argument signingKeys, such as: npx pulumi config set --secret signingKeys",
  );
});

test("all mistakes are named at once, as arguments", () => {
  const args = { nodeVersion: 23, dataset: { keep: true, forceDestroy: true, rowExpirationDays: 3 } };
  expect(() => read(args as unknown as CustomerIoSourceArgs)).toThrow(
    "The arguments can't be used:\n" +
      "  - dataset.rowExpirationDays is invalid: it must be at least 30.\n" +
      "  - nodeVersion is invalid: it must be 22 or 24.",
  );
  expect(() => read({ dataset: { keep: true, forceDestroy: true } })).toThrow(
    "  - dataset.forceDestroy contradicts dataset.keep, which keeps the dataset.",
  );
  expect(() => read({ delivery: "direct", source: "http" })).toThrow(
    "  - source can't be used with delivery: direct, since the HTTP API source's endpoint requires an access token",
  );
});

test("a misspelled argument is refused", () => {
  expect(() => read({ alertEmail: ["a@example.com"] } as CustomerIoSourceArgs)).toThrow(/alertEmail/);
});

test("outputs are accepted if they do not decide which resources exist", async () => {
  const settings: Settings = read({
    alertEmails: [pulumi.output("oncall@example.com")],
    maximumRequestsPerSecond: pulumi.output(50),
    dataset: { name: pulumi.output("Events"), keep: true },
  });
  expect(await resolveInput(settings.alertEmails)).toEqual(["oncall@example.com"]);
  expect(await resolveInput(settings.maximumRequestsPerSecond)).toBe(50);
  expect(await resolveInput(settings.dataset.name)).toBe("Events");
  expect(settings.dataset).toMatchObject({ keep: true, errorDiagnostics: true, forceDestroy: false });
});

test("an output is refused if it does not fit the other arguments, once it is known", () => {
  const known = settingsSchema.parse({ profile: { enabled: true }, dataset: { existing: "5c8c3c555033b814b69f947f" } });
  expect(() => checkLateArgument(known, "personalData", { email: "hash" })).toThrow(
    "profile.identities.email is Email, but personalData.email is hash; hashed addresses have the namespace Email_LC_SHA256.",
  );
  expect(() => checkLateArgument(known, "dataset", { ...known.dataset, name: "Events" })).toThrow(
    "dataset.name has no effect with dataset.existing, which is used unchanged, with its schema.",
  );
  expect(checkLateArgument(known, "personalData", { recipient: "hash" })).toMatchObject({ recipient: "hash" });
});

test("arguments without effect cause a warning, also if they are outputs, and outputs of addresses count as somebody", () => {
  const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async () => undefined);
  const actionGroupIds = pulumi.output([
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Insights/actionGroups/a",
  ]);
  read({ azureExisting: { actionGroupIds }, alertEmails: [pulumi.output("oncall@example.com")], monthlyBudget: 5 });
  read({ delivery: "direct", maximumRequestsPerSecond: pulumi.output(50) });
  const said = warn.mock.calls.map(([message]) => message);
  warn.mockRestore();
  expect(said).toEqual([
    "alertEmails has no effect, since azureExisting.actionGroupIds is used unchanged.",
    expect.stringMatching(/^maximumRequestsPerSecond has no effect, since it belongs to the relay/),
  ]);
});

test.each([
  [{ delivery: pulumi.output("direct") }, "delivery"],
  [{ dataset: { existing: pulumi.output("1") } }, "dataset.existing"],
  [{ drainTimeoutSeconds: pulumi.output(5) }, "drainTimeoutSeconds"],
])("an output that decides which resources exist is refused: %p", (args, name) => {
  expect(() => read(args as unknown as CustomerIoSourceArgs)).toThrow(
    `${name} is invalid: it decides which resources exist, so it must be a plain value, not an output.`,
  );
});

test("a policy that is known later still contradicts direct delivery", () => {
  expect(() => read({ delivery: "direct", filters: pulumi.output({}) })).toThrow(/filters can't be used with delivery/);
});

test("a source with one argument declares everything", async () => {
  const resources = await declareSource({ alertEmails: ["oncall@example.com"] });
  const people = resources.find(({ type }) => type === "azure-native:monitor:ActionGroup");
  expect(people?.inputs.emailReceivers).toEqual([
    { name: "oncall@example.com", emailAddress: "oncall@example.com", useCommonAlertSchema: true },
  ]);
  expect(resources.find(({ type }) => type === "customerio:index:ReportingWebhook")?.inputs.disabled).toBe(true);
});

test("a signing key enables the webhook, an empty one does not", async () => {
  const webhookOf = async (args: CustomerIoSourceArgs) =>
    (await declareSource(args)).find(({ type }) => type === "customerio:index:ReportingWebhook")?.inputs;
  expect((await webhookOf({ signingKeys: pulumi.secret("cio-test-signing-key") }))?.disabled).toBe(false);
  expect((await webhookOf({ signingKeys: "" }))?.disabled).toBe(true);
});
