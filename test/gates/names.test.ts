import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import ts from "typescript";

const repository = path.join(__dirname, "../..");
const rooms = /^((cli|components|events|mapping|relay|settings)|packages\/[^/]+\/src)\/.*\.ts$/;
const tests = /^(packages\/[^/]+\/)?test\/.*\.ts$/;

/** Names that several files export on purpose. */
const shared: readonly (readonly [names: readonly string[], reason: string])[] = [
  [
    ["Config", "config", "Provider", "provider"],
    "each provider package exports the same parts, and no file imports two",
  ],
  [["Ownership", "ownership"], "both vendors' packages have the resource type of this name: its class, its definition"],
  [
    [
      "getAzureLogin",
      "getAzurePreflight",
      "getDataset",
      "getDatasets",
      "getExistence",
      "getQueueNames",
      "getIdentityNamespaces",
      "getPreflight",
      "getIpAddresses",
      "getReportingWebhooks",
      "getSchema",
      "getSchemas",
      "getTenant",
    ],
    "a function's definition, and what a program calls",
  ],
  [
    ["Dataset", "FunctionApp", "MappingSet", "ReportingWebhook"],
    "what the vendor calls it: our resource, and the object in its stand-in",
  ],
  [
    ["DataPrepFunction", "FunctionName", "MappingItem", "Token", "findFunction"],
    "the language of Data Prep twice: the stand-in must not use the implementation that it tests",
  ],
  [["JsonObject", "isObject"], "the stand-in must not use the relay's"],
  [["jsonOf"], "the relay's core must not use the provider kit"],
];

async function sourceFiles(...folders: readonly RegExp[]): Promise<ts.SourceFile[]> {
  const { stdout } = await promisify(execFile)("git", ["ls-files", "*.ts"], { cwd: repository, maxBuffer: 1e8 });
  const names = stdout.split("\n").filter((name) => folders.some((folder) => folder.test(name)));
  const files = await Promise.all(
    names.map(async (name) => {
      // A file that is deleted but not committed yet is still listed.
      const text = await readFile(path.join(repository, name), "utf8").catch(() => "");
      return ts.createSourceFile(name, text, ts.ScriptTarget.Latest);
    }),
  );
  return files;
}

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  (ts.getModifiers(statement) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);

/** Names that a statement at the top of a file declares. */
function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []));
  }
  const named =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return named && statement.name !== undefined ? [statement.name.text] : [];
}

test("an exported name has one meaning in the whole product", async () => {
  const declaring = new Map<string, Set<string>>();
  for (const file of await sourceFiles(rooms)) {
    for (const name of file.statements.filter(isExported).flatMap(declaredNames)) {
      declaring.set(name, (declaring.get(name) ?? new Set()).add(file.fileName));
    }
  }
  expect(declaring.size).toBeGreaterThan(1000);
  const allowed = shared.flatMap(([names]) => names);
  const several = Array.from(declaring).filter(([, files]) => files.size > 1);
  const clashes = several.filter(([name]) => !allowed.includes(name));
  expect(clashes.map(([name, files]) => `${name}: ${[...files].join(", ")}: rename one, or merge them`)).toEqual([]);
  // Every name on the list is needed.
  expect(allowed.filter((name) => !several.some(([clashing]) => clashing === name))).toEqual([]);
});

/** A participle alone, or with a preposition: it names a result, not what the function does. */
const participle =
  /^(?!(?:need|feed|seed|embed)(?![a-z]))([a-z]+ed|begun|broken|found|given|kept|held|known|left|lost|made|meant|said|seen|sent|shown|taken|told|written)(As|By|For|From|In|On|To|With)?$/;

test("no function or method is a participle", async () => {
  const found = (await sourceFiles(rooms, tests)).flatMap((file) =>
    declaredFunctions(file)
      .filter((name) => participle.test(name))
      .map((name) => `${file.fileName}: ${name}: begin with a verb, such as "read" or "apply"`),
  );
  expect(found).toEqual([]);
});

/** Names of a file's functions and methods, private and nested ones too. Without short ones inside a function, which are values. */
function declaredFunctions(file: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isFunctionOrMethod(node) && node.name !== undefined) {
      const { name } = node;
      if (ts.isIdentifier(name) || ts.isPrivateIdentifier(name)) names.push(name.text.replace(/^#/, ""));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  const values = file.statements
    .filter(ts.isVariableStatement)
    .flatMap(({ declarationList }) => declarationList.declarations);
  const isFunction = ({ initializer }: ts.VariableDeclaration) =>
    initializer !== undefined && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer));
  return [...names, ...values.filter(isFunction).flatMap(({ name }) => (ts.isIdentifier(name) ? [name.text] : []))];
}

const isFunctionOrMethod = (node: ts.Node) =>
  ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isMethodSignature(node);
