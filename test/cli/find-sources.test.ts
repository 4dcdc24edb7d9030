import { findSources } from "../../cli/stack/find-sources.ts";
import { StackSource } from "../../cli/stack/source.ts";
import { silenceHoursOf } from "../../cli/stack/source-settings.ts";
import { readState, type StackResource } from "../../cli/stack/state.ts";
import { operatorCommand, pulumiCommand } from "../../relay/core/operator-command.ts";

const urnOf = (type: string, name: string) => `urn:pulumi:dev::events::${type}::${name}`;

/** A state with these resources, as `pulumi stack export` prints it. */
function state(resources: readonly Record<string, unknown>[]): readonly StackResource[] {
  return readState(JSON.stringify({ version: 3, deployment: { resources } }));
}

const resource = (type: string, name: string, more: object = {}) => ({ type, urn: urnOf(type, name), ...more });

test("each component is a source, sorted by name, with its own resources and no others", () => {
  const [north, south] = ["north", "south"].map((name) => urnOf("customerio-aep:index:CustomerIoSource", name));
  const part = urnOf("customerio-aep:index:WebhookRelay", "south-relay");
  const sources = findSources(
    state([
      resource("customerio-aep:index:CustomerIoSource", "south"),
      resource("customerio-aep:index:CustomerIoSource", "north"),
      resource("aep:index:Dataflow", "north-flow", { parent: north }),
      resource("customerio-aep:index:WebhookRelay", "south-relay", { parent: south }),
      resource("azure-native:storage:StorageAccount", "new", { parent: part }),
      resource("azure-native:storage:StorageAccount", "new", { parent: part, delete: true }),
      // What a source depends on may belong to another one.
      resource("customerio:index:ReportingWebhook", "south-hook", {
        parent: south,
        dependencies: [urnOf("aep:index:Dataflow", "north-flow")],
      }),
    ]),
  );
  expect(sources.map(({ name, members }) => [name, members.map((member) => member.name)])).toEqual([
    ["north", ["north-flow"]],
    ["south", ["south-relay", "new", "new", "south-hook"]],
  ]);
});

test("without the component a webhook is a source, with everything that it depends on", () => {
  const made = ["one", "two"].flatMap((name) => [
    resource("aep:index:TargetConnection", `${name}-target`),
    resource("aep:index:Dataflow", `${name}-flow`, {
      dependencies: [urnOf("aep:index:TargetConnection", `${name}-target`)],
    }),
    resource("customerio:index:ReportingWebhook", name, {
      dependencies: [urnOf("aep:index:Dataflow", `${name}-flow`)],
    }),
  ]);
  const sources = findSources(state([...made, resource("aep:index:Dataflow", "unfinished")]));
  expect(sources.map(({ name, members }) => [name, members.map((member) => member.name)])).toEqual([
    ["one", ["one-target", "one-flow", "one"]],
    ["two", ["two-target", "two-flow", "two"]],
    ["unfinished", ["unfinished"]],
  ]);
});

test("a component on which a webhook depends belongs to its source too", () => {
  const monitoring = urnOf("customerio-aep:index:RelayMonitoring", "relay");
  const alert = urnOf("azure-native:monitor:ScheduledQueryRule", "silent");
  const [source] = findSources(
    state([
      resource("customerio-aep:index:RelayMonitoring", "relay", { outputs: { silenceAlertHours: 12 } }),
      resource("azure-native:monitor:ScheduledQueryRule", "silent", { parent: monitoring }),
      resource("customerio:index:ReportingWebhook", "hook", { dependencies: [alert] }),
    ]),
  );
  expect(
    source &&
      silenceHoursOf(new StackSource({ ...source, target: { stack: "dev" }, providers: new Map(), settings: {} })),
  ).toBe(12);
});

test("two sources of one name are distinguished by their URNs", () => {
  const parents = ["a", "b"].map((name) => urnOf("my:index:Team", name));
  const sources = findSources(
    state(
      parents.map((parent, at) => ({
        ...resource("customerio-aep:index:CustomerIoSource", "events", { parent }),
        urn: `urn:pulumi:dev::events::my:index:Team${at}$customerio-aep:index:CustomerIoSource::events`,
      })),
    ),
  );
  expect(sources.map(({ name }) => name)).toEqual([
    expect.stringContaining("Team0$customerio-aep"),
    expect.stringContaining("Team1$customerio-aep"),
  ]);
});

test("secrets are read if they were exported in plain text, and are undefined otherwise", () => {
  const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
  const inputs = { shown: { ...secret, plaintext: '"key"' }, hidden: { ...secret, ciphertext: "v1:abc" } };
  const [read] = state([resource("customerio-aep:index:VaultSecret", "keys", { inputs })]);
  expect(read?.inputs).toEqual({ shown: "key", hidden: undefined });
});

test("printed commands name the stack, the folder, the file of the settings and the source, quoted for a shell", () => {
  const target = { stack: "acme/events/dev", folder: "../my events", configFile: "/etc/dev.yaml", source: "north" };
  expect(operatorCommand("replay --dry-run", target)).toBe(
    "npx customerio-aep replay --dry-run --stack acme/events/dev --cwd '../my events' --config-file /etc/dev.yaml --source north",
  );
  expect(pulumiCommand("up", target)).toBe(
    "npx pulumi up --stack acme/events/dev --cwd '../my events' --config-file /etc/dev.yaml",
  );
  expect(operatorCommand("status")).toBe("npx customerio-aep status");
});

test("commands on events use the account that has them, not that of the Functions host", () => {
  const type = "azure-native:storage:StorageAccount";
  const below = (component: string, name: string) =>
    `urn:pulumi:dev::p::customerio-aep:index:CustomerIoSource$customerio-aep:index:WebhookRelay$${component}$${type}::${name}`;
  const [host, events] = ["customerio-aep:index:HostStorage", "customerio-aep:index:RelayStorage"];
  const sourceWith = (...members: object[]) =>
    new StackSource({
      name: "s",
      target: { stack: "dev" },
      component: undefined,
      providers: new Map(),
      settings: {},
      members: members as StackResource[],
    });
  const account = { type, urn: below(host, "host") };
  const ofEvents = { type, urn: below(events, "events") };
  const replaced = { type, urn: below(events, "events"), delete: true };
  const source = sourceWith(account, { ...account, delete: true }, ofEvents, replaced);
  expect(source.storageAccount).toBe(ofEvents);
  expect(source.replacedStorageAccounts).toEqual([replaced]);
  expect(source.hasStorage).toBe(true);
  // What an interrupted destroy has left.
  expect(sourceWith(account).hasStorage).toBe(false);
  expect(() => sourceWith(account).storageAccount).toThrow(`has no ${type}. Create it: `);
});
