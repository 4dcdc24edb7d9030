/** One HTTP function's route, ready to match. */
export interface Route<T> {
  readonly target: T;
  readonly methods: readonly string[];
  readonly pattern: RegExp;
  readonly names: readonly string[];
  /** Lower values are tried first: literal segments before parameters, parameters before catch-alls. */
  readonly precedence: string;
}

/** Constraints of ASP.NET Core's route templates that the host documents for HTTP triggers. */
const constraints: Record<string, string> = {
  int: "-?\\d+",
  long: "-?\\d+",
  bool: "true|false",
  alpha: "[a-z]+",
  guid: "[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",
  decimal: "-?\\d+(?:\\.\\d+)?",
  double: "-?\\d+(?:\\.\\d+)?",
};

/**
 * Reads a route template such as `products/{category:alpha}/{id:int?}` or `{*path}` under the route prefix.
 * Throws an Error for an unknown constraint, as routing does at the start of the host.
 */
export function compileRoute<T>(target: T, methods: readonly string[], prefix: string, template: string): Route<T> {
  const segments = [...prefix.split("/"), ...template.split("/")].filter((segment) => segment !== "");
  const names: string[] = [];
  let precedence = "";
  const source = segments.map((segment) => {
    const [, catchAll, name, constraint, optional] = segment.match(/^\{(\*{0,2})(\w+)(?::([^}?]+))?(\?)?\}$/) ?? [];
    if (name === undefined) {
      precedence += "1";
      return `/${segment.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`;
    }
    names.push(name);
    if (catchAll) {
      precedence += "5";
      return "(?:/(.*))?";
    }
    precedence += constraint === undefined ? "3" : "2";
    const value = `(${constraintPattern(constraint, template)})`;
    return optional ? `(?:/${value})?` : `/${value}`;
  });
  return {
    target,
    methods: methods.map((method) => method.toUpperCase()),
    pattern: new RegExp(`^${source.join("")}/?$`, "i"),
    names,
    precedence,
  };
}

/** Routes in the order in which they are tried. */
export function sortRoutes<T>(routes: readonly Route<T>[]): Route<T>[] {
  return [...routes].sort((left, right) => left.precedence.localeCompare(right.precedence));
}

/**
 * The route that answers a request, with its parameters; undefined: 404.
 *
 * @param routes see `sortRoutes`
 */
export function matchRoute<T>(
  routes: readonly Route<T>[],
  method: string,
  path: string,
): { target: T; params: Record<string, string> } | undefined {
  const wanted = method.toUpperCase();
  for (const route of routes) {
    const match = path.match(route.pattern);
    if (match === null || !route.methods.includes(wanted)) continue;
    const values = route.names.map((name, index) => [name, match[index + 1]] as const);
    const given = values.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
    return {
      target: route.target,
      params: Object.fromEntries(given.map(([name, value]) => [name, decodeURIComponent(value)])),
    };
  }
  return undefined;
}

function constraintPattern(constraint: string | undefined, template: string): string {
  if (constraint === undefined) return "[^/]+";
  const pattern = constraints[constraint];
  if (pattern === undefined) {
    throw new Error(`The route "${template}" has the constraint "${constraint}", which this host doesn't know.`);
  }
  return pattern;
}
