import { readFileSync } from "node:fs";
import { defaultAzureSwitches as azureSwitches } from "../../packages/local-cloud/src/azure/switches.ts";
import { defaultCustomerIoSwitches as customerIoSwitches } from "../../packages/local-cloud/src/customer-io/switches.ts";
import { strictSwitches as platformSwitches } from "../../packages/local-cloud/src/platform/state/options.ts";
import { fidelityDocument, withExceptions } from "./fidelity-document.ts";

const document = readFileSync(fidelityDocument, "utf8");

/** The rows of the table under a heading. */
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

test("docs/fidelity.md lists the exceptions of the conformance test as they are", () => {
  expect(document).toBe(withExceptions(document));
});
