// Layers: wrappers that take a connection or a datagram socket and return one, so that they can be
// stacked on each other and under any protocol.

import type { Address } from "./addresses/address.ts";
import type { Clock } from "./clock.ts";
import type { Connection, DatagramSocket } from "./connection.ts";
import type { Counters } from "./counters.ts";
import type { Tell } from "./event.ts";
import type { DatagramLimits } from "./limits.ts";
import type { LiveFaults } from "./live_faults.ts";
import type { OptionTable, OptionValues } from "./options/option.ts";
import { UsageError } from "./usage_error.ts";

/** The kind of socket that a layer wraps. */
export type Carrier = "stream" | "datagram";

/** The side that a layer is on: of a client or of a server. */
export type Side =
  | { readonly role: "listen" }
  | { readonly role: "dial"; readonly to: Address; readonly serverName?: string };

/** The services that a layer is given: a clock and the like. */
export interface LayerContext {
  readonly clock: Clock;
  /** A random number from 0 to below 1, for uses without secrets. */
  random(): number;
  /** Tells events; undefined where nobody listens. */
  readonly emit: Tell | undefined;
}

/** Properties of the socket that a layer wraps. */
export interface LayerWork {
  /** Counters to which the layer adds what it drops and does. */
  readonly counters: Counters;
  /** The limits of the server or client that reads from a datagram socket. */
  readonly limits: Pick<
    DatagramLimits,
    "maxMessageBytes" | "maxPeers" | "peerTimeoutMs" | "inboxMessages" | "inboxBytes"
  >;
}

/** A layer whose keys and other files have been read. */
export interface OpenedLayer {
  /** Whether the layer resets connections, so that a transport that can reset has to offer it. */
  readonly resets?: boolean;
  /** The faults of the layer, if it has any, which can be replaced. */
  readonly live?: LiveFaults;
  stream?(
    connection: Connection,
    side: Side,
    work: Pick<LayerWork, "counters">,
  ): Connection;
  datagram?(socket: DatagramSocket, side: Side, work: LayerWork): DatagramSocket;
}

/** Properties of a layer by which a stack is checked. */
export interface LayerTraits {
  readonly name: string;
  /** From the wire inward: fault 10, signed 20, sealed or dtls 30, reliable 40. */
  readonly rank: number;
  /** The kinds of socket that the layer can wrap. */
  readonly carriers: readonly Carrier[];
  /** Whether a message that passes the layer comes from the address that it claims, or from a peer
   * that proved its key. */
  readonly provesSender?: boolean;
  /** Whether messages arrive once and in order, or the session ends in an error. */
  readonly ordered?: boolean;
}

/** A layer and its option table. */
export interface Layer<Options extends OptionTable = OptionTable> extends LayerTraits {
  readonly summary: string;
  readonly options: Options;
  /** The option that adds the layer to an endpoint whose URL does not name it. Such a layer
   * concerns one side alone, so URLs that are printed omit it. */
  readonly impliedBy?: string;
  /** Refuses options that cannot work on this kind of socket. Called for each endpoint before any
   * of them opens.
   * @throws {UsageError} saying why */
  check?(options: OptionValues<Options>, carrier: Carrier): void;
  /** Opens the layer, once for each endpoint.
   * @throws {UsageError} when a key or another option cannot be used */
  open(
    options: OptionValues<Options>,
    context: LayerContext,
  ): OpenedLayer | Promise<OpenedLayer>;
}

/** A layer with its options, ready to wrap. */
export interface BoundLayer extends LayerTraits, OpenedLayer {}

/** Opens a layer with its options. */
export async function bindLayer<Options extends OptionTable>(
  layer: Layer<Options>,
  options: OptionValues<Options>,
  context: LayerContext,
): Promise<BoundLayer> {
  const { name, rank, carriers, provesSender, ordered } = layer;
  const opened = await layer.open(options, context);
  return {
    name,
    rank,
    carriers,
    ...(provesSender !== undefined && { provesSender }),
    ...(ordered !== undefined && { ordered }),
    ...(opened.resets !== undefined && { resets: opened.resets }),
    ...(opened.live && { live: opened.live }),
    ...(opened.stream && { stream: opened.stream.bind(opened) }),
    ...(opened.datagram && { datagram: opened.datagram.bind(opened) }),
  };
}

/** Refuses a stack that cannot work.
 * @throws {UsageError} when layers stand in the wrong order, twice, or on the wrong kind of socket */
export function checkLayers(
  layers: readonly LayerTraits[],
  carrier: Carrier,
  url: string,
): void {
  layers.forEach((layer, index) => {
    const outer = layers[index - 1];
    if (outer?.name === layer.name) {
      throw new UsageError(`${url}: the layer ${layer.name} stands there twice; once is enough`);
    }
    if (outer !== undefined && outer.rank === layer.rank) {
      throw new UsageError(
        `${url}: the layers ${outer.name} and ${layer.name} do the same thing; choose one of them`,
      );
    }
    if (outer !== undefined && outer.rank > layer.rank) {
      throw new UsageError(
        `${url}: the layer ${layer.name} cannot stand inside ${outer.name}; ` +
          `write +${layer.name} before +${outer.name}, or one of them alone`,
      );
    }
    if (!layer.carriers.includes(carrier)) {
      throw new UsageError(
        `${url}: the layer ${layer.name} does not work on a ${carrier} transport`,
      );
    }
  });
}

/** Puts a further layer into its place in a stack. */
export function withLayer<Traits extends LayerTraits>(
  layers: readonly Traits[],
  layer: Traits,
): readonly Traits[] {
  return [
    ...layers.filter(({ rank }) => rank < layer.rank),
    layer,
    ...layers.filter(({ rank }) => rank >= layer.rank),
  ];
}

/** Wraps a connection in its layers, the first nearest to the wire. */
export function layerStream(
  connection: Connection,
  layers: readonly BoundLayer[],
  side: Side,
  work: Pick<LayerWork, "counters">,
): Connection {
  return layers.reduce((inner, layer) => layer.stream?.(inner, side, work) ?? inner, connection);
}

/** Wraps a datagram socket in its layers, the first nearest to the wire. Takes ownership of the
 * socket, and closes it when a layer fails. */
export function layerDatagrams(
  socket: DatagramSocket,
  layers: readonly BoundLayer[],
  side: Side,
  work: LayerWork,
): DatagramSocket {
  let wrapped = socket;
  try {
    for (const layer of layers) wrapped = layer.datagram?.(wrapped, side, work) ?? wrapped;
  } catch (error) {
    wrapped[Symbol.dispose]();
    throw error;
  }
  return wrapped;
}
