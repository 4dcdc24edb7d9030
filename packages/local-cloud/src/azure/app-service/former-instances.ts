import type { HostProcess } from "./host-process.ts";

/** The instances of an app that live on with former settings or code; see the switch `formerInstances`. */
export class FormerInstances {
  readonly #hosts = new Set<HostProcess>();
  #turn = 0;

  /** They take messages until their time is over, and the front end sends them calls. */
  keepAlive(host: HostProcess, milliseconds: number): void {
    this.#hosts.add(host);
    setTimeout(() => void host.kill(), milliseconds).unref();
    void host.exited.then(() => this.#hosts.delete(host));
  }

  /** The host for the next call: alternates between these and the new one. */
  next(newest: HostProcess): HostProcess {
    const hosts = [newest, ...this.#hosts];
    this.#turn = (this.#turn + 1) % hosts.length;
    return hosts[this.#turn] ?? newest;
  }

  pids(): number[] {
    return [...this.#hosts].map(({ pid }) => pid);
  }

  async kill(): Promise<void> {
    await Promise.all([...this.#hosts].map((host) => host.kill()));
  }
}
