import { execFile } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import manifest from "../../package.json" with { type: "json" };
import { engineFolder } from "../../packages/local-cloud/src/engine/engine.ts";
import { config as aepConfig } from "../../packages/pulumi-aep/src/config.ts";
import { config as customerIoConfig } from "../../packages/pulumi-customerio/src/config.ts";
import { config as ownConfig } from "../../relay/deploy/config.ts";
import { settingsTable } from "../../settings/table.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

/** Returns what is wrong with the arguments of a program, undefined if they are valid. Runs nothing. */
type Parse = (args: readonly string[]) => string | undefined | Promise<string | undefined>;

/** A command in its parts, as a shell passes them to a program. */
interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Whether it can be typed unchanged; without `npx`, documentation may name only a part of a command. */
  readonly isWhole: boolean;
}

/**
 * What is wrong with each command, undefined if it is valid.
 *
 * @param texts the collected commands
 */
export async function parseCommands(texts: readonly string[]): Promise<readonly (string | undefined)[]> {
  const commands = texts.map(splitCommand);
  const own = commands.filter(({ program }) => program === manifest.name);
  const mistakes = new Map(await parseOwn(own));
  return Promise.all(
    commands.map(async (command) => {
      if (mistakes.has(command)) return mistakes.get(command);
      const { program, args } = command;
      const parse = parsers[program];
      return parse ? parse(args) : `"${program}" is not a program that this test knows.`;
    }),
  );
}

