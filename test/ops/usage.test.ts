import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ops } from "./ops.ts";

test("without a command it tells all of them, and fails", async () => {
  const { code, stderr } = await ops({});
  expect(code).toBe(2);
  expect(stderr).toMatch(/^npm run ops -- <command>/);
  for (const command of ["status", "verify", "preview", "replay", "export"])
    expect(stderr).toMatch(new RegExp(`^${command} `, "m"));
});

test("help is no mistake", async () => {
  const { code, stdout } = await ops({}, "--help");
  expect([code, stdout.includes("--purge-older-than <days>")]).toEqual([0, true]);
});

test.each([
  [["replay", "--from", "yesterday"], "--from is not right: it must be a date, or an ISO 8601 time with its zone"],
  [["replay", "--to", "2026-11-20T10:00"], "--to is not right: it must be a date, or an ISO 8601 time with its zone"],
  [["replay", "--rate", "0"], "--rate is not right: it must be more than 0"],
  [["replay", "--purge-older-than", "old"], "--purge-older-than is not right: it must be a number"],
  [["replay", "--class", "unknown"], "--class is not right"],
  [["export"], "--folder is not right: name the folder for the files"],
  [["export", "--folder", ""], "--folder is not right: it is empty"],
  [["export", "--folder", "package.json"], /--folder is not right: .*package\.json is a file, not a folder/],
  [["export", "--folder", "package.json/kept"], "--folder is not right: there is a file where a folder is needed"],
  [["export", "--folder", "kept", "--class", "unknown"], "--class is not right"],
  [["status", "--everything"], "Unknown option '--everything'"],
  [["preview", "--samples", "nowhere.json"], "--samples is not right: ENOENT"],
  [["verify", "--timeout", "soon"], "--timeout is not right: it must be a number"],
  [["verify", "--event", "01J9ZK3M5X8QW2R7T4V6B1N0CA"], "--event is not right: it must be the id of a test event"],
  [["verify", "--event", "a", "--filtered"], "--filtered is about a new event, --event about an earlier one."],
])("a mistake is told before anything is done: %j", async (args, words) => {
  const { code, stderr } = await ops({}, ...args);
  expect(code).toBe(2);
  expect(stderr).toMatch(words);
});

test("a stack that is not there is told in Pulumi's words", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "customerio-aep-ops-"));
  const state = { PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: "none" };
  const { code, stderr } = await ops(state, "status", "--stack", "nowhere");
  await rm(folder, { recursive: true });
  expect([code, stderr]).toEqual([
    1,
    expect.stringContaining("Could not read the stack: no stack named 'nowhere' found"),
  ]);
});
