import { writeFile } from "node:fs/promises";
import path from "node:path";
import { tsc } from "../../scripts/pack.ts";
import type { Consumer } from "./consumer.ts";

/** How a project may resolve modules. */
const resolutions = {
  nodenext: { module: "nodenext" },
  bundler: { module: "preserve", moduleResolution: "bundler" },
} as const;

/**
 * The type errors of a project, and of some of the packages that are installed for it: those of others have mistakes, such as
 * @pulumi/policy 1.21.0.
 */
export async function listTypeErrors(
  { folder, run }: Consumer,
  packages: readonly string[],
  resolution: keyof typeof resolutions,
): Promise<string[]> {
  const shared = { strict: true, noEmit: true, target: "es2024", types: ["node"], listFiles: true };
  const config = { compilerOptions: { ...shared, ...resolutions[resolution] }, include: ["*.ts", "readme/*.ts"] };
  const name = `tsconfig.${resolution}.json`;
  await writeFile(path.join(folder, name), JSON.stringify(config));
  // It fails if any package has errors.
  const printed = await run(process.execPath, tsc, "-p", name).catch(({ message }: Error) => message);
  const isChecked = (file: string) =>
    !file.startsWith("node_modules/") || packages.some((of) => file.startsWith(`node_modules/${of}/`));
  const lines = printed.split("\n");
  const listed = lines.filter((line) => line.startsWith(`${folder}/`)).map((file) => path.relative(folder, file));
  expect(listed.filter(isChecked).length).toBeGreaterThan(packages.length);
  return lines.filter((line) => {
    const [, file] = /^(?:(.+)\(\d+,\d+\): )?error TS/.exec(line) ?? [];
    return /error TS/.test(line) && (file === undefined || isChecked(file));
  });
}
