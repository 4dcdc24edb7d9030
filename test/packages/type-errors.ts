import path from "node:path";
import ts from "typescript";

/** How a project may resolve modules. */
const resolutions = {
  nodenext: { module: "nodenext" },
  bundler: { module: "preserve", moduleResolution: "bundler" },
} as const;

/**
 * Checks the types of a project, and of some of the packages that are installed for it. With `tsc`, that would be the declarations of
 * all packages, for which it needs three times as long: @pulumi/azure-native has half a million lines, and @pulumi/policy 1.21.0 mistakes.
 */
export class TypeCheck {
  readonly #folder: string;
  readonly #packages: readonly string[];
  /** What is read once for all resolutions: declarations, which have the same text in each. */
  readonly #declarations = new Map<string, ts.SourceFile | undefined>();

  constructor(folder: string, packages: readonly string[]) {
    this.#folder = folder;
    this.#packages = packages.map((name) => `${path.posix.join(folder, "node_modules", name)}/`);
  }

  /** The errors in the project's files and in the packages. */
  errors(resolution: keyof typeof resolutions): string[] {
    const shared = { strict: true, noEmit: true, target: "es2024", types: ["node"] };
    const config = { compilerOptions: { ...shared, ...resolutions[resolution] }, include: ["*.ts", "readme/*.ts"] };
    const { options, fileNames, errors } = ts.parseJsonConfigFileContent(config, ts.sys, this.#folder);
    const program = ts.createProgram(fileNames, options, this.#hostFor(options));
    const checked = program.getSourceFiles().filter(({ fileName }) => this.#isChecked(fileName));
    expect(checked.length).toBeGreaterThan(fileNames.length);
    const found = [
      ...errors,
      ...program.getOptionsDiagnostics(),
      ...program.getGlobalDiagnostics(),
      ...checked.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
    ];
    return found.map(({ file, start = 0, messageText }) => {
      const place = file && `${file.fileName}:${file.getLineAndCharacterOfPosition(start).line + 1}: `;
      return `${place ?? ""}${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
    });
  }

  #isChecked(file: string): boolean {
    if (this.#packages.some((folder) => file.startsWith(folder))) return true;
    return file.startsWith(`${this.#folder}/`) && !file.startsWith(`${this.#folder}/node_modules/`);
  }

  #hostFor(options: ts.CompilerOptions): ts.CompilerHost {
    const host = ts.createCompilerHost(options);
    const read = host.getSourceFile.bind(host);
    host.getCurrentDirectory = () => this.#folder;
    host.getSourceFile = (file, how, ...more) => {
      if (!file.endsWith(".d.ts")) return read(file, how, ...more);
      const key = `${typeof how === "object" ? how.impliedNodeFormat : ""} ${file}`;
      if (!this.#declarations.has(key)) this.#declarations.set(key, read(file, how, ...more));
      return this.#declarations.get(key);
    };
    return host;
  }
}
