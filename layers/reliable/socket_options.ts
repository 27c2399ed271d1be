// The options that both sockets of the layer reliable take, and those that they give to associations.

import type { Address } from "../../core/addresses/address.ts";
import type { DatagramSocket } from "../../core/connection.ts";
import type { LayerContext, LayerWork } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { AssociationOptions } from "./association_options.ts";
import type { Terms } from "./wire/handshake.ts";
import { kernelBufferOf } from "./congestion/kernel_buffer.ts";
import type { reliableOptions } from "./options.ts";
import type { Rooms } from "./host_shares.ts";

export interface ReliableSocketOptions {
  readonly chosen: OptionValues<typeof reliableOptions>;
  readonly context: Pick<LayerContext, "clock" | "random">;
  readonly work: LayerWork;
}

/** The largest message that the format can carry and that we want to hold. */
const MAX_MESSAGE_BYTES = 1024 ** 3;

/** How many times as long as the server above an association waits before it is idle. The server
 * decides; this is for associations without a message, of which it has not heard. */
const IDLE_FACTOR = 1.5;

/** A size that passes any network (RFC 9000 14). */
const DEFAULT_DATAGRAM_BYTES = 1200;

/** On this machine larger datagrams cost hardly more each. Of this size, with what layers below add,
 * 12 fill the buffer of a socket. */
const LOCAL_DATAGRAM_BYTES = 15_872;

/** The largest message to take and to send. */
export function maxMessageBytesOf({ limits }: LayerWork): number {
  return Math.min(limits.maxMessageBytes, MAX_MESSAGE_BYTES);
}

/** The limits that this side announces to every peer. */
export function termsOf({ chosen, work }: ReliableSocketOptions): Terms {
  return { maxMessageBytes: maxMessageBytesOf(work), windowBytes: chosen.reliableWindowBytes };
}

export function associationOptionsFor(
  peer: Address,
  inner: DatagramSocket,
  rooms: Rooms,
  options: ReliableSocketOptions,
  keepAliveMs: number,
): AssociationOptions {
  const { chosen, context, work } = options;
  const kernelBuffer = kernelBufferOf(peer);
  return {
    clock: context.clock,
    random: context.random,
    counters: work.counters,
    terms: termsOf(options),
    sendBufferBytes: chosen.reliableWindowBytes,
    maxUnreadMessages: work.limits.inboxMessages,
    rooms,
    datagramBytes: Math.min(
      inner.maxBytes,
      chosen.reliableDatagramBytes ??
        (kernelBuffer === undefined ? DEFAULT_DATAGRAM_BYTES : LOCAL_DATAGRAM_BYTES),
    ),
    control: chosen.reliableControl,
    kernelBuffer,
    timeoutMs: chosen.reliableTimeoutMs,
    keepAliveMs,
    idleMs: IDLE_FACTOR * work.limits.peerTimeoutMs,
  };
}
