/**
 * The command that takes an existing object into the stack, as the resource of this URN. A resource in a component needs its parent: without
 * it, Pulumi adds a second resource, which the next `up` deletes together with the object. A URN has the types of all ancestors, and the name
 * of none.
 */
export function importCommand(urn: string, id: string): string {
  const [stack = "", project = "", types = "", name = ""] = urn.split("::");
  const ancestors = types.split("$");
  const command = `npx pulumi import ${ancestors.pop()} ${name} ${id}`;
  if (ancestors.length === 0) return command;
  return (
    `${command} --parent 'parent=${stack}::${project}::${ancestors.join("$")}::<component>', with the name of the component as in: ` +
    "npx pulumi stack --show-urns"
  );
}
