import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { brokenFinding, describeFinding, render } from "../../cli/output/finding.ts";
import { findingSections, runbookOf } from "../../relay/core/runbook.ts";
import { settingsTable } from "../../settings/table.ts";

const repository = path.join(import.meta.dirname, "../..");
const page = readFileSync(path.join(repository, "docs/runbooks.md"), "utf8");
const sections = [...page.matchAll(/^### (Alert|Finding) `([\w-]+)`$/gm)].map(
  ([, kind = "", name]) => `${kind.toLowerCase()}-${name}`,
);

/** Sections that findings of the command line name, by file. */
const named = globSync("cli/{checks,verify,output}/*.ts", { cwd: repository }).flatMap((file) => {
  const text = readFileSync(path.join(repository, file), "utf8");
  return [...text.matchAll(/runbook: "([\w-]+)"/g)].map(([, section = ""]) => ({ file, section }));
});

test("each section that a finding names exists, and each section on a finding is named by one", () => {
  expect(named.length).toBeGreaterThan(25);
  const missing = named.filter(({ section }) => !sections.includes(section));
  expect(missing.map(({ file, section }) => `${file}: docs/runbooks.md has no ${section}`)).toEqual([]);
  const onFindings = sections.filter((section) => section.startsWith("finding-"));
  expect(onFindings.sort()).toEqual([...findingSections].sort());
  for (const section of onFindings) expect(named.map((one) => one.section)).toContain(section);
});

test("each section has symptom, causes, commands, and when it is over", () => {
  for (const text of page.split(/^### /m).slice(1)) {
    const parts = [...text.matchAll(/^- \*\*(.+?)\*\*/gm)].map(([, part]) => part);
    expect([text.split("\n")[0], parts]).toEqual([
      text.split("\n")[0],
      ["Symptom.", "Likely causes.", "Commands.", "It is over when"],
    ]);
    expect(text).toMatch(/`npx |`status`|status\.adobe\.com|In Platform/);
  }
});

/** Every command of the sections, with its line breaks removed. */
const commands = [...page.slice(page.indexOf("\n## Alerts")).matchAll(/`(npx\s[^`]+)`/g)].map(([, command = ""]) =>
  command.replaceAll(/\s+/g, " "),
);

test("each command names the stack", () => {
  const onStacks = commands.filter((command) => !command.startsWith("npx pulumi plugin "));
  expect(onStacks.length).toBeGreaterThan(40);
  expect(onStacks.filter((command) => !/ --stack prod( |$)/.test(command))).toEqual([]);
});

test("each number that it suggests for a setting is above the default", () => {
  const numbers = commands.flatMap((command) => {
    const [, name, value] = /^npx pulumi config set (\w+) (\d+) /.exec(command) ?? [];
    return name === undefined ? [] : [[name as keyof typeof settingsTable, Number(value)] as const];
  });
  expect(numbers.map(([name]) => name).toSorted()).toEqual([
    "eventQueues",
    "maximumRequestsPerSecond",
    "silenceAlertHours",
  ]);
  for (const [name, value] of numbers) {
    const { default: usual } = settingsTable[name] as { readonly default?: unknown };
    expect([name, value > Number(usual)]).toEqual([name, true]);
  }
});

test("what is broken shows its section, on the screen and in JSON; what is not, shows none", () => {
  const finding = brokenFinding(new Error("Your login lacks a role."));
  const section = "customerio-aep/docs/runbooks.md#finding-check-failed";
  expect(runbookOf("finding-check-failed")).toBe(section);
  expect(render("relay", finding).at(-1)?.trim()).toBe(`more: ${section}`);
  expect(describeFinding("relay", finding)).toEqual({
    part: "relay",
    verdict: "broken",
    found: "Your login lacks a role.",
    runbook: section,
  });
  expect(describeFinding("relay", { verdict: "fine", found: "It is well." })).not.toHaveProperty("runbook");
});
