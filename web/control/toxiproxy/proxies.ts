// The proxies of Toxiproxy's API: relays with their toxics, started and stopped one after the other.

import { faultsOf, readToxic, type Toxic } from "./toxic.ts";
import { ToxiproxyError } from "./toxiproxy_error.ts";

/** Limits of a table that nobody needs a token for. */
const MAX_PROXIES = 100;
const MAX_TOXICS = 32;

/** A relay that runs. */
export interface RunningProxy {
  /** Host and port, as the system chose it. */
  readonly listen: string;
  setFaults(fault: readonly string[] | null): void;
  stop(): Promise<void>;
  /** Resolves when it has stopped, for whatever reason. */
  readonly finished: Promise<void>;
}

/** What proxies are made of. */
interface Relays {
  /** Starts a relay.
   * @throws {Error} when it cannot listen there, or must not */
  start(listen: string, upstream: string): Promise<RunningProxy>;
  /** @throws {UsageError} when a relay cannot have these faults */
  check(fault: readonly string[]): void;
}

/** A proxy as the API shows it. */
interface ShownProxy {
  readonly name: string;
  readonly listen: string;
  readonly upstream: string;
  readonly enabled: boolean;
  readonly toxics: readonly Toxic[];
}

interface Proxy {
  readonly name: string;
  listen: string;
  upstream: string;
  running: RunningProxy | undefined;
  readonly toxics: Map<string, Toxic>;
}

