// Helpers that write the pages of the reference.

export function page(...parts: string[]): string {
  return `${parts.join("\n\n")}\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // Empty columns are left out.
  const used = head.flatMap((_, index) => (rows.some((row) => row[index]) ? [index] : []));
  const line = (cells: readonly string[]) => `| ${used.map((index) => escaped(cells[index] ?? "")).join(" | ")} |`;
  return [line(head), `|${" --- |".repeat(used.length)}`, ...rows.map(line)].join("\n");
}

/** Escapes text for a table cell or a paragraph. In code, escapes only what would end the cell. */
export function escaped(text: string): string {
  const parts = text.replaceAll("|", "\\|").split(/(`[^`]*`)/);
  return parts.map((part) => (part.startsWith("`") ? part : part.replaceAll(/<(?=[a-z])/g, "&lt;"))).join("");
}

export function code(text: string): string {
  return `\`${text}\``;
}

export function yes(flag: boolean | undefined): string {
  return flag ? "yes" : "";
}

export function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``;
}

/** Wraps a text to a width, with a prefix before each line; longer words stay whole. */
export function wrapped(text: string, width: number, before: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && before.length + line.length + 1 + word.length > width) {
      lines.push(before + line);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, before + line].join("\n");
}
