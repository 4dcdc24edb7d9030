import * as pulumi from "@pulumi/pulumi";
import { readStackSettings } from "../../components/settings/settings.ts";
import { checkSigningKeys } from "../../components/settings/signing-keys.ts";
import { subscriptionNames } from "../../packages/pulumi-customerio/src/events/catalogue.ts";
import { settingDefaults } from "../../settings/schema.ts";
import { configure } from "./stack.ts";

const read = () => readStackSettings(new pulumi.Config("customerio-aep"));

function problems(settings: Record<string, unknown>, secretKeys?: string[]): string {
  configure(settings, secretKeys);
  return message(read);
}

test("Pulumi.yaml's defaults are those of the table, with every event and no signing key", () => {
  configure();
  expect(read()).toEqual({ ...settingDefaults(), signingKeys: undefined, relayClientSecret: undefined });
  expect(read().events).toEqual(subscriptionNames);
});

test.each(["aep", "customerio", "azure-native"])("a project with the name of the provider %s is refused", (name) => {
  configure({ "customerio:": { appApiKey: "app-api-key" }, "aep:": { clientId: "client" } });
  expect(() => readStackSettings(new pulumi.Config(name))).toThrow(
    new RegExp(`:\n {2}- The project is called ${name}, .* such as to ${name}-events\\.$`),
  );
});

test("settings with this package's name are refused in a project with another one, where they would have no effect", () => {
  pulumi.runtime.setAllConfig({
    "customerio-aep:personalData": '{"email":"hash"}',
    "customerio-aep:armUrl": "https://arm.example",
  });
  expect(() => readStackSettings(new pulumi.Config("events"))).toThrow(
    "The stack's settings can't be used:\n  - customerio-aep:personalData has no effect: the settings of this project begin with events:. Write " +
      "events:personalData instead, and remove it: npx pulumi config rm customerio-aep:personalData",
  );
  pulumi.runtime.setAllConfig({ "customerio-aep:armUrl": "https://arm.example" });
  expect(readStackSettings(new pulumi.Config("events")).personalData.email).toBe("keep");
});

test("in the project with this package's name, a second source may have its settings under another name", async () => {
  await pulumi.runtime.setMocks({ newResource: () => ({ id: "", state: {} }), call: () => ({}) }, "customerio-aep");
  pulumi.runtime.setAllConfig({ "customerio-aep:withContent": "true", "second:withContent": "false" });
  expect(readStackSettings(new pulumi.Config("second")).withContent).toBe(false);
});

test("half a credential of the relay is refused, with the command for the other half", () => {
  expect(problems({ relayCredential: { clientId: "own" } })).toContain(
    "customerio-aep:relayCredential.clientId is set without customerio-aep:relayClientSecret. " +
      "npx pulumi config set --secret relayClientSecret",
  );
  const secrets = ["customerio-aep:relayClientSecret"];
  expect(problems({ relayClientSecret: "p8e-own" }, secrets)).toContain(
    "npx pulumi config set --path relayCredential.clientId <client id>",
  );
  expect(problems({ relayClientSecret: "p8e-own", relayCredential: { clientId: "own" } }, secrets)).toBe("");
  expect(problems({ relayClientSecret: "p8e-own", relayCredential: { clientId: "own" } }, [])).toContain(
    "customerio-aep:relayClientSecret is stored in plain text",
  );
});

test("secrets in plain text are refused", () => {
  expect(problems({ signingKeys: "0f".repeat(32) }, [])).toBe(
    "The stack's settings can't be used:\n  - customerio-aep:signingKeys is stored in plain text. Store it encrypted, and " +
      "rotate it if others could read it: npx pulumi config set --secret signingKeys",
  );
  expect(problems({}, [])).toBe("");
  configure({}, ["customerio-aep:signingKeys"]);
  pulumi.runtime.setConfig("aep:clientSecret", "p8e-1");
  pulumi.runtime.setConfig("customerio:appApiKey", "key-1");
  expect(read).toThrow(
    /aep:clientSecret is stored in plain text\..*: npx pulumi config set --secret aep:clientSecret\n/,
  );
  expect(read).toThrow(
    /customerio:appApiKey is stored in plain text\..*: npx pulumi config set --secret customerio:appApiKey$/,
  );
});

