/** Providers to which the engine passes the settings of a project with their name. The one called customerio-aep takes only its own. */
const providers = ["aep", "customerio", "azure-native"];

/** Why a project can't have this name; undefined if it can. */
export function projectNameProblem(name: string): string | undefined {
  if (!providers.includes(name)) return undefined;
  return (
    `The project is called ${name}, like one of its providers, which would get the project's settings as its own. Change the name in ` +
    `Pulumi.yaml, such as to ${unusedProjectName(name)}.`
  );
}

/** The name itself, unless a project can't have it. */
export function unusedProjectName(name: string): string {
  return providers.includes(name) ? `${name}-events` : name;
}
