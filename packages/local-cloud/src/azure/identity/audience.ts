/** Whether a token's audience is Azure Resource Manager, under either of its names. */
export function isForManagement(audience: string): boolean {
  return ["https://management.azure.com", "https://management.core.windows.net"].includes(audience.replace(/\/+$/, ""));
}
