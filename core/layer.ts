// Layers: wrappers that take a connection or a datagram socket and return one, so that they stack.

import type { Address } from "./address.ts";
import type { Connection, DatagramSocket } from "./connection.ts";
import type { OptionTable, OptionValues } from "./option.ts";
import { UsageError } from "./usage_error.ts";

/** Which end of the wire a layer is on. */
export type Side =
  | { readonly role: "listen" }
  | { readonly role: "dial"; readonly to: Address; readonly serverName?: string };

/** A layer and its option table. A layer that cannot wrap one kind of socket leaves the method
 * out. Ranks grow from the wire inward: fault 10, signed 20, sealed or dtls 30, reliable 40. */
export interface Layer<Options extends OptionTable = OptionTable> {
  readonly name: string;
  readonly summary: string;
  readonly rank: number;
  readonly options: Options;
  stream?(connection: Connection, options: OptionValues<Options>, side: Side): Connection;
  datagram?(socket: DatagramSocket, options: OptionValues<Options>, side: Side): DatagramSocket;
}

/** A layer with its options, ready to wrap. */
export interface BoundLayer {
  readonly name: string;
  readonly rank: number;
  readonly stream?: (connection: Connection, side: Side) => Connection;
  readonly datagram?: (socket: DatagramSocket, side: Side) => DatagramSocket;
}

/** Ties a layer to its options. */
export function bindLayer<Options extends OptionTable>(
  layer: Layer<Options>,
  options: OptionValues<Options>,
): BoundLayer {
  return {
    name: layer.name,
    rank: layer.rank,
    ...(layer.stream && {
      stream: (connection, side) => layer.stream!(connection, options, side),
    }),
    ...(layer.datagram && {
      datagram: (socket, side) => layer.datagram!(socket, options, side),
    }),
  };
}

/** Refuses a stack that cannot work.
 * @throws {UsageError} when layers stand in the wrong order, twice, or on the wrong kind of socket */
export function checkLayers(
  layers: readonly Pick<BoundLayer, "name" | "rank" | "stream" | "datagram">[],
  carrier: "stream" | "datagram",
  url: string,
): void {
  layers.forEach((layer, index) => {
    const outer = layers[index - 1];
    if (outer !== undefined && outer.rank >= layer.rank) {
      throw new UsageError(
        `${url}: the layer ${layer.name} cannot stand inside ${outer.name}; ` +
          `write +${layer.name} before +${outer.name}, or one of them alone`,
      );
    }
    if (layer[carrier] === undefined) {
      throw new UsageError(
        `${url}: the layer ${layer.name} does not work on a ${carrier} transport`,
      );
    }
  });
}

/** Wraps a connection in its layers, the first nearest to the wire. */
export function layerStream(
  connection: Connection,
  layers: readonly BoundLayer[],
  side: Side,
): Connection {
  return layers.reduce((inner, layer) => layer.stream?.(inner, side) ?? inner, connection);
}

/** Wraps a datagram socket in its layers, the first nearest to the wire. */
export function layerDatagrams(
  socket: DatagramSocket,
  layers: readonly BoundLayer[],
  side: Side,
): DatagramSocket {
  return layers.reduce((inner, layer) => layer.datagram?.(inner, side) ?? inner, socket);
}