export class Proxies implements AsyncDisposable {
  readonly #relays: Relays;
  readonly #proxies = new Map<string, Proxy>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(relays: Relays) {
    this.#relays = relays;
  }

  all(): Record<string, ShownProxy> {
    return Object.fromEntries([...this.#proxies].map(([name, proxy]) => [name, shown(proxy)]));
  }

  /** @throws {ToxiproxyError} when there is none */
  show(name: string): ShownProxy {
    return shown(this.#named(name));
  }

  create(body: unknown): Promise<ShownProxy> {
    return this.#inTurn(() => this.#create(body));
  }

  /** Creates all of a list, in place of those with other addresses. */
  populate(body: unknown): Promise<readonly ShownProxy[]> {
    if (!Array.isArray(body)) throw new ToxiproxyError(400, "bad request body: expected a list");
    return this.#inTurn(async () => {
      const made: ShownProxy[] = [];
      for (const each of body) {
        const { name, listen, upstream } = fieldsOf(each);
        const before = name === undefined ? undefined : this.#proxies.get(name);
        const isSame = before?.listen === listen && before?.upstream === upstream;
        if (before !== undefined && !isSame) await this.#remove(before);
        made.push(before !== undefined && isSame ? shown(before) : await this.#create(each));
      }
      return made;
    });
  }

  update(name: string, body: unknown): Promise<ShownProxy> {
    return this.#inTurn(async () => {
      const proxy = this.#named(name);
      const { listen = proxy.listen, upstream = proxy.upstream, enabled } = fieldsOf(body);
      const wanted = enabled ?? proxy.running !== undefined;
      const hasMoved = listen !== proxy.listen || upstream !== proxy.upstream;
      if (proxy.running !== undefined && (hasMoved || !wanted)) await this.#stop(proxy);
      Object.assign(proxy, { listen, upstream });
      if (wanted && proxy.running === undefined) await this.#run(proxy);
      return shown(proxy);
    });
  }

  remove(name: string): Promise<void> {
    return this.#inTurn(() => this.#remove(this.#named(name)));
  }

  toxics(name: string): readonly Toxic[] {
    return [...this.#named(name).toxics.values()];
  }

  toxic(name: string, toxic: string): Toxic {
    const found = this.#named(name).toxics.get(toxic);
    if (found === undefined) throw new ToxiproxyError(404, "toxic not found");
    return found;
  }

  addToxic(name: string, body: unknown): Toxic {
    const proxy = this.#named(name);
    const toxic = readToxic(body);
    if (proxy.toxics.has(toxic.name)) throw new ToxiproxyError(409, "toxic already exists");
    if (proxy.toxics.size >= MAX_TOXICS) {
      throw new ToxiproxyError(409, `a proxy has at most ${MAX_TOXICS} toxics`);
    }
    return this.#put(proxy, toxic);
  }

  updateToxic(name: string, toxic: string, body: unknown): Toxic {
    return this.#put(this.#named(name), readToxic(body, this.toxic(name, toxic)));
  }

  removeToxic(name: string, toxic: string): void {
    const proxy = this.#named(name);
    proxy.toxics.delete(this.toxic(name, toxic).name);
    apply(proxy);
  }

  /** Takes all toxics away, and enables every proxy. */
  reset(): Promise<void> {
    return this.#inTurn(async () => {
      for (const proxy of this.#proxies.values()) {
        proxy.toxics.clear();
        apply(proxy);
        if (proxy.running === undefined) await this.#run(proxy);
      }
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inTurn(async () => {
      for (const proxy of this.#proxies.values()) await this.#stop(proxy);
    });
  }

  /** One after the other: two that start at one port must not meet. */
  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const done = this.#last.then(run);
    this.#last = done.catch(() => {});
    return done;
  }

  async #create(body: unknown): Promise<ShownProxy> {
    const { name = "", listen = "", upstream = "", enabled = true } = fieldsOf(body);
    for (const [field, value] of [["name", name], ["upstream", upstream]]) {
      if (value === "") throw new ToxiproxyError(400, `missing required field: ${field}`);
    }
    if (this.#proxies.has(name)) throw new ToxiproxyError(409, "proxy already exists");
    if (this.#proxies.size >= MAX_PROXIES) {
      throw new ToxiproxyError(409, `there are at most ${MAX_PROXIES} proxies`);
    }
    const proxy: Proxy = { name, listen, upstream, running: undefined, toxics: new Map() };
    if (enabled) await this.#run(proxy);
    this.#proxies.set(name, proxy);
    return shown(proxy);
  }

  async #run(proxy: Proxy): Promise<void> {
    try {
      proxy.running = await this.#relays.start(proxy.listen, proxy.upstream);
    } catch (error) {
      if (error instanceof ToxiproxyError) throw error;
      throw new ToxiproxyError(500, error instanceof Error ? error.message : String(error));
    }
    const { running } = proxy;
    // It may be stopped elsewhere too, and is disabled then.
    running.finished.catch(() => {}).finally(() => {
      if (proxy.running === running) proxy.running = undefined;
    });
    // The port that the system chose stays, also when it is disabled in between.
    proxy.listen = proxy.running.listen;
    apply(proxy);
  }

  async #stop(proxy: Proxy): Promise<void> {
    await proxy.running?.stop();
    proxy.running = undefined;
  }

  async #remove(proxy: Proxy): Promise<void> {
    await this.#stop(proxy);
    this.#proxies.delete(proxy.name);
  }

  /** Puts a toxic in its place, or leaves all as it was where it cannot be had. */
  #put(proxy: Proxy, toxic: Toxic): Toxic {
    const toxics = new Map(proxy.toxics).set(toxic.name, toxic);
    // Also of a proxy that is disabled: it would be enabled without them.
    const faults = faultsOf(toxics.values());
    try {
      if (faults.length > 0) this.#relays.check(faults);
    } catch (error) {
      throw new ToxiproxyError(400, error instanceof Error ? error.message : String(error));
    }
    proxy.toxics.set(toxic.name, toxic);
    apply(proxy);
    return toxic;
  }

  #named(name: string): Proxy {
    const proxy = this.#proxies.get(name);
    if (proxy === undefined) throw new ToxiproxyError(404, "proxy not found");
    return proxy;
  }
}

function apply({ running, toxics }: Proxy): void {
  const faults = faultsOf(toxics.values());
  running?.setFaults(faults.length === 0 ? null : faults);
}

function shown({ name, listen, upstream, running, toxics }: Proxy): ShownProxy {
  return { name, listen, upstream, enabled: running !== undefined, toxics: [...toxics.values()] };
}

/** @throws {ToxiproxyError} when a field has another type */
function fieldsOf(body: unknown) {
  if (typeof body !== "object" || body === null) {
    throw new ToxiproxyError(400, "bad request body: expected an object");
  }
  const { name, listen, upstream, enabled } = body as Record<string, unknown>;
  const text = (field: string, value: unknown): string | undefined => {
    if (value === undefined || typeof value === "string" && value.length <= 1000) return value;
    throw new ToxiproxyError(400, `bad request body: ${field} is text`);
  };
  if (enabled !== undefined && typeof enabled !== "boolean") {
    throw new ToxiproxyError(400, "bad request body: enabled is true or false");
  }
  return {
    name: text("name", name),
    listen: text("listen", listen),
    upstream: text("upstream", upstream),
    enabled,
  };
}
