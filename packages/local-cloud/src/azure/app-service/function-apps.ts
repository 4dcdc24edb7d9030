import path from "node:path";
import { ArmError } from "../arm/arm-error.ts";
import { FunctionApp, type FunctionAppSurroundings } from "./function-app.ts";

interface FunctionAppsOptions extends FunctionAppSurroundings {
  /** Each app has a subfolder with its name. */
  readonly folder: string;
}

/** The function apps that exist, by resource id. */
export class FunctionApps {
  readonly #options: FunctionAppsOptions;
  readonly #apps = new Map<string, FunctionApp>();

  constructor(options: FunctionAppsOptions) {
    this.#options = options;
  }

  async create(id: string, name: string): Promise<FunctionApp> {
    const app = await FunctionApp.create({
      ...this.#options,
      id,
      name,
      folder: path.join(this.#options.folder, name),
    });
    this.#apps.set(id.toLowerCase(), app);
    return app;
  }

  get(id: string): FunctionApp {
    const app = this.#apps.get(id.toLowerCase());
    if (app) return app;
    const name = id.split("/").at(-1);
    throw new ArmError(404, "ResourceNotFound", `The Resource 'Microsoft.Web/sites/${name}' was not found.`);
  }

  list(): FunctionApp[] {
    return [...this.#apps.values()];
  }

  async delete(id: string): Promise<void> {
    const app = this.#apps.get(id.toLowerCase());
    this.#apps.delete(id.toLowerCase());
    await app?.close();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#apps.keys()].map((id) => this.delete(id)));
  }
}
