import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { defaultAzureSwitches as azureSwitches } from "../../packages/local-cloud/src/azure/switches.ts";
import { defaultCustomerIoSwitches as customerIoSwitches } from "../../packages/local-cloud/src/customer-io/switches.ts";
import { strictSwitches as platformSwitches } from "../../packages/local-cloud/src/platform/state/options.ts";
import { exceptionsPage, withExceptions } from "./exceptions-page.ts";

const document = readFileSync(path.join(import.meta.dirname, "../../docs/fidelity.md"), "utf8");

/** The rows of the tables under a heading. */
function rows(heading: string): string[] {
  const section = document.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? "";
  return section.split("\n").filter((line) => line.startsWith("|"));
}

test.each([
  ["Adobe Experience Platform", platformSwitches],
  ["Customer.io", customerIoSwitches],
  ["Azure", azureSwitches],
])("docs/fidelity.md has every switch of %s with its default, and no other", (heading, switches) => {
  const named = rows(heading).flatMap((row) => row.match(/`\w+` \(`[^`]*`\)/) ?? []);
  const actual = Object.entries(switches).map(([name, value]) => `\`${name}\` (\`${String(value) || "none"}\`)`);
  expect(named.toSorted()).toEqual(actual.toSorted());
});

const repository = path.resolve(import.meta.dirname, "../..");

function read(pattern: string): string {
  const files = globSync(pattern, { cwd: repository });
  return files.map((file) => readFileSync(path.join(repository, file), "utf8")).join("\n");
}

test("the stand-ins take only names from the packages that they test", () => {
  const standIns = read("packages/local-cloud/src/{azure,customer-io,platform}/**/*.ts");
  const imports = standIns.matchAll(/import \{([^}]*)\} from "pulumi-(?:aep|customerio)[^"]*"/g);
  const taken = Array.from(imports, ([, names = ""]) => names.split(",").map((name) => name.trim())).flat();
  const values = taken.filter((name) => name !== "" && !name.startsWith("type "));
  expect([...new Set(values)].toSorted()).toEqual(["metricsByObjectType", "subscriptionNames"]);
});

const sources = read("{test,packages/*/test}/**/*.ts");

/** The values that tests give a switch, as they write them; a name without a value stands for several. */
function valuesInTests(name: string): string[] {
  const setting = new RegExp(`[{,(\\s]${name}(?:: *("[^"]*"|\\[[^\\]]*\\]|[^\\s,})]+)| *[,}])`, "g");
  return Array.from(sources.matchAll(setting), ([, value]) => (value ?? "").replaceAll("_", ""));
}

test("every switch is tried in another position than its default", () => {
  const untried = [platformSwitches, customerIoSwitches, azureSwitches].flatMap((switches) =>
    Object.entries(switches).filter(([name, usual]) =>
      valuesInTests(name).every((value) => value === JSON.stringify(usual)),
    ),
  );
  expect(untried.map(([name]) => name)).toEqual([]);
});

test("docs/vendor-descriptions.md lists the exceptions of the conformance test as they are", () => {
  const page = readFileSync(exceptionsPage, "utf8");
  expect(page).toBe(withExceptions(page));
});
