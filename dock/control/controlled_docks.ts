// The servers of this process, as the control sees and drives them. Past 300 lines because each of
// them answers from the one table of servers by their numbers.

import { formatAddress } from "../../core/addresses/address.ts";
import { createCounters, type Stats, sumStats } from "../../core/counters.ts";
import { errorText } from "../../core/event.ts";
import { isoTime } from "../../core/clock.ts";
import type { FaultsInForce } from "../../core/live_faults.ts";
import type { OpenSession, ServerCertificate } from "../../core/running_server.ts";
import type { Message } from "../../core/session.ts";
import { UsageError } from "../../core/usage_error.ts";
import { heldBodyBytes } from "../../servers/http/captured.ts";
import type {
  CertificateDetails,
  CertificateState,
  ControlledDocks,
  EventHearer,
  OptionsRequest,
  ServerState,
  SessionState,
  StartRequest,
  Stopping,
} from "../../web/control/controlled_docks.ts";
import { Problem } from "../../web/control/problem.ts";
import { allowedServers } from "./asked_servers.ts";
import { catalogue } from "../catalogue.ts";
import type { DrivenServer } from "../driven_server.ts";
import type { DialledServer } from "./dials.ts";
import { maskedOptions } from "./masked_options.ts";
import { offeredOptions, optionInText } from "./offered_options.ts";
import { type Dock, serve } from "../serve.ts";
import { servingTable } from "../unknown_option.ts";
import { talkCommands } from "./talk_commands.ts";
import { upstreamState } from "./upstream_state.ts";

/** How many docks may be started over the control at a time. */
const MAX_STARTED = 32;

/** Of all options with which a server can be started. */
const OPTION_KEYS = Object.keys(servingTable());

/** How many messages may wait for a peer that does not read. */
const MAX_SENDING = 4;

/** A server by its number. */
interface Known {
  readonly id: number;
  readonly dock: number;
  readonly of: Dock;
  readonly server: DrivenServer;
  readonly startedByControl: boolean;
}

interface Hearer extends EventHearer {
  /** Ends hearing a dock. */
  readonly stops: Map<Dock, () => void>;
}

export class DockRegistry implements ControlledDocks, AsyncDisposable {
  readonly #folders: readonly string[];
  readonly #sockdock: string;
  readonly #known = new Map<number, Known>();
  readonly #hearers = new Set<Hearer>();
  readonly #certificates = new WeakMap<ServerCertificate, CertificateState>();
  /** How many messages wait in each session, by its number. */
  readonly #sending = new Map<number, number>();
  #lastId = 0;
  #lastDock = 0;
  /** How many requests to start servers have not been answered. */
  #starting = 0;
  #isDisposed = false;

  /** @param folders inside which files may be that are named over the control
   * @param sockdock what sockdock is called in commands */
  constructor(folders: readonly string[], sockdock: string) {
    this.#folders = folders;
    this.#sockdock = sockdock;
  }

