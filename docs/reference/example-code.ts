import { stringify } from "yaml";
import type { Example } from "./examples.ts";

const reference = /^\$\{([\w.]+)\}$/;

/** The declaration in Pulumi YAML. */
export function yamlOf(token: string, { name, inputs }: Example): string {
  return stringify({ resources: { [name]: { type: token, properties: inputs } } }, { lineWidth: 0 }).trimEnd();
}

/** The npm package with the classes of a Pulumi package. */
const npmPackages: Readonly<Record<string, string>> = {
  aep: "pulumi-aep",
  customerio: "pulumi-customerio",
  "customerio-aep": "customerio-aep",
};

/** The declaration in TypeScript. */
export function typeScriptOf(token: string, { name, inputs }: Example): string {
  const [packageName, , className] = token.split(":");
  const imports = [
    ...(JSON.stringify(inputs).includes("fn::fileArchive") ? ['import * as pulumi from "@pulumi/pulumi";'] : []),
    `import { ${className} } from "${npmPackages[packageName ?? ""]}";`,
  ];
  return `${imports.join("\n")}\n\nconst ${name} = new ${className}("${name}", ${literal(inputs, "")});`;
}

/** A value in TypeScript; `${name}` stands for a variable of that name. */
export function literal(value: unknown, indent: string): string {
  if (typeof value === "string") return value.match(reference)?.[1] ?? quoted(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const inner = `${indent}  `;
  const entries = Array.isArray(value)
    ? value.map((item) => literal(item, inner))
    : Object.entries(value).map(([key, item]) => `${keyOf(key)}: ${literal(item, inner)}`);
  if (!Array.isArray(value) && "fn::fileArchive" in value) {
    return `new pulumi.asset.FileArchive(${JSON.stringify(value["fn::fileArchive"])})`;
  }
  if (entries.length === 0) return Array.isArray(value) ? "[]" : "{}";
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{ ", " }"];
  const line = `${open}${entries.join(", ")}${close}`;
  if (line.length <= 90 && !line.includes("\n")) return line;
  return `${open.trim()}\n${entries.map((entry) => `${inner}${entry},\n`).join("")}${indent}${close.trim()}`;
}

function quoted(text: string): string {
  return text.includes('"') && !text.includes("`") ? `\`${text}\`` : JSON.stringify(text);
}

function keyOf(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}
