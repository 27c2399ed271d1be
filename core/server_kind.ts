// The interface of a server transport, such as `tcp` or `http`: its scheme, its options, and
// `start`, which listens. client_kind.ts has its counterpart.

import type { Addressing, Endpoint } from "./addresses/endpoint.ts";
import type { HttpService } from "./http/app.ts";
import type { BoundLayer, Carrier } from "./layer.ts";
import type { Needs } from "./options/needs.ts";
import type { OptionTable, OptionValues } from "./options/option.ts";
import type { Context, Protocol, Service } from "./protocol.ts";
import type { RunningServer } from "./running_server.ts";

/** An opened protocol, for a transport that carries sessions. */
export interface SessionWork {
  readonly protocol: Pick<Protocol, "name" | "framing" | "datagramReply">;
  readonly service: Service;
  /** Layers from the wire inward. */
  readonly layers: readonly BoundLayer[];
  readonly context: Context;
}

/** An opened HTTP application, for a transport that carries requests. */
export interface RequestWork {
  readonly name: string;
  readonly service: HttpService;
  readonly context: Context;
  /** Layers from the wire inward. */
  readonly layers: readonly BoundLayer[];
  /** Whether every request becomes an event. Default: false, because events cost throughput. */
  readonly watch?: boolean;
  /** Whether the duration of every request is counted. Default: false. */
  readonly measure?: boolean;
}

interface Kind<Options extends OptionTable> {
  /** The scheme of its URLs. */
  readonly name: string;
  readonly summary: string;
  readonly addressing: Addressing;
  /** Whether its URLs may have a path behind the host. Default: false. */
  readonly usesPath?: boolean;
  /** The kind of socket that layers on this transport wrap. */
  readonly carrier: Carrier;
  readonly options: Options;
  /** The options that have no effect without another one. */
  readonly needs?: Needs;
}

/** A transport that carries sessions. */
export interface SessionServerKind<Options extends OptionTable = OptionTable>
  extends Kind<Options> {
  readonly carries: "sessions";
  /** The rank among the layers of a transport that is itself one of them: no layer of the same rank
   * can be stacked on it. */
  readonly layerRank?: number;
  /** Listens and serves. Resolves once it listens.
   * @throws {Error} naming the URL and the cause when it cannot listen, with nothing left open */
  start(
    endpoint: Endpoint,
    options: OptionValues<Options>,
    work: SessionWork,
  ): Promise<RunningServer>;
}

/** A transport that carries HTTP requests. */
export interface RequestServerKind<Options extends OptionTable = OptionTable>
  extends Kind<Options> {
  readonly carries: "requests";
  /** Listens and serves, as `SessionServerKind.start` does. */
  start(
    endpoint: Endpoint,
    options: OptionValues<Options>,
    work: RequestWork,
  ): Promise<RunningServer>;
}

export type ServerKind<Options extends OptionTable = OptionTable> =
  | SessionServerKind<Options>
  | RequestServerKind<Options>;