test("addresses of webhooks for alerts in plain text cause a warning that does not show them", () => {
  const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async () => undefined);
  try {
    const alertWebhooks = ["https://hooks.example/key"];
    expect(problems({ alertWebhooks }, ["customerio-aep:alertWebhooks"])).toBe("");
    expect(warn).not.toHaveBeenCalled();
    expect(problems({ alertWebhooks }, [])).toBe("");
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^customerio-aep:alertWebhooks is stored in plain text/)]]);
    expect(warn.mock.calls.join()).not.toContain("hooks.example");
  } finally {
    warn.mockRestore();
  }
});

test("an address of a webhook for alerts must have TLS, since it contains a key", () => {
  const secrets = ["customerio-aep:alertWebhooks"];
  // Without the value, for which the command asks: the shell's history would keep the key.
  expect(problems({ alertWebhooks: ["http://hooks.example/key"] }, secrets)).toMatch(
    /customerio-aep:alertWebhooks\[0\] is invalid: it must be an address that begins with https:\/\/\. .*config set --secret --path 'alertWebhooks\[0\]'$/m,
  );
  expect(problems({ alertWebhooks: "https://hooks.example/key" }, secrets)).toMatch(
    /config rm alertWebhooks && .*config set --secret --path 'alertWebhooks\[0\]'$/m,
  );
});

test.each([
  [{ source: "http" }, "source", "the HTTP API source's endpoint requires an access token"],
  [{ filters: { only: { metrics: ["sent"] } } }, "filters", "every event that Customer.io sends goes to Platform"],
  [{ personalData: { email: "hash" } }, "personalData", "nothing between Customer.io and Platform"],
])("it refuses %j with direct delivery", (settings, setting, reason) => {
  const said = problems({ delivery: "direct", ...settings });
  expect(said).toContain(`customerio-aep:${setting} can't be used with delivery: direct, since ${reason}`);
  expect(said).toContain(`npx pulumi config rm ${setting}, or npx pulumi config rm delivery`);
  expect(problems(settings)).toBe("");
});

test("signing keys are secret", async () => {
  configure({ signingKeys: `${"0f".repeat(32)}\n${"1e".repeat(32)}` });
  const { signingKeys } = read();
  expect(await pulumi.isSecret(signingKeys as pulumi.Output<string>)).toBe(true);
});

