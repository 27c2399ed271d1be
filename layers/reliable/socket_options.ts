// The options that both sockets of the layer reliable take, and those that they give to associations.

import type { Address } from "../../core/addresses/address.ts";
import type { DatagramSocket } from "../../core/connection.ts";
import type { LayerContext, LayerWork } from "../../core/layer.ts";
import type { OptionValues } from "../../core/options/option.ts";
import type { AssociationOptions, PathOptions } from "./association_options.ts";
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
  return {
    ...pathOptionsFor(peer, inner, options),
    clock: context.clock,
    random: context.random,
    counters: work.counters,
    terms: termsOf(options),
    sendBufferBytes: chosen.reliableWindowBytes,
    maxUnreadMessages: work.limits.inboxMessages,
    rooms,
    control: chosen.reliableControl,
    timeoutMs: chosen.reliableTimeoutMs,
    keepAliveMs,
    idleMs: IDLE_FACTOR * work.limits.peerTimeoutMs,
  };
}

/** What is known of the path to a peer: how large datagrams are at first and may become, unless the
 * user has set that; and the peer's socket, when it is on this machine. */
export function pathOptionsFor(
  peer: Address,
  { maxBytes }: DatagramSocket,
  { chosen: { reliableDatagramBytes: chosenBytes } }: ReliableSocketOptions,
): PathOptions {
  const kernelBuffer = kernelBufferOf(peer);
  const datagramBytes = Math.min(maxBytes, chosenBytes ?? BASE_DATAGRAM_BYTES);
  const largestBytes = chosenBytes ??
    (kernelBuffer === undefined ? networkBytes(peer, maxBytes) : LOCAL_DATAGRAM_BYTES);
  const largestDatagramBytes = Math.max(datagramBytes, Math.min(maxBytes, largestBytes));
  return { datagramBytes, largestDatagramBytes, kernelBuffer };
}

/** The largest datagram that leaves this machine whole. */
function networkBytes(peer: Address, maxBytes: number): number {
  const isIpv6 = "hostname" in peer && peer.hostname.includes(":");
  const layersBytes = Math.min(MAX_DATAGRAM_BYTES - maxBytes, LAYERS_BYTES);
  const ethernet = isIpv6 ? ETHERNET_BYTES.ipv6 : ETHERNET_BYTES.ipv4;
  return ethernet - layersBytes;
}
