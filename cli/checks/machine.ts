import { statfs } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { formatDuration } from "../output/duration.ts";
import type { Finding } from "../output/finding.ts";
import type { StackSource } from "../stack/source.ts";
import type { SharedAnswers } from "./shared-answers.ts";

const mebibyte = 1024 * 1024;
/** Free space below which the engine may fail to write a state or to unpack a plugin: the largest one has about 100 MB. */
const least = 256 * mebibyte;

/** Milliseconds by which this machine's clock may differ. Ages of less than a minute decide nothing. */
const mostAhead = 2 * 60_000;

/** A folder that Pulumi and this command line write into, and the free bytes of its disk. */
interface FolderSpace {
  readonly folder: string;
  /** What is written there. */
  readonly use: string;
  readonly free: number;
}

/** Checks that this machine has room for what `npx pulumi up` writes, and that its clock is right: the other checks compare times with it. */
export async function checkMachine(source: StackSource, answers: Pick<SharedAnswers, "health">): Promise<Finding> {
  const folders = [
    { folder: tmpdir(), use: "temporary files" },
    { folder: process.env.PULUMI_HOME ?? path.join(homedir(), ".pulumi"), use: "plugins" },
    { folder: path.resolve(source.target.folder ?? "."), use: "the program" },
  ];
  const spaces = await Promise.all(
    folders.map(async (one): Promise<FolderSpace[]> => {
      try {
        const { bavail, bsize } = await statfs(one.folder);
        return [{ ...one, free: bavail * bsize }];
      } catch {
        // A folder that does not exist yet.
        return [];
      }
    }),
  );
  return machineFinding(spaces.flat(), source.hasRelay ? aheadOf((await answers.health()).headers?.date) : 0);
}

/** Milliseconds by which this machine's clock is ahead of the one that wrote an answer's header `Date` just now; 0 if there is none. */
function aheadOf(date: unknown): number {
  return typeof date === "string" ? Date.now() - Date.parse(date) || 0 : 0;
}

/** @param ahead milliseconds by which this machine's clock is ahead of the relay's */
export function machineFinding(spaces: readonly FolderSpace[], ahead: number): Finding {
  const full = spaces.filter(({ free }) => free < least);
  if (full.length > 0) {
    const named = full.map(({ folder, use, free }) => `${folder} (${use}): ${Math.floor(free / mebibyte)} MB free`);
    return {
      verdict: "broken",
      runbook: "finding-disk",
      found: `The disk of this machine is full: ${named.join("; ")}. The relay still works, but the next run of Pulumi may stop halfway.`,
      todo: `Free at least ${least / mebibyte} MB there before you run anything that changes the stack. To see what uses the space: du -sh ${full[0]?.folder}/*`,
    };
  }
  if (Math.abs(ahead) > mostAhead) {
    const off = `${formatDuration(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"}`;
    return {
      verdict: "broken",
      runbook: "finding-clock",
      found: `The clock of this machine is ${off} the relay's. Ages and times without calls above are wrong by as much. Events are not affected.`,
      todo: "Set this machine's clock, then run the command again",
    };
  }
  return { verdict: "fine", found: "Its disk has room for the next run." };
}