function splitCommand(text: string): Command {
  const [, npx, program = "", rest = ""] =
    /^(npx )?(\S+)(.*)$/.exec(text.replace(/^npm run ops -- /, "npx customerio-aep ")) ?? [];
  const words = [...rest.matchAll(/ ((?:'[^']*'|"[^"]*"|<[^>]*>|[^\s'"<>])+)/g)].map(([, word = ""]) => word);
  return { program, args: words.map(fillIn), isWhole: npx !== undefined };
}

/** A word as the shell passes it to the program, with placeholders filled in. */
function fillIn(word: string): string {
  return word
    .replaceAll(/<(?:from|to|day)>|\$day\b/g, "2026-01-31")
    .replaceAll(/<[^>]*>/g, "x")
    .replaceAll(/['"]/g, "");
}

/** Uses the help of Pulumi's own CLI: its flags, their values, and the number of arguments. */
const parsePulumi: Parse = async (args) => {
  // A word that looks like a name is one, or an argument; the help says how many are names.
  const names = args.slice(0, 2).filter((word) => /^[a-z][a-z-]+$/.test(word));
  const help = await helpOf(path.join(engineFolder(), "pulumi"), ...names);
  const usage = /^Usage:\n {2}pulumi (.*)$/m.exec(help)?.[1]?.split(" ") ?? [];
  const depth = usage.filter((word) => /^[a-z]/.test(word)).length;
  if (depth === 0) return "Pulumi has no such command.";
  const words = args.slice(depth);
  for (const [index, word] of words.entries()) {
    if (!word.startsWith("-")) continue;
    const flag = flagIn(help, word);
    if (flag === undefined) return `unknown flag: ${word}`;
    const value = words[index + 1];
    if (flag.takes?.startsWith("int") && value !== undefined && !/^\d+$/.test(value)) {
      return `invalid argument for ${word}: ${value}`;
    }
  }
  const takes = usage.slice(depth).filter((word) => /^[<[]/.test(word) && !/^\[(flags|--)\]$/.test(word));
  const most = takes.some((word) => word.includes("...")) ? Number.POSITIVE_INFINITY : takes.length;
  const given = argumentsAmong(words, (word) => flagIn(help, word)?.takes !== undefined);
  if (given.length > most) return `It takes ${most} arguments, and gets ${given.length}: ${given.join(" ")}`;
  return args[0] === "config" && given[0] !== undefined ? unknownSetting(given[0]) : undefined;
};

/** A flag in Pulumi's help: `  -s, --stack string   The name`. */
function flagIn(help: string, word: string): { readonly takes: string | undefined } | undefined {
  const [all, takes] = new RegExp(`^ +(?:-\\w, )?${word}(?:, --[\\w-]+)?(?: (\\S+))?(?: {2}|$)`, "m").exec(help) ?? [];
  return all === undefined ? undefined : { takes };
}

/** The words that are neither a flag nor its value. */
function argumentsAmong(words: readonly string[], takesValue: (flag: string) => boolean): string[] {
  return words.filter((word, index) => !word.startsWith("-") && !takesValue(words[index - 1] ?? ""));
}

const helps = new Map<string, Promise<string>>();

function helpOf(...command: readonly [string, ...string[]]): Promise<string> {
  const [program, ...names] = command;
  const key = command.join(" ");
  const help = helps.get(key) ?? run(program, [...names, "--help"], { cwd: repository }).then(({ stdout }) => stdout);
  helps.set(key, help);
  return help;
}

const namespaces: Readonly<Record<string, readonly string[]>> = {
  [manifest.name]: [...Object.keys(settingsTable), ...Object.keys(ownConfig.shape)],
  aep: Object.keys(aepConfig.shape),
  customerio: Object.keys(customerIoConfig.shape),
  "azure-native": ["location", "subscriptionId", "tenantId"],
};
/** Those of the examples' programs. */
const ofExamples = /^(brands|settings|forceDestroy|(north|south)(AppApiKey|SigningKeys))$/;

/** What is wrong with a key of the configuration; `x` is a placeholder. */
function unknownSetting(key: string): string | undefined {
  const [, namespace = manifest.name, name = ""] = /^(?:([\w-]+):)?(\w+)/.exec(key) ?? [];
  const isKnown = name === "x" || ofExamples.test(name) || namespaces[namespace]?.includes(name);
  return isKnown ? undefined : `There is no setting ${key}.`;
}

/** Uses this package's own CLI, including each value. */
async function parseOwn(commands: readonly Command[]): Promise<[Command, string | undefined][]> {
  const program = path.join(import.meta.dirname, "own-parser.ts");
  if (commands.length === 0) return [];
  const { stdout } = await run(process.execPath, [program, JSON.stringify(commands.map(({ args }) => args))]);
  const found = JSON.parse(stdout) as { unknown: string[]; wrong: string[] }[];
  return commands.map((command, index) => {
    const { unknown = [], wrong = [] } = found[index] ?? {};
    // A command that is named in part may lack required options.
    const mistakes = [...unknown, ...(command.isWhole ? wrong : [])];
    return [command, mistakes.length > 0 ? mistakes.join("\n") : undefined];
  });
}

/** Uses npm's own help, and the existing scripts and packages. */
const parseNpm: Parse = async ([command = "", ...args]) => {
  const end = args.indexOf("--");
  const [own, passed] = end === -1 ? [args, []] : [args.slice(0, end), args.slice(end + 1)];
  // npm test is npm run test.
  const help = await helpOf("npm", command === "test" ? "run" : command);
  const flag = own.find((word) => word.startsWith("-") && !takesFlag(help, word));
  if (flag !== undefined) return `npm ${command} has no ${flag}.`;
  const given = argumentsAmong(own, (word) => new RegExp(`[[|]${word} <`).test(help));
  if (command === "install") return given.map(unknownPackage).find((mistake) => mistake !== undefined);
  if (command !== "run") return undefined;
  const [script = ""] = given;
  if (!(script in manifest.scripts)) return `package.json has no script ${script}.`;
  const [, tests] = /\bjest (\S+)$/.exec(manifest.scripts[script as keyof typeof manifest.scripts]) ?? [];
  if (tests !== undefined) return parseJest([tests, ...passed]);
  const publishing = script === "publish-packages" ? await helpOf("npm", "publish") : undefined;
  const unknown = passed.find(
    (word) =>
      word.startsWith("-") &&
      !(publishing ? takesFlag(publishing, word) : scriptTakes(script as keyof typeof manifest.scripts, word)),
  );
  return unknown && `${script} has no ${unknown}.`;
};

function takesFlag(help: string, flag: string): boolean {
  return new RegExp(`[[|]${flag.replace(/^--no-/, "--(no-)?")}[\\s|\\]]`).test(help);
}

function scriptTakes(script: keyof typeof manifest.scripts, flag: string): boolean {
  const [, file] = /^node (\S+)$/.exec(manifest.scripts[script]) ?? [];
  return file !== undefined && readFileSync(path.join(repository, file), "utf8").includes(`\`${flag}\``);
}

function unknownPackage(spec: string): string | undefined {
  // Of npm run pack.
  if (/^\.\/[\w/-]+\/\*\.tgz$/.test(spec)) return undefined;
  // The name of a scope begins with an @ as well.
  const name = spec.replace(/(?<=.)@.*$/, "");
  const own = globSync("packages/*/package.json", { cwd: repository }).map((file) => path.basename(path.dirname(file)));
  const dependencies = Object.keys({ ...manifest.devDependencies, ...manifest.optionalDependencies });
  const isKnown = [manifest.name, ...own, ...dependencies, "x"].includes(name);
  return isKnown ? undefined : `There is no package ${name}.`;
}

/** Checks that the named tests exist: by path, and by a title somewhere below it. */
const parseJest: Parse = (args) => {
  const options = args.indexOf("-t");
  const [paths, [, title]] = options === -1 ? [args, []] : [args.slice(0, options), args.slice(options)];
  const files = globSync("{test,packages/*/test}/**/*.ts", { cwd: repository });
  for (const start of paths) {
    const meant = files.filter((file) => file.includes(start));
    if (!meant.some((file) => file.endsWith(".test.ts"))) return `No test is at ${start}.`;
    const hasTitle = (file: string) => readFileSync(path.join(repository, file), "utf8").includes(String(title));
    if (title !== undefined && !meant.some(hasTitle)) return `No test at ${start} is called ${title}.`;
  }
  return undefined;
};

/** Commands of the Azure CLI, from its reference: https://learn.microsoft.com/cli/azure/reference-index */
const azure: Readonly<Record<string, readonly string[]>> = {
  "account show": [],
  "ad signed-in-user show": ["--output", "--query"],
  "afd profile show": ["--profile-name", "--query", "--resource-group"],
  "functionapp list-flexconsumption-locations": ["--output", "--zone-redundant"],
  "functionapp list-flexconsumption-runtimes": ["--location", "--runtime"],
  "group delete": ["--name"],
  "keyvault delete": ["--name"],
  "keyvault purge": ["--location", "--name"],
  "lock delete": ["--ids"],
  "lock list": ["--resource-group"],
  login: ["--tenant"],
  "network vnet subnet update": ["--delegations", "--ids"],
  "monitor log-analytics workspace table update": [
    "--name",
    "--resource-group",
    "--retention-time",
    "--total-retention-time",
    "--workspace-name",
  ],
  "policy exemption create": ["--exemption-category", "--name", "--policy-assignment", "--scope"],
  "provider register": ["--namespace", "--wait"],
  "resource delete": ["--ids"],
  "role assignment create": [
    "--assignee",
    "--assignee-object-id",
    "--assignee-principal-type",
    "--condition",
    "--condition-version",
    "--role",
    "--scope",
  ],
  "storage account list": ["--output"],
  "storage queue create": ["--account-name", "--auth-mode", "--name"],
  "storage account migration start": ["--account-name", "--resource-group", "--sku"],
  "identity create": ["--name", "--resource-group"],
  "identity federated-credential create": [
    "--audiences",
    "--identity-name",
    "--issuer",
    "--name",
    "--resource-group",
    "--subject",
  ],
  "keyvault create": ["--enable-purge-protection", "--enable-rbac-authorization", "--name", "--resource-group"],
  "keyvault secret delete": ["--name", "--vault-name"],
  "keyvault secret recover": ["--name", "--vault-name"],
  "keyvault update": ["--enable-rbac-authorization", "--name", "--resource-group"],
  "keyvault key create": ["--kty", "--name", "--vault-name"],
  "storage account blob-service-properties update": ["--account-name", "--enable-versioning", "--resource-group"],
  "storage account create": [
    "--allow-blob-public-access",
    "--allow-shared-key-access",
    "--name",
    "--resource-group",
    "--sku",
  ],
  "storage container delete": ["--account-name", "--auth-mode", "--name"],
  "storage container create": ["--account-name", "--auth-mode", "--name"],
};

const parseAzure: Parse = (args) => {
  const flags = args.findIndex((word) => word.startsWith("-"));
  const command = (flags === -1 ? args : args.slice(0, flags)).join(" ");
  const known = azure[command];
  if (known === undefined) return `The Azure CLI's "${command}" is not in this test's list.`;
  return args.slice(command.split(" ").length).find((word) => word.startsWith("-") && !known.includes(word));
};

const parsers: Readonly<Record<string, Parse>> = {
  pulumi: parsePulumi,
  npm: parseNpm,
  jest: parseJest,
  az: parseAzure,
};
