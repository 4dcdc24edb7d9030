import { azureSweeps, azureWorld } from "./azure-world.ts";
import { customerioSweeps, customerioWorld } from "./customerio-world.ts";
import { platformSweeps, platformWorld } from "./platform-world.ts";

/** Every resource that is swept, with its world. */
export const sweeps = [
  ...platformSweeps.map((subject) => ({ subject, open: () => platformWorld() })),
  ...customerioSweeps.map((subject) => ({ subject, open: customerioWorld })),
  ...azureSweeps.map((subject) => ({ subject, open: azureWorld })),
].map((entry) => ({ ...entry, type: entry.subject.type }));
