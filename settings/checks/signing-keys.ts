/** A credential from the stack's other settings, which can't be a signing key. */
export interface OtherCredential {
  readonly setting: string;
  readonly value: string;
}

/** Mistakes in the setting `signingKeys`; the texts contain no key. */
export interface SigningKeyProblems {
  /** Reasons why a line can't be a key. */
  readonly refusals: readonly string[];
  /** Reasons why a line is probably not a key. */
  readonly warnings: readonly string[];
}

/** Characters: known keys of Customer.io have 32 or more; no source says that all have. */
const lengths = { least: 8, usual: 16, most: 512 };

type Check = (line: string, others: readonly OtherCredential[]) => string | undefined;

/**
 * Each returns why a line can't be a signing key, the most helpful first. Keys are text without a documented form, so only lines
 * that can't be a key are refused: with additions of a copy or a shell, or clearly something else.
 */
const checks: readonly Check[] = [
  (line) => reasonIf(/^\s*\[\s*"/.test(line), "is a list; it must be one text with each key on its own line"),
  (line) => reasonIf(/^\p{Z}*[<[{].*[>\]}]\p{Z}*$/u.test(line), "is a placeholder, not the key itself"),
  (line) =>
    reasonIf(
      /^(none( yet)?|undefined|null|the key|(signing|webhook)[ _-]?keys?|change[ _-]?me|todo|x{8,})$/i.test(
        line.trim(),
      ) ||
        // Placeholders of documents: words, without the digits of a key.
        (/^[a-z _-]+$/i.test(line.trim()) &&
          /(^|[ _-])(your|my|replace|insert|paste|enter|example|placeholder|dummy)([ _-]|$)/i.test(line.trim())),
      "is a placeholder, not the key itself",
    ),
  (line, others) => {
    const same = others.find(({ value }) => value.trim() !== "" && line.trim() === value.trim());
    return same && `is the value of ${same.setting}, another credential`;
  },
  (line) => reasonIf(/^\s*[a-z][a-z0-9+.-]*:\/\//i.test(line), "is a URL"),
  (line) =>
    reasonIf(
      /^(\$\{?\w+\}?|\$\(.*\)|%\w+%|\$env:\w+|env:\w+)$/i.test(line.trim()),
      "is the name of a variable, not its value",
    ),
  (line) =>
    reasonIf(
      /^@?(\.{1,2}|~|\/(run|etc|home|root|tmp|mnt|usr|opt|var|Users))\/|^@?[\w./~-]*\.(txt|key|pem|json|ya?ml|env)$/i.test(
        line.trim(),
      ),
      "is the path of a file, not what it holds",
    ),
  (line) =>
    reasonIf(
      /^(arn:aws:|projects\/[^/]+\/secrets\/|vault:)/i.test(line.trim()),
      "is a reference to a secret store, not the key itself",
    ),
  (line) =>
    reasonIf(/^v1:[\w+/=]+:[\w+/=]+$/.test(line.trim()), "is a value that Pulumi has encrypted, not the key itself"),
  (line) =>
    reasonIf(
      /^(v\d+|sha256)[=:]([0-9]+:)?[0-9a-f]{64}$/i.test(line.trim()),
      "is the signature of a call, which differs with each one",
    ),
  (line) =>
    reasonIf(
      /^\s*@Microsoft\.KeyVault\(/i.test(line),
      "is a Key Vault reference, which only Azure's app settings resolve",
    ),
  (line) =>
    reasonIf(
      /^\s*(bearer\s|basic\s|p8e-|eyJ[\w-]+\.|sa_live_|pul-[0-9a-f]{40}|-----BEGIN|ssh-|gh[opsu]_\w{30}|github_pat_|AKIA[0-9A-Z]{16}|sk_(live|test)_|whsec_)/i.test(
        line,
      ),
      "is another kind of credential (an access token, a client secret or a certificate)",
    ),
  (line) =>
    reasonIf(
      /^\s*["'`]?\s*([a-z][a-z _-]*)?(key|secret|token|signature)s?\s*["'`]?\s*[:=]\s*\S{4,}/i.test(line),
      'begins with a label such as "Signing key:"; only the key itself belongs here',
    ),
  (line) => reasonIf(/["'`\u2018-\u201f\u00ab\u00bb]/.test(line), "has quotation marks, which don't belong to a key"),
  (line) => reasonIf(/\\[rn]/.test(line), "has a \\n instead of a line break; put each key on its own line"),
  (line) => reasonIf(/\\/.test(line), "has a backslash, which a shell or an editor may have added"),
  (line) => reasonIf(/%[0-9a-f]{2}/i.test(line), "is URL-encoded; copy the key itself"),
  (line) => reasonIf(/^\s*#/.test(line), "begins with #; comments are not supported"),
  (line) =>
    reasonIf(/[,;|&]/.test(line), "has keys that are joined by a comma or the like; put each key on its own line"),
  (line) =>
    reasonIf(
      /[\p{Cc}\p{Cf}\p{Variation_Selector}\u115f\u1160\u2800\u3164\uffa0]/u.test(line.replaceAll("\t", " ")),
      "has an invisible character, such as a zero-width space, which copied text may contain",
    ),
  (line) =>
    reasonIf(/[\u2022\u25cf\u00b7*\u2026]{2,}|\u2026|\.{3}/.test(line), "is masked or cut short (dots or asterisks)"),
  (line) => reasonIf(/[\s\p{Z}]/u.test(line.trim()), "contains white space; put each key on its own line"),
  (line) => reasonIf(/[<>[\]{}()]/.test(line), "has brackets, which don't belong to a key"),
  (line) => reasonIf(/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(line.trim()), "is an e-mail address"),
  (line) => reasonIf(line.trim().length < lengths.least, `is too short: it has fewer than ${lengths.least} characters`),
  (line) => reasonIf(line.trim().length > lengths.most, `is too long: it has more than ${lengths.most} characters`),
  (line) => reasonIf(/^(.)\1*$/u.test(line.trim()), "repeats one character"),
];

const doubts: readonly Check[] = [
  (line) => reasonIf(line.trim().length < lengths.usual, `is short: it has fewer than ${lengths.usual} characters`),
  (line) => reasonIf(line.trim().length > 128, "is long: it has more than 128 characters"),
  (line) => reasonIf(!/^[!-~]+$/.test(line.trim()), "has characters beyond ASCII"),
  (line) =>
    reasonIf(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(line.trim()),
      "looks like the id of something (a GUID)",
    ),
];

/**
 * Checks a setting's text with one signing key per line. Blank lines are fine as long as there is a key.
 *
 * @param text not empty
 */
export function signingKeyProblems(text: string, others: readonly OtherCredential[] = []): SigningKeyProblems {
  const lines = text.split(/\r\n|\n|\r/).map((line, at) => ({ line, number: at + 1 }));
  const given = lines.filter(({ line }) => line.trim() !== "");
  if (given.length === 0) return { refusals: ["is blank"], warnings: [] };
  const refusals: string[] = [];
  const warnings: string[] = [];
  for (const { line, number } of given) {
    const named = (reason: string) => (given.length === 1 ? reason : `line ${number} ${reason}`);
    const refusal = firstOf(checks, line, others);
    if (refusal !== undefined) refusals.push(named(refusal));
    else {
      warnings.push(...[firstOf(doubts, line, others)].flatMap((doubt) => (doubt === undefined ? [] : named(doubt))));
    }
  }
  return { refusals, warnings };
}

function firstOf(all: readonly Check[], line: string, others: readonly OtherCredential[]): string | undefined {
  for (const check of all) {
    const reason = check(line, others);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function reasonIf(condition: boolean, reason: string): string | undefined {
  return condition ? reason : undefined;
}
