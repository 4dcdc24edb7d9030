import { z } from "zod";

const endpoint = z.object({ properties: z.object({ subnet: z.object({ id: z.string() }) }) });
const network = z.object({
  properties: z.object({
    subnets: z.array(z.object({ name: z.string(), properties: z.object({ addressPrefix: z.string() }) })),
  }),
});

/**
 * Refuses changes of a private network that Azure refuses, before an `up` reaches them: another subnet of a private endpoint
 * (`CannotChangeSubnetOnExistingPrivateEndpoint`, pulumi-azure-native#3883), and other addresses of a subnet that is in use
 * (`InUsePrefixCannotBeDeleted`, terraform-provider-azurerm#11211).
 *
 * @param olds the body as Azure has it
 * @throws with the way to do it
 */
export function refuseMove(id: string, olds: unknown, news: unknown): void {
  const moved = movedPart(id, olds, news);
  if (moved === undefined) return;
  throw new Error(
    `Azure can't change ${moved}. To move a relay to another network, open its storage and vault first: set privateNetwork.enabled to ` +
      "false, remove the rest of privateNetwork, and run npx pulumi up. Then set the new network, together with privateNetwork.publicAccess, " +
      'and run npx pulumi up again (docs/networking.md, "To move to another network"). Or replace the relay with the new settings ' +
      "(docs/tasks/replace.md).",
  );
}

function movedPart(id: string, olds: unknown, news: unknown): string | undefined {
  if (/\/privateEndpoints\/[^/]+$/i.test(id)) {
    const [before, after] = [olds, news].map((body) => endpoint.safeParse(body).data?.properties.subnet.id);
    const isMoved = before !== undefined && after !== undefined && before.toLowerCase() !== after.toLowerCase();
    return isMoved ? `the subnet of the private endpoint ${id.split("/").at(-1)}` : undefined;
  }
  if (!/\/virtualNetworks\/[^/]+$/i.test(id)) return undefined;
  const [before, after] = [olds, news].map((body) => {
    const subnets = network.safeParse(body).data?.properties.subnets ?? [];
    return new Map(subnets.map(({ name, properties }) => [name, properties.addressPrefix]));
  });
  const moved = [...(after ?? [])].find(([name, prefix]) => (before?.get(name) ?? prefix) !== prefix);
  return moved && `the addresses of the subnet ${moved[0]} of the virtual network ${id.split("/").at(-1)}`;
}
