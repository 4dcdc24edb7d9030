import { readFileSync } from "node:fs";
import path from "node:path";

const text = readFileSync(path.join(import.meta.dirname, "../../CHANGELOG.md"), "utf8");

/** In the order of Keep a Changelog 1.1.0. */
const sections = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];

interface Version {
  readonly heading: string;
  /** Text above the first section, where it would have no heading. */
  readonly above: string;
  readonly sections: readonly { readonly name: string; readonly lines: readonly string[] }[];
}

const versions: readonly Version[] = text
  .split(/^## /m)
  .slice(1)
  .map((part) => {
    const [top = "", ...rest] = part.split(/^### /m);
    const [heading = "", ...above] = top.split("\n");
    return {
      heading,
      above: above.join("\n").trim(),
      sections: rest.map((section) => {
        const [name = "", ...lines] = section.trimEnd().split("\n");
        return { name, lines };
      }),
    };
  });

test("there is an unreleased version, and below it the released ones with dates, newest first", () => {
  const [unreleased, ...released] = versions.map(({ heading }) => heading);
  expect(unreleased).toBe("Unreleased");
  const parts = released.map((heading) => /^(\d+)\.(\d+)\.(\d+) - (\d{4}-\d{2}-\d{2})$/.exec(heading));
  expect(released.filter((_, index) => parts[index] === null)).toEqual([]);
  const dates = parts.map((part) => part?.[4] ?? "");
  for (const date of dates) expect(new Date(date).toISOString().slice(0, 10)).toBe(date);
  expect(dates).toEqual(dates.toSorted().toReversed());
  const order = parts.map(
    (part) =>
      part
        ?.slice(1, 4)
        .map((number) => number.padStart(6, "0"))
        .join(".") ?? "",
  );
  expect(order).toEqual(order.toSorted().toReversed());
});

test.each(versions.map((version) => [version.heading, version] as const))(
  "the lines of %s are under the headings of Keep a Changelog, in their order",
  (_, { sections: present, above }) => {
    expect(above).toBe("");
    const names = present.map(({ name }) => name);
    expect(names).toEqual(sections.filter((name) => names.includes(name)));
    const misplaced = present.flatMap(({ lines }) => lines).filter((line) => !/^(- \S| {2,}\S|$)/.test(line));
    expect(misplaced).toEqual([]);
    for (const { lines } of present) expect(lines.some((line) => line.startsWith("- "))).toBe(true);
  },
);