describe("an impossible signing key is refused at preview", () => {
  const key = "7d5c0b9e".repeat(8);
  const other = "c4a1f0e2".repeat(8);
  const appApiKey = "0123456789abcdef".repeat(2);
  const plain: [string, string, string][] = [
    ["blank", " \n\t ", "is blank"],
    ["the placeholder of the instructions", "<the key>", "is a placeholder"],
    ["a placeholder of somebody else's", "your-signing-key", "is a placeholder"],
    ["joined by a comma", `${key},${other}`, "joined by a comma"],
    ["joined by a comma and a blank", `${key}, ${other}`, "joined by a comma"],
    ["joined by a semicolon", `${key};${other}`, "joined by a comma or the like"],
    ["several on one line", `${key} ${other}`, "contains white space"],
    ["a tab within", `${key}\t${other}`, "contains white space"],
    ["broken by a copy", `${key.slice(0, 20)} ${key.slice(20)}`, "contains white space"],
    ["a written line break", `${key}\\n${other}`, "has a \\n instead of a line break"],
    ["a list", JSON.stringify([key, other]), "is a list"],
    ["quotes", `"${key}"`, "quotation marks"],
    ["single quotes", `'${key}'`, "quotation marks"],
    ["typographic quotes", `\u201c${key}\u201d`, "quotation marks"],
    ["backticks", `\`${key}\``, "quotation marks"],
    ["a label", `Signing key: ${key}`, "begins with a label"],
    ["a label as in a shell", `SIGNING_KEY=${key}`, "begins with a label"],
    ["a label as in JSON", `"signing_key": "${key}"`, "begins with a label"],
    ["a short label", `key=${key}`, "begins with a label"],
    ["a zero-width space", `${key.slice(0, 9)}\u200b${key.slice(9)}`, "an invisible character"],
    ["a zero-width space at the end", `${key}\u200b`, "an invisible character"],
    ["a byte order mark", `\ufeff${key}`, "an invisible character"],
    ["a soft hyphen", `${key.slice(0, 9)}\u00ad${key.slice(9)}`, "an invisible character"],
    ["a control character", `${key}\u0007`, "an invisible character"],
    ["a no-break space", `${key.slice(0, 9)}\u00a0${key.slice(9)}`, "contains white space"],
    ["masked", "\u2022".repeat(32), "masked or cut short"],
    ["masked by asterisks", `${"*".repeat(28)}9e2b`, "masked or cut short"],
    ["cut short", `${key.slice(0, 12)}\u2026`, "masked or cut short"],
    ["too short", "a1b2c3", "too short"],
    ["too long", key.repeat(9), "too long"],
    ["a URL", "https://relay.example.org/customerio", "is a URL"],
    ["the App API key of the same stack", appApiKey, "is the value of customerio:appApiKey"],
    ["a client secret of Adobe", "p8e-abcdefghijklmnopqrstuvwxyz01", "another kind of credential"],
    ["an access token", `eyJhbGciOiJIUzI1NiJ9.${key}.${other}`, "another kind of credential"],
    ["a header", `Bearer ${key}`, "another kind of credential"],
    ["a Key Vault reference", "@Microsoft.KeyVault(SecretUri=https://v.example/secrets/a)", "Key Vault reference"],
    ["an e-mail address", "ann.example@example.org", "e-mail address"],
    ["a placeholder of a document", "your_webhook_signing_key", "is a placeholder"],
    ["another placeholder of a document", "replace-with-your-key", "is a placeholder"],
    ["what a program prints for nothing", "undefined", "is a placeholder"],
    ["the menu's words", "signing_key", "is a placeholder"],
    ["a variable that no shell replaced", "$CUSTOMERIO_SIGNING_KEY", "is the name of a variable"],
    ["the same with braces", "${CUSTOMERIO_SIGNING_KEY}", "is the name of a variable"],
    ["a variable of Windows", "%CUSTOMERIO_SIGNING_KEY%", "is the name of a variable"],
    ["a command that no shell ran", "$(cat signing-key)", "is the name of a variable"],
    ["a file's name", "@signing-key.txt", "is the path of a file"],
    ["a mounted secret's path", "/run/secrets/signing-key", "is the path of a file"],
    ["a path of Windows", "C:\\keys\\customerio", "has a backslash"],
    ["an ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:key", "is a reference to a secret store"],
    [
      "what Pulumi encrypted",
      `v1:${"Qm9+L2s=".repeat(2)}:${"Qm9+L2s=".repeat(4)}`,
      "is a value that Pulumi has encrypted",
    ],
    ["a call's signature with its version", `v0=${key}`, "is the signature of a call"],
    ["a call's signature with its algorithm", `sha256=${key}`, "is the signature of a call"],
    ["a token of GitHub", `ghp_${"aB3".repeat(12)}`, "another kind of credential"],
    ["URL-encoded", `${key}%0A`, "is URL-encoded"],
    ["a comment", `#${key}`, "begins with #"],
    ["joined by an ampersand", `${key}&${other}`, "joined by a comma or the like"],
    ["a backslash of a shell", `${key}\\`, "has a backslash"],
  ];

  test.each(plain)("%s", (_, text, reason) => {
    configure({ signingKeys: text });
    pulumi.runtime.setConfig("customerio:appApiKey", appApiKey);
    const said = message(read);
    expect(said).toContain(`customerio-aep:signingKeys ${reason.startsWith("is ") ? reason : ""}`);
    expect(said).toContain(reason);
    expect(said).toContain("npx pulumi config set --secret signingKeys");
    const shown = text.match(/[0-9a-f]{8,}/g)?.filter((part) => said.includes(part)) ?? [];
    expect(shown).toEqual([]);
  });

  test("also one of several, named by its line", () => {
    const said = problems({ signingKeys: `${key}\n\n"${other}"\n` });
    expect(said.split("\n").slice(1)).toEqual([
      expect.stringContaining("customerio-aep:signingKeys line 3 has quotation marks"),
    ]);
  });

  test.each([
    ["hexadecimal", key],
    ["base64", "Qm9+L2s=".repeat(5)],
    ["base64 that ends like a label", "abcdefghijklmnopkey=="],
    ["with blanks around it", `  ${key}\t`],
    ["several, with blank lines", `\n${key}\r\n\r\n${other}\n`],
    ["words with hyphens", "cio-test-signing-key"],
  ])("a possible one is accepted: %s", (_, text) => {
    expect(problems({ signingKeys: text })).toBe("");
    expect(read().signingKeys).toBeDefined();
  });

  test("an unusual one is accepted, with a warning that does not show it", () => {
    const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async () => undefined);
    for (const text of [
      "signing-secret",
      "schlüssel-aus-köln-1",
      "0b5c1a52-2d7c-4f0e-8a86-0123456789ab",
      key.repeat(3),
    ]) {
      expect(problems({ signingKeys: text })).toBe("");
      expect(warn.mock.calls.at(-1)?.[0]).toContain("unusual for a signing key");
      expect(warn.mock.calls.at(-1)?.[0]).not.toContain(text);
    }
    expect(warn).toHaveBeenCalledTimes(4);
    warn.mockRestore();
  });

  test("an empty setting, Pulumi.yaml's default, is not a key yet", () => {
    configure({ signingKeys: "" });
    expect(read().signingKeys).toBeUndefined();
  });

  test("also in a program of your own", () => {
    expect(() => checkSigningKeys(`"${key}"`)).toThrow(
      "  - signingKeys has quotation marks, which don't belong to a key.",
    );
    expect(checkSigningKeys(key)).toBe(key);
    const warn = jest.spyOn(pulumi.log, "warn").mockImplementation(async () => undefined);
    checkSigningKeys("signing-secret");
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^signingKeys is short: .* unusual for a signing key/)]]);
    warn.mockRestore();
    pulumi.runtime.setAllConfig({ "customerio:appApiKey": key });
    expect(() => checkSigningKeys(key)).toThrow(
      "  - signingKeys is the value of customerio:appApiKey, another credential.",
    );
  });
});

