// The options that both sockets of the layer reliable take, and those that they give to associations.

import type { Address } from "../../core/addresses/address.ts";
import type { DatagramSocket } from "../../core/connection.ts";
import type { LayerContext, LayerWork } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { AssociationOptions } from "./association_options.ts";
import type { Terms } from "./wire/handshake.ts";
import { kernelBufferOf, LOCAL_DATAGRAM_BYTES } from "./congestion/kernel_buffer.ts";
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
const BASE_DATAGRAM_BYTES = 1200;

/** The largest datagram in a packet of Ethernet, over IPv4 and IPv6. Beyond it the system cuts a
 * datagram into fragments, as Deno cannot tell it not to, and then a probe says nothing. */
const ETHERNET_BYTES = { ipv4: 1472, ipv6: 1452 } as const;

/** What layers below add at most where the length that they take does not tell. */
const LAYERS_BYTES = 128;

/** The largest UDP datagram. */
const MAX_DATAGRAM_BYTES = 65_507;

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
  const { base, largest } = datagramSizes(peer, inner.maxBytes, chosen.reliableDatagramBytes);
  const kernelBuffer = kernelBufferOf(peer);
  return {
    clock: context.clock,
    random: context.random,
    counters: work.counters,
    terms: termsOf(options),
    sendBufferBytes: chosen.reliableWindowBytes,
    maxUnreadMessages: work.limits.inboxMessages,
    rooms,
    datagramBytes: base,
    largestDatagramBytes: largest,
    control: chosen.reliableControl,
    kernelBuffer,
    timeoutMs: chosen.reliableTimeoutMs,
    keepAliveMs,
    idleMs: IDLE_FACTOR * work.limits.peerTimeoutMs,
  };
}

/** How large datagrams to a peer are at first and may become.
 * @param maxBytes what the socket below takes
 * @param chosen the size that the user has set, which is not searched for */
function datagramSizes(
  peer: Address,
  maxBytes: number,
  chosen: number | undefined,
): { readonly base: number; readonly largest: number } {
  const base = Math.min(maxBytes, chosen ?? BASE_DATAGRAM_BYTES);
  if (chosen !== undefined) return { base, largest: base };
  if (kernelBufferOf(peer) !== undefined) {
    return { base, largest: Math.min(maxBytes, LOCAL_DATAGRAM_BYTES) };
  }
  const isIpv6 = "hostname" in peer && peer.hostname.includes(":");
  const layersBytes = Math.min(MAX_DATAGRAM_BYTES - maxBytes, LAYERS_BYTES);
  const ethernet = isIpv6 ? ETHERNET_BYTES.ipv6 : ETHERNET_BYTES.ipv4;
  return { base, largest: Math.max(base, ethernet - layersBytes) };
}
