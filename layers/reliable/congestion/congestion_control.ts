// What an association asks of its congestion control. Times are in milliseconds, amounts in bytes,
// rates in bytes per millisecond.

import type { DeliveryState } from "../recovery/delivery_rate.ts";

/** Decides how much may be on its way, and how fast it leaves. */
export interface CongestionControl {
  readonly windowBytes: number;
  /** Datagrams are this large at most from now on. */
  resize(datagramBytes: number): void;
  /** How fast datagrams may leave; undefined when nothing is to be held back.
   * @param roundTripMs smoothed; undefined before the first measurement */
  rate(roundTripMs: number | undefined): number | undefined;
  /** A datagram leaves. What is returned comes back with its acknowledgement or loss.
   * @param inFlightBytes on their way before it */
  sent(bytes: number, inFlightBytes: number, nowMs: number): DeliveryState | undefined;
  /** There is nothing to send, though the window has room. */
  limitByApplication(inFlightBytes: number): void;
  /** An acknowledgement has come. The next four follow as it has them, and `end` at its end.
   * @param inFlightBytes on their way before it */
  begin(inFlightBytes: number): void;
  /** @param roundTripMs smoothed */
  acknowledged(packet: ControlledPacket, nowMs: number, roundTripMs: number): void;
  /** @param acknowledged the highest packet number that was acknowledged
   * @param next the packet number that is sent next */
  measured(roundTripMs: number, acknowledged: number, next: number): void;
  /** Also called without an acknowledgement. */
  lost(packet: ControlledPacket, nowMs: number): void;
  /** A packet that counted as lost has arrived. */
  mistaken(packet: ControlledPacket): void;
  /** Nothing got through for so long that what was known of the path is void (RFC 9002 7.6). Instead
   * of `lost`. */
  collapse(packet: ControlledPacket, nowMs: number): void;
  /** @param inFlightBytes on their way after it */
  end(inFlightBytes: number, nowMs: number): void;
}

/** What a congestion control needs to know of a packet. */
export interface ControlledPacket {
  readonly sentAtMs: number;
  readonly bytes: number;
  /** What `sent` returned. */
  readonly delivery: DeliveryState | undefined;
}
