import { readFileSync } from "node:fs";
import path from "node:path";
import ts from "typescript";
import { escaped, page, table } from "../markdown.ts";

const repository = path.resolve(import.meta.dirname, "../../..");

/** Where people meet them, and the files that write them. A file belongs to the first section that has it. */
const sections: readonly {
  readonly title: string;
  readonly about: string;
  readonly files: RegExp;
  /** Whether every sentence in the files is a message, and not only what is thrown. */
  readonly isAll?: true;
}[] = [
  {
    title: "Settings",
    about: "Reported by a preview, all at once, before anything is changed.",
    files:
      /^(components\/settings|mapping|settings\/checks)\/|^settings\/(platform-settings|azure-settings|network-settings)\.ts$/,
    isAll: true,
  },
  {
    title: "Permissions and access",
    about: "Reported by a preview, and by `npx customerio-aep init`.",
    files:
      /^(components\/[^/]+|settings\/platform-problems)\.ts$|^relay\/deploy\/(preflight|client)\/|^packages\/[^/]+\/src\/client\/(complaint|ims|app-api)\.ts$/,
    isAll: true,
  },
  {
    title: "Status",
    about: "Findings of `npx customerio-aep status`, and what to do about them.",
    files: /^cli\/checks\//,
    isAll: true,
  },
  {
    title: "Resources and lookups",
    about: "Reported by `npx pulumi preview`, `up`, `refresh` and `destroy`.",
    files: /^(relay\/deploy|components)\/|^packages\/[^/]+\/src\/(resources|functions|client)\//,
  },
  { title: "Command line", about: "Reported by `npx customerio-aep`.", files: /^cli\// },
];

/** Functions and classes whose first argument people read. */
const speaks =
  /^(Error|UsageError|RunError|VendorError|ConfigError|QueryServiceError|MissingPulumiError|refuse\w*|fail)$/;

/** Properties and calls whose texts are documentation. */
const documents = /^(description|title|about|examples|summary|purpose|meta|describe|apiVersion|path)$/;

/** A message as people see it, with `…` for the parts that differ, and the section that it belongs to. */
interface IndexedMessage {
  readonly text: string;
  readonly section: string;
}

/** The page of error messages, from the code that writes them. */
export function errorIndexPage(files: readonly string[]): string {
  const messages = files.flatMap(messagesIn);
  const parts = sections.flatMap(({ title, about }) => {
    const own = [...new Set(messages.flatMap(({ text, section }) => (section === title ? [text] : [])))].sort();
    return [
      `## ${title}`,
      about,
      table(
        ["Message"],
        own.map((text) => [escaped(text)]),
      ),
    ];
  });
  return page(
    "# Error messages",
    "This page lists every message that this project writes itself, with `…` for what differs. Each says what to do; " +
      "[Troubleshooting](../troubleshooting.md) has the causes by symptom. What a vendor answered follows after a colon, with its code and request " +
      "id. `npm run docs` generates this page from the code.",
    ...parts,
  );
}

/** Messages that a file of the product writes. */
function messagesIn(file: string): IndexedMessage[] {
  const section = sections.find(({ files }) => files.test(file));
  if (section === undefined) return [];
  const found: IndexedMessage[] = [];
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(repository, file), "utf8"),
    ts.ScriptTarget.Latest,
    true,
  );
  const add = (node: ts.Expression) => {
    const text = textOf(node)
      .replaceAll(/\s+/g, " ")
      .replaceAll(/(… ?)+…/g, "…")
      .trim();
    // What only joins other texts says nothing, and what is wrong with a setting follows the setting's name.
    const isSentence = section.title === "Settings" || /^[A-Z"…]/.test(text);
    if (isSentence && text.replaceAll("…", "").trim().split(" ").length >= 5) {
      found.push({ text, section: section.title });
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && documents.test(node.name.getText(source))) return;
    if (ts.isCallExpression(node) || ts.isNewExpression(node)) {
      const { expression } = node;
      const name = ts.isPropertyAccessExpression(expression) ? expression.name.text : expression.getText(source);
      if (documents.test(name)) return;
      if (!section.isAll && speaks.test(name) && node.arguments?.[0]) add(node.arguments[0]);
    }
    if (section.isAll && isText(node)) add(node);
    else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function isText(node: ts.Node): node is ts.Expression {
  if (ts.isBinaryExpression(node)) return node.operatorToken.kind === ts.SyntaxKind.PlusToken;
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

function textOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return [
      node.head.text,
      ...node.templateSpans.flatMap(({ expression, literal }) => [countedWords(expression), literal.text]),
    ].join("");
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return `${textOf(node.left)}${textOf(node.right)}`;
  }
  return ts.isParenthesizedExpression(node) ? textOf(node.expression) : "…";
}

/** What people search for is rather the plural of a number with its words (`cli/output/count-of.ts`). */
function countedWords(node: ts.Expression): string {
  if (!ts.isCallExpression(node) || node.expression.getText() !== "countOf") return "…";
  const [, one, several] = node.arguments;
  if (one === undefined || !ts.isStringLiteralLike(one)) return "…";
  return `… ${several && ts.isStringLiteralLike(several) ? several.text : `${one.text}s`}`;
}
