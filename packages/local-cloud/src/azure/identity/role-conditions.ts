/** The data that a role assignment condition tests. */
interface ConditionTarget {
  readonly action: string;
  /** Such as `Blob.List`; undefined if the call is not a suboperation. */
  readonly suboperation?: string | undefined;
  /** Attributes of the resource by their names, such as `Microsoft.Storage/storageAccounts/blobServices/containers:name`. */
  readonly resource: Readonly<Record<string, string>>;
}

type Test = (target: ConditionTarget) => boolean;

const token =
  /\s*(?:(\()|(\))|(!|NOT\b)|(AND\b|&&)|(OR\b|\|\|)|(?:(ActionMatches|SubOperationMatches)\s*\{'([^']*)'\})|(?:@Resource\[([^\]]+)\]\s+(StringEquals|StringNotEquals)\s+'([^']*)'))/iy;

type Token = { readonly kind: "(" | ")" | "not" | "and" | "or" } | { readonly kind: "test"; readonly test: Test };

/**
 * Parses a condition, version 2.0 (Microsoft Learn, "Azure role assignment condition format and syntax"). Supports comparisons of
 * actions, suboperations, and resources' attributes as strings.
 *
 * @throws for anything else
 */
export function parseRoleCondition(condition: string): Test {
  const tokens = tokensOf(condition);
  let at = 0;
  const take = (kind: Token["kind"]) => tokens[at]?.kind === kind && ++at > 0;
  const primary = (): Test => {
    if (take("not")) {
      const negated = primary();
      return (target) => !negated(target);
    }
    if (take("(")) {
      const inner = either();
      if (!take(")")) throw new Error("a closing bracket is missing");
      return inner;
    }
    const found = tokens[at];
    if (found?.kind !== "test") throw new Error("an expression is missing");
    at += 1;
    return found.test;
  };
  const both = (): Test => {
    const left = primary();
    if (!take("and")) return left;
    const right = both();
    return (target) => left(target) && right(target);
  };
  const either = (): Test => {
    const left = both();
    if (!take("or")) return left;
    const right = either();
    return (target) => left(target) || right(target);
  };
  const parsed = either();
  if (at < tokens.length) throw new Error("something follows the expression");
  return parsed;
}

function tokensOf(condition: string): Token[] {
  const tokens: Token[] = [];
  token.lastIndex = 0;
  while (condition.slice(token.lastIndex).trim() !== "") {
    const match = token.exec(condition);
    if (match === null) throw new Error("it has an unknown part");
    tokens.push(tokenOf(match));
  }
  return tokens;
}

function tokenOf(match: RegExpExecArray): Token {
  const [, open, close, not, and, or, matcher, matched = "", attribute = "", operator = "", value] = match;
  if (open) return { kind: "(" };
  if (close) return { kind: ")" };
  if (not) return { kind: "not" };
  if (and) return { kind: "and" };
  if (or) return { kind: "or" };
  const same = (left: string | undefined, right: string) => left?.toLowerCase() === right.toLowerCase();
  if (matcher?.toLowerCase() === "actionmatches") return { kind: "test", test: ({ action }) => same(action, matched) };
  if (matcher) return { kind: "test", test: ({ suboperation }) => same(suboperation, matched) };
  return {
    kind: "test",
    test: ({ resource }) => {
      const actual = resource[attribute];
      // If the resource lacks the attribute, either comparison is false.
      return actual !== undefined && (actual === value) === same(operator, "StringEquals");
    },
  };
}
