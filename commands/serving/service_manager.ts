// Tells the service manager that started this process how it fares (sd_notify(3)): a datagram at a time
// to the Unix socket that NOTIFY_SOCKET names.

import type { Endpoint } from "../../core/addresses/endpoint.ts";
import { permittedVariable } from "../../core/environment.ts";
import { errorText } from "../../core/event.ts";
import { UsageError } from "../../core/usage_error.ts";

export class ServiceManager {
  readonly #socket: Endpoint;
  readonly #warn: (line: string) => void;
  #status = "";

  private constructor(socket: Endpoint, warn: (line: string) => void) {
    this.#socket = socket;
    this.#warn = warn;
  }

  /** The service manager of the environment; null where there is none.
   * @param warn called when a message cannot be sent that changes nothing here
   * @throws {UsageError} when the socket is of a kind that cannot be sent to */
  static find(
    warn: (line: string) => void,
    name: string | undefined = permittedVariable("NOTIFY_SOCKET"),
  ): ServiceManager | null {
    if (name === undefined || name === "") return null;
    if (!/^(?:\/|@.)/.test(name)) {
      throw new UsageError(
        `NOTIFY_SOCKET is "${name}"; only a Unix socket can be told, /path or @name; unset it to run ` +
          "without a service manager",
      );
    }
    const text = `unixgram://${name}`;
    const path = name.replace(/^@/, "\0");
    return new ServiceManager(
      {
        text,
        scheme: "unixgram",
        layers: [],
        addressing: "path",
        hostname: "",
        port: undefined,
        path,
      },
      warn,
    );
  }

  /** Says that all servers listen.
   * @throws {Error} when it cannot be said: the manager would wait for it, and then stop us */
  async ready(urls: readonly string[]): Promise<void> {
    this.#status = `STATUS=Listening on ${urls.join(" ")}`;
    try {
      await this.#tell("READY=1", this.#status);
    } catch (error) {
      throw new Error(
        `Cannot tell the service manager at NOTIFY_SOCKET that the servers are ready: ` +
          `${errorText(error)}; unset NOTIFY_SOCKET to run without one`,
        { cause: error },
      );
    }
  }

  /** Says that a reload begins, and, once it is over, that the servers are ready again. */
  async reloading(reload: () => Promise<unknown>): Promise<void> {
    await this.#tellOrWarn("RELOADING=1");
    await reload();
    await this.#tellOrWarn("READY=1", this.#status);
  }

  /** Says that the servers are shutting down. */
  stopping(): Promise<void> {
    return this.#tellOrWarn("STOPPING=1", "STATUS=Letting sessions finish");
  }

  async #tellOrWarn(...lines: readonly string[]): Promise<void> {
    try {
      await this.#tell(...lines);
    } catch (error) {
      this.#warn(`the service manager was not told ${lines[0]}: ${errorText(error)}`);
    }
  }

  async #tell(...lines: readonly string[]): Promise<void> {
    const { connect } = await import("../../dock/connect.ts");
    using session = await connect(this.#socket);
    await session.send(lines.join("\n"));
  }
}
