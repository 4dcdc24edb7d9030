import { azureSubjects, azureWorld } from "./azure-world.ts";
import { customerioSubjects, customerioWorld } from "./customerio-world.ts";
import { platformSubjects, platformWorld } from "./platform-world.ts";

/** Every resource whose life is swept, with the world in which it lives. */
export const subjects = [
  ...platformSubjects.map((subject) => ({ subject, open: () => platformWorld() })),
  ...customerioSubjects.map((subject) => ({ subject, open: customerioWorld })),
  ...azureSubjects.map((subject) => ({ subject, open: azureWorld })),
].map((entry) => ({ ...entry, type: entry.subject.type }));