function message(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    if (pulumi.RunError.isInstance(error)) return error.message;
    throw error;
  }
  return "";
}

test("all mistakes are reported at once, each with its key and the command that fixes it", () => {
  const said = problems({
    events: ["email_sent", "Email Sent", "email_forwarded", "x"],
    nodeVersion: 18,
    withContent: "yes",
    swatch: "red",
  });
  expect(said.split("\n")).toEqual([
    "The stack's settings can't be used:",
    "  - customerio-aep:swatch is invalid: there is no such setting. Remove it: npx pulumi config rm swatch",
    "  - customerio-aep:events[1] is invalid: \"Email Sent\" can't be the name of a reporting webhook event; did you mean email_sent? Set it: npx pulumi config set --path 'events[1]' <value>",
    "  - customerio-aep:events[3] is invalid: \"x\" can't be the name of a reporting webhook event, such as email_sent. Set it: npx pulumi config set --path 'events[3]' <value>",
    "  - customerio-aep:withContent is invalid: it must be true or false. Set it: npx pulumi config set withContent <value>",
    "  - customerio-aep:nodeVersion is invalid: it must be 22 or 24. Set it: npx pulumi config set nodeVersion <value>",
  ]);
});

test("filters and personal data are checked in every part", () => {
  const said = problems({
    filters: { only: { metrics: ["sent", "opend"] }, without: {} },
    personalData: { email: "encrypt" },
  });
  expect(said.split("\n").slice(1)).toEqual([
    "  - customerio-aep:filters.without is invalid: unknown name; the known ones are only and except. Remove it: npx pulumi config rm --path 'filters.without'",
    "  - customerio-aep:personalData.email is invalid: it must be keep, hash or drop. Set it: npx pulumi config set --path 'personalData.email' <value>",
  ]);
});

test("a value of another type is reported with the commands that correct it", () => {
  const said = problems({
    event: ["email_sent"],
    schema: "My events",
    filters: { only: { objectTypes: "email" } },
    alertEmails: ["data@example"],
    logRetentionDays: 30.5,
    profile: { identities: { mail: "Email" } },
  });
  expect(said.split("\n").slice(1)).toEqual([
    "  - customerio-aep:event is invalid: there is no such setting; did you mean events? Remove it: npx pulumi config rm event",
    "  - customerio-aep:schema is invalid: it must be an object of named values. Set it: npx pulumi config rm schema && npx pulumi config set --path 'schema.<name>' <value>",
    "  - customerio-aep:profile.identities.mail is invalid: unknown name; the known ones are email, id, cio_id and phone. Remove it: npx pulumi config rm --path 'profile.identities.mail'",
    "  - customerio-aep:filters.only.objectTypes is invalid: it must be a list. Set it: npx pulumi config rm --path 'filters.only.objectTypes' && npx pulumi config set --path 'filters.only.objectTypes[0]' <value>",
    "  - customerio-aep:alertEmails[0] is invalid: it must be an e-mail address. Set it: npx pulumi config set --path 'alertEmails[0]' <value>",
    "  - customerio-aep:logRetentionDays is invalid: it must be a whole number. Set it: npx pulumi config set logRetentionDays <value>",
  ]);
});

