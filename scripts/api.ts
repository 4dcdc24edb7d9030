import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { packAll } from "./pack.ts";

const repository = join(import.meta.dirname, "..");
const stages = join(repository, "build/stage");

const folder = join(repository, "docs/api");

/** The page of a package's public interface. */
export function apiPage(name: string): string {
  return join(folder, `${name}.md`);
}

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly types?: string } | string>>;
}

/**
 * Generates the page of each package's public interface: the exports of each entry point, with their declarations and those
 * that they refer to in the package.
 *
 * @param names of packages that `packAll` has built
 */
export async function publicApi(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const packages = await Promise.all(names.map(async (name) => ({ name, entries: await entriesOf(name) })));
  const options = { module: ts.ModuleKind.NodeNext, target: ts.ScriptTarget.ES2024, skipLibCheck: true, types: [] };
  const program = ts.createProgram({
    rootNames: packages.flatMap(({ entries }) => entries.map(({ file }) => file)),
    options,
    host: ownFilesOnly(options),
  });
  return new Map(packages.map(({ name, entries }) => [name, pageOf(program, name, entries)]));
}

/** Reads no other packages, of which the pages have only the names: @pulumi/azure-native alone has 18 MB of declarations. */
function ownFilesOnly(options: ts.CompilerOptions): ts.CompilerHost {
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (names, file) =>
    names.map(({ text }) =>
      text.startsWith(".")
        ? ts.resolveModuleName(text, file, options, host, undefined, undefined, ts.ModuleKind.ESNext)
        : { resolvedModule: undefined },
    );
  return host;
}

interface Entry {
  readonly entry: string;
  readonly file: string;
}

async function entriesOf(name: string): Promise<Entry[]> {
  const stage = join(stages, name);
  const manifest = JSON.parse(await readFile(join(stage, "package.json"), "utf8")) as Manifest;
  return Object.entries(manifest.exports).flatMap(([entry, target]) => {
    const types = typeof target === "string" ? undefined : target.types;
    return types === undefined ? [] : [{ entry, file: join(stage, types) }];
  });
}

function pageOf(program: ts.Program, name: string, entries: readonly Entry[]): string {
  const declarations = new Declarations(program.getTypeChecker(), join(stages, name));
  const exported = entries.map(({ entry, file }) => {
    const source = program.getSourceFile(file);
    if (source === undefined) throw new Error(`${name} has no ${file}`);
    const names = declarations.addExportsOf(source);
    return `- \`${entry === "." ? name : name + entry.slice(1)}\`: ${names.map((one) => `\`${one}\``).join(", ")}\n`;
  });
  return (
    `# ${name}\n\nWhat the package exports. \`npm run api\` writes this page; a change here is one that users see.\n\n` +
    `${exported.join("")}\n\`\`\`ts\n${declarations.texts().join("\n\n")}\n\`\`\`\n`
  );
}

/** Collects declarations of a package, each once, with those that they refer to. */
class Declarations {
  readonly #checker: ts.TypeChecker;
  readonly #stage: string;
  readonly #texts = new Map<ts.Symbol, string>();
  readonly #printer = ts.createPrinter({ removeComments: true });

  constructor(checker: ts.TypeChecker, stage: string) {
    this.#checker = checker;
    this.#stage = stage;
  }

  /** Adds a module's exports, and returns their names. */
  addExportsOf(source: ts.SourceFile): string[] {
    const module = this.#checker.getSymbolAtLocation(source);
    const exported = module === undefined ? [] : this.#checker.getExportsOfModule(module);
    for (const symbol of exported) this.#add(symbol);
    return exported.map(({ name }) => name).sort();
  }

  texts(): string[] {
    return [...this.#texts.values()].sort();
  }

  #add(alias: ts.Symbol): void {
    const symbol = alias.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(alias) : alias;
    if (this.#texts.has(symbol)) return;
    const own = (symbol.declarations ?? []).map(statementOf).filter((node) => this.#isOfPackage(node));
    if (own.length === 0) return;
    const print = (node: ts.Node) => this.#printer.printNode(ts.EmitHint.Unspecified, node, node.getSourceFile());
    const words = (node: ts.Node) => print(node).replace(/^(export )?(declare )?/, "");
    this.#texts.set(symbol, own.map(words).join("\n"));
    for (const node of own) this.#addReferred(node);
  }

  #addReferred(node: ts.Node): void {
    if (ts.isIdentifier(node)) {
      const symbol = this.#checker.getSymbolAtLocation(node);
      const isDeclaredAlone = symbol?.declarations?.some((one) => ts.isSourceFile(statementOf(one).parent));
      if (symbol && (symbol.flags & ts.SymbolFlags.Alias || isDeclaredAlone)) this.#add(symbol);
    }
    ts.forEachChild(node, (child) => this.#addReferred(child));
  }

  #isOfPackage(node: ts.Node): boolean {
    const { fileName } = node.getSourceFile();
    return fileName.startsWith(this.#stage.replaceAll(sep, "/")) && ts.isSourceFile(node.parent);
  }
}

/** The statement of a variable's declaration; other declarations are statements themselves. */
function statementOf(declaration: ts.Declaration): ts.Node {
  return ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
}

/** Writes the page of each published package. */
async function writeApi(): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = (await packAll()).map(({ name }) => name);
  for (const [name, page] of await publicApi(names)) await writeFile(apiPage(name), page);
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) void writeApi();
