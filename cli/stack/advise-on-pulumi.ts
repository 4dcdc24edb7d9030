/** What the Pulumi CLI says, and what to do about it where Pulumi does not name a command that works here. */
const advice: readonly (readonly [RegExp, string])[] = [
  [/no stack named /, "To list the stacks: npx pulumi stack ls"],
  [/no stack selected/, "Name it with --stack, or choose one: npx pulumi stack select"],
  [
    /passphrase must be set|incorrect passphrase/,
    "The passphrase decrypts the stack's secrets. To enter it: read -rs PULUMI_CONFIG_PASSPHRASE; export PULUMI_CONFIG_PASSPHRASE",
  ],
  [
    /PULUMI_ACCESS_TOKEN must be set/,
    "Log in to the backend that keeps the stack, such as file://~ for this machine: npx pulumi login <url>",
  ],
  [
    // As npm's package says that it could not download or start it; the CLI's own errors begin otherwise.
    /^Downloading pulumi .*^pulumi: /ms,
    "At its first start, npm's pulumi downloads its engine from https://get.pulumi.com. If this machine can't, put the executables of " +
      "that version into ~/.pulumi/versions/<version>/bin: https://www.pulumi.com/docs/install",
  ],
];

/** What to do about an error of the Pulumi CLI; undefined if Pulumi's own words have to do. */
export function adviseOnPulumi(said: string): string | undefined {
  return advice.find(([pattern]) => pattern.test(said))?.[1];
}
