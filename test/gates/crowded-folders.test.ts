import { crowdedFolders } from "../../scripts/crowded-folders.ts";

function filesIn(folder: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${folder}/part-${index}.ts`);
}

test.each(["cli", "components/relay", "relay/core/event", "settings", "packages/pulumi-aep/src/resources"])(
  "a thirteenth file in %s is found",
  (folder) => {
    expect(crowdedFolders(filesIn(folder, 12))).toEqual([]);
    expect(crowdedFolders(filesIn(folder, 13))).toEqual([expect.stringMatching(`^${folder}: 13 files`)]);
  },
);

test("files of subfolders, tests and files that are not code do not count", () => {
  const beside = [...filesIn("cli/checks", 12), ...filesIn("test/relay", 40), "cli/schema.json"];
  expect(crowdedFolders([...filesIn("cli", 12), ...beside])).toEqual([]);
});
