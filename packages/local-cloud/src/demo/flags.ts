import { parseArgs } from "node:util";

/** What a demo was asked to do. */
export interface DemoFlags {
  readonly keep: boolean;
  readonly down: boolean;
}

/** How the demo is called. */
export const demoUsage = `Usage:
  npm run demo             run everything once, and remove it again
  npm run demo -- --keep   leave the local cloud and the stack up
  npm run demo -- --down   remove what --keep left up
`;

/** Reads the flags of the demo's command line. @returns undefined if they are not known: the usage says which are */
export function readDemoFlags(args: readonly string[]): DemoFlags | undefined {
  const flag = { type: "boolean", default: false } as const;
  try {
    const { keep, down } = parseArgs({ args: [...args], options: { keep: flag, down: flag } }).values;
    return keep && down ? undefined : { keep, down };
  } catch {
    return undefined;
  }
}
