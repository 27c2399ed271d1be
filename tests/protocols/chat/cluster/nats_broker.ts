/** A NATS broker of Debian's, with JetStream in a folder of its own. */

import { startPeer } from "../../../peer.ts";
import type { RunningProcess } from "../../../running_process.ts";

/** A broker that can be killed and started again at the same place. */
export class NatsBroker implements AsyncDisposable {
  readonly #folder: string;
  readonly #args: readonly string[];
  #store = 0;
  #process: RunningProcess;
  #port: number;

  private constructor(
    folder: string,
    args: readonly string[],
    process: RunningProcess,
    port: number,
  ) {
    this.#folder = folder;
    this.#args = args;
    this.#process = process;
    this.#port = port;
  }

  /** Starts one on a free port.
   * @param folder where it keeps its data
   * @param args more arguments */
  static async start(folder: string, args: readonly string[] = []): Promise<NatsBroker> {
    const [process, port] = await launch(`${folder}/0`, -1, args);
    return new NatsBroker(folder, args, process, port);
  }

  get port(): number {
    return this.#port;
  }

  /** As an option takes it. */
  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Ends it without a chance to tidy up. */
  async kill(): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
  }

  /** Starts it again with what it had, after `kill`. */
  async restart(): Promise<void> {
    [this.#process] = await launch(`${this.#folder}/${this.#store}`, this.#port, this.#args);
  }

  /** Starts it again as if it had never been there, after `kill`. */
  async restartEmpty(): Promise<void> {
    this.#store++;
    await this.restart();
  }

  /** The folder with its data. */
  get store(): string {
    return `${this.#folder}/${this.#store}`;
  }

  /** Lets it stand still; resolves once none of its threads moves any more. */
  async freeze(): Promise<void> {
    this.#process.signal("SIGSTOP");
    const tasks = `/proc/${this.#process.pid}/task`;
    if (Deno.build.os !== "linux") return;
    const moves = async (task: string) =>
      !/\) [Tt] /.test(await Deno.readTextFile(`${tasks}/${task}/stat`));
    for await (const { name } of Deno.readDir(tasks)) while (await moves(name));
  }

  /** Lets it go on. */
  thaw(): void {
    this.#process.signal("SIGCONT");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function launch(
  store: string,
  port: number,
  args: readonly string[],
): Promise<[RunningProcess, number]> {
  const process = startPeer("nats-server", [
    ...["-a", "127.0.0.1", "-p", `${port}`, "-js", "-sd", store],
    ...args,
  ]);
  try {
    const [, found] = await process.stderr.line(/client connections on [\d.]+:(\d+)/);
    await process.stderr.line(/Server is ready/);
    return [process, Number(found)];
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}