  /** Adds a dock, until it has stopped. */
  add(of: Dock, startedByControl = false): readonly Known[] {
    const dock = ++this.#lastDock;
    const added = of.servers.map((server) => ({
      ...{ id: ++this.#lastId, dock, of, server, startedByControl },
    }));
    for (const known of added) this.#known.set(known.id, known);
    for (const hearer of this.#hearers) {
      this.#hear(hearer, of);
      for (const { server: { url, certificate } } of added) {
        hearer.add({
          event: "listening",
          time: isoTime(Date.now()),
          url,
          protocol: of.protocol,
          ...(certificate && { fingerprint: certificate.fingerprint }),
        });
      }
    }
    of.finished.catch(() => {}).finally(() => this.#forget(added, of));
    return added;
  }

  /** The docks that run. */
  docks(): ReadonlySet<Dock> {
    return new Set([...this.#known.values()].map(({ of }) => of));
  }

  async servers(): Promise<readonly ServerState[]> {
    return await Promise.all([...this.#known.values()].map((known) => this.#stateOf(known)));
  }

  sessions(): readonly SessionState[] {
    return this.#open().map(([{ id: server }, { session, openedMs }]) => ({
      id: session.sessionId,
      server,
      url: session.serverUrl,
      peer: formatAddress(session.peer),
      identity: session.identity ?? null,
      carries: session.send === undefined ? "requests" as const : "messages" as const,
      durationMs: Math.round(performance.now() - openedMs),
      bytesReceived: session.bytesReceived,
      bytesSent: session.bytesSent,
    })).sort((one, other) => one.id - other.id);
  }

  stats(): Stats {
    return sumStats([createCounters(), ...[...this.docks()].map((dock) => dock.stats())]);
  }

  heldBodyBytes(): number {
    return heldBodyBytes();
  }

  catalogue(): unknown {
    return catalogue();
  }

  /** A server, to dial it. */
  find(server: number): DialledServer | undefined {
    return this.#known.get(server);
  }

  options(request: OptionsRequest): ReturnType<ControlledDocks["options"]> {
    return { options: offeredOptions(request), folders: this.#folders };
  }

  has(server: number): boolean {
    return this.#known.has(server);
  }

  urlOf(server: number): string | undefined {
    return this.#known.get(server)?.server.url;
  }

  faultsOf(server: number): FaultsInForce | null {
    return this.#known.get(server)?.server.faults ?? null;
  }

  setFaults(server: number, fault: readonly string[] | null, seed?: number): void {
    const known = this.#known.get(server);
    if (known === undefined || (fault === null && known.server.faults === null)) return;
    known.server.setFaults(fault, seed === undefined ? {} : { seed });
  }

  closeSession(session: number): boolean {
    const found = this.#find(session);
    found?.close("ended over the control");
    return found !== undefined;
  }

  async sendTo(session: number, message: Message, timeoutMs: number): Promise<boolean | null> {
    const found = this.#find(session);
    if (found === undefined) return false;
    if (found.send === undefined) return null;
    const waiting = this.#sending.get(session) ?? 0;
    if (waiting >= MAX_SENDING) {
      throw new Problem(409, `${waiting} messages to session ${session} wait for its peer to read`);
    }
    this.#sending.set(session, waiting + 1);
    const sending = found.send(message).finally(() => {
      const left = this.#sending.get(session)! - 1;
      if (left > 0) this.#sending.set(session, left);
      else this.#sending.delete(session);
    });
    const late = Promise.withResolvers<"late">();
    const timer = setTimeout(() => late.resolve("late"), timeoutMs);
    try {
      if (await Promise.race([sending, late.promise]) !== "late") return true;
    } catch (error) {
      throw new Problem(409, `session ${session} took no message: ${errorText(error)}`);
    } finally {
      clearTimeout(timer);
    }
    throw new Problem(
      504,
      `the peer of session ${session} took nothing for ${timeoutMs} ms; the message waits until it ` +
        "reads, or the session ends",
    );
  }

  async start(request: StartRequest): Promise<readonly ServerState[]> {
    if (this.#started().length + this.#starting >= MAX_STARTED) {
      throw new Problem(409, `${MAX_STARTED} were started over the control already; stop one`);
    }
    this.#starting++;
    try {
      const { what, endpoints, options } = await allowedServers(request, this.#folders);
      // The control's own /metrics has the durations of all requests.
      const dock = await serve(endpoints, what, { ...options, measure: true });
      if (this.#isDisposed) {
        await dock.shutdown({ graceMs: 0 });
        throw new Problem(409, "the control has been closed");
      }
      return await Promise.all(this.add(dock, true).map((known) => this.#stateOf(known)));
    } catch (error) {
      const isOurs = error instanceof UsageError || error instanceof TypeError ||
        error instanceof RangeError || error instanceof Problem;
      if (!isOurs) throw new Problem(409, errorText(error));
      if (error instanceof Problem) throw error;
      throw new Problem(422, error.message, {}, optionInText(error.message, OPTION_KEYS));
    } finally {
      this.#starting--;
    }
  }

  stop(server: number, graceMs: number): Stopping | null {
    const known = this.#known.get(server);
    if (known === undefined) return null;
    const { of } = known;
    const servers = [...this.#known.values()].filter((one) => one.of === of)
      .map(({ id, server: { url } }) => ({ id, url }));
    // One that broke has stopped too; `finished` of its dock says how.
    return { servers, finished: of.shutdown({ graceMs }).catch(() => {}) };
  }

  async certificateOf(server: number, file: string): Promise<CertificateDetails | null> {
    const { url, certificate } = this.#known.get(server)?.server ?? {};
    if (url === undefined || certificate === undefined) return null;
    const { certificateDetails } = await import("./certificate_state.ts");
    return await certificateDetails(certificate, { url, file });
  }

  async reset(): Promise<void> {
    for (const { server } of this.#known.values()) {
      if (server.faults !== null) server.setFaults(null);
    }
    await this.#stopStarted();
  }

  listen(
    { add, offer, wantsTraffic, wantedBodyBytes }: EventHearer,
  ): { changed(): void; stop(): void } {
    const hearer: Hearer = { add, offer, wantsTraffic, wantedBodyBytes, stops: new Map() };
    this.#hearers.add(hearer);
    for (const dock of this.docks()) this.#hear(hearer, dock);
    const wanted = () => `${wantsTraffic()} ${wantedBodyBytes()}`;
    let before = wanted();
    return {
      changed: () => {
        if (wanted() === before) return;
        before = wanted();
        for (const dock of this.docks()) this.#hear(hearer, dock);
      },
      stop: () => {
        this.#hearers.delete(hearer);
        for (const stop of hearer.stops.values()) stop();
      },
    };
  }

  /** Stops what was started over the control; the others belong to somebody else. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    for (const { stops } of this.#hearers) for (const stop of stops.values()) stop();
    this.#hearers.clear();
    await this.#stopStarted();
  }

  #hear({ add, offer, wantsTraffic, wantedBodyBytes, stops }: Hearer, dock: Dock): void {
    // The new listener comes before the old one goes: nothing is missed or heard twice in between.
    const before = stops.get(dock);
    before?.();
    const bodyBytes = wantedBodyBytes();
    stops.set(
      dock,
      dock.listen(add, {
        traffic: wantsTraffic() && offer,
        ...(bodyBytes !== undefined && { bodyBytes }),
      }),
    );
  }

  #forget(added: readonly Known[], dock: Dock): void {
    for (const { id } of added) this.#known.delete(id);
    for (const { stops } of this.#hearers) {
      stops.get(dock)?.();
      stops.delete(dock);
    }
  }

  async #stopStarted(): Promise<void> {
    await Promise.all(this.#started().map((dock) => dock.shutdown({ graceMs: 0 })));
  }

  #started(): readonly Dock[] {
    const known = [...this.#known.values()].filter(({ startedByControl }) => startedByControl);
    return [...new Set(known.map(({ of }) => of))];
  }

  #open(): readonly (readonly [Known, OpenSession])[] {
    return [...this.#known.values()].flatMap((known) =>
      [...known.server.sessions()].map((session) => [known, session] as const)
    );
  }

  #find(id: number): OpenSession["session"] | undefined {
    return this.#open().find(([, { session }]) => session.sessionId === id)?.[1].session;
  }

  async #stateOf({ id, dock, of, server, startedByControl }: Known): Promise<ServerState> {
    const { url, transport, carries, carrier, layers, certificate, faults } = server;
    const options = maskedOptions(of.options, servingTable(of.ownOptions));
    const talked = {
      ...{ protocol: of.protocol, url, transport, carries, layers, options },
      fingerprint: certificate?.fingerprint,
    };
    return {
      ...{ id, dock, protocol: of.protocol, summary: of.summary, url },
      ...{ transport, carries, carrier, layers },
      options,
      certificate: certificate === undefined ? null : await this.#certificateOf(certificate),
      commands: talkCommands(talked, this.#sockdock),
      counters: server.stats(),
      upstream: upstreamState(of, this.#known.values()),
      draining: of.isDraining,
      ...{ faults, startedByControl },
    };
  }

  async #certificateOf(certificate: ServerCertificate): Promise<CertificateState> {
    const known = this.#certificates.get(certificate);
    if (known !== undefined) return known;
    const { describePem } = await import("./certificate_state.ts");
    const state = await describePem(certificate);
    this.#certificates.set(certificate, state);
    return state;
  }
}
