import { exitCodeTable } from "./cli.ts";

const markers = /(?<=<!-- exit codes: npm run docs -->\n)[\s\S]*(?=<!-- end -->)/;

/** The README with the table of exit codes that the commands have. */
export function withExitCodes(readme: string): string {
  if (!markers.test(readme)) throw new Error("The README has no place for the exit codes.");
  return readme.replace(markers, () => `\n${exitCodeTable()}\n\n`);
}
