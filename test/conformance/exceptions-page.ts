import path from "node:path";
import { exceptions } from "./exceptions.ts";

export const exceptionsPage = path.resolve(import.meta.dirname, "../../docs/vendor-descriptions.md");

const listed = /(<!-- exceptions: .* -->\n)[\s\S]*(<!-- end of exceptions -->)/;

/** The page with the exceptions as they are now. */
export function withExceptions(page: string): string {
  if (!listed.test(page)) throw new Error("docs/vendor-descriptions.md lacks the marks around the exceptions.");
  return page.replace(listed, (_, begin: string, end: string) => `${begin}\n${table()}\n${end}`);
}

function table(): string {
  const rows = exceptions.map(({ where, description, instead, source }) => [where, description, instead, source]);
  const head = ["where", "what the description says", "what is done here", "source"];
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |\n`).join("");
}