test("names in Azure have its lengths, and each storage account a name of its own", () => {
  const said = problems({
    azureNames: { vault: "kv-crm-events-prod-weu-001", storageAccount: "stcrm", hostStorageAccount: "stcrm" },
  });
  expect(said.split("\n").slice(1)).toEqual([
    "  - customerio-aep:azureNames.vault is invalid: it must have 3 to 24 letters, digits and single hyphens, starting with a letter. Set it: npx pulumi config set --path 'azureNames.vault' <value>",
    "  - customerio-aep:azureNames.hostStorageAccount is invalid: it must differ from storageAccount, since each account has a name of its own. Set it: npx pulumi config set --path 'azureNames.hostStorageAccount' <value>",
  ]);
});

test("existing objects can't be renamed or described, and the message has the command that fixes it", () => {
  const said = problems({
    dataset: { existing: "Events", name: "Other", rowExpirationDays: 90, partialIngestionPercent: 5 },
    schema: { title: "Mine" },
    fieldGroup: { description: "Mine." },
  });
  expect(said.split("\n").slice(1)).toEqual([
    "  - customerio-aep:dataset.name has no effect with dataset.existing, which is used unchanged, with its schema. Remove it: npx pulumi config rm --path 'dataset.name'",
    "  - customerio-aep:dataset.rowExpirationDays has no effect with dataset.existing, which is used unchanged, with its schema. Remove it: npx pulumi config rm --path 'dataset.rowExpirationDays'",
    "  - customerio-aep:schema.title has no effect with dataset.existing, which is used unchanged, with its schema. Remove it: npx pulumi config rm --path 'schema.title'",
    "  - customerio-aep:fieldGroup.description has no effect with dataset.existing, which is used unchanged, with its schema. Remove it: npx pulumi config rm --path 'fieldGroup.description'",
  ]);
  const own = problems({ schema: { existing: "Mine", title: "Mine" }, fieldGroup: { title: "Mine" } });
  expect(own.split("\n").slice(1)).toEqual([
    "  - customerio-aep:schema.title has no effect with schema.existing, which is used unchanged. Remove it: npx pulumi config rm --path 'schema.title'",
    "  - customerio-aep:fieldGroup.title has no effect with schema.existing, which is used unchanged. Remove it: npx pulumi config rm --path 'fieldGroup.title'",
  ]);
});

test("limits of Platform are reported before it is asked", () => {
  const said = problems({ dataset: { rowExpirationDays: 7, partialIngestionPercent: 0 } });
  expect(said.split("\n").slice(1)).toEqual([
    "  - customerio-aep:dataset.partialIngestionPercent is invalid: it must be more than 0. Set it: npx pulumi config set --path 'dataset.partialIngestionPercent' <value>",
    "  - customerio-aep:dataset.rowExpirationDays is invalid: it must be at least 30. Set it: npx pulumi config set --path 'dataset.rowExpirationDays' <value>",
  ]);
});

test.each([
  [
    { primaryIdentity: "id" },
    {},
    "identities.id is missing: primaryIdentity is id, which needs the code of its identity namespace",
  ],
  [{ identities: {} }, {}, "identities has 0 identities; it must have one to 3"],
  [
    { identities: { email: "Email", id: "Crm", cio_id: "Cio", phone: "Phone" } },
    {},
    "identities has 4 identities; it must have one to 3",
  ],
  [
    {},
    { email: "hash" },
    "identities.email is Email, but personalData.email is hash; hashed addresses have the namespace Email_LC_SHA256",
  ],
  [
    { identities: { email: "Email_LC_SHA256" } },
    {},
    "identities.email is Email_LC_SHA256, but personalData.email is keep, so that the addresses are not hashed",
  ],
  [{}, { email: "drop" }, "identities.email has no effect, since personalData.email drops the address"],
  [
    { identities: { phone: "Phone" } },
    { recipient: "hash" },
    "identities.phone can't identify people, since personalData.recipient hashes the number in events of messages to it, but in no other events",
  ],
  [
    { identities: { phone: "Phone" } },
    { recipient: "drop" },
    "identities.phone can't identify people, since personalData.recipient drops the number in events of messages to it, but in no other events",
  ],
])("identities %j with personal data %j: %s", (profile, personalData, reason) => {
  expect(problems({ profile: { enabled: true, ...profile }, personalData })).toContain(
    `  - customerio-aep:profile.${reason}. `,
  );
  expect(problems({ profile, personalData })).toBe("");
});

test("your own mapping may hash the field that is the primary identity, or the addresses in the identity map", () => {
  const profile = { enabled: true, identities: { email: "Email_LC_SHA256" } };
  expect(problems({ profile: { ...profile, primaryIdentity: "email" } })).toBe("");
  const set = [{ destination: "identityMap", expression: "nullify()" }];
  expect(problems({ profile, mapping: { set } })).toBe("");
});
