/** The options by which every command names its stack; the same as Pulumi's own. */
export const stackOptions = {
  stack: { type: "string", short: "s" },
  "config-file": { type: "string" },
} as const;
