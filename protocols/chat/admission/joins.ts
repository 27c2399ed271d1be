// How often somebody comes in from one host. Whoever leaves and comes back has a rate of its own
// again, and everybody else is told who came and went; so that is limited too.

import { TokenBucket } from "./token_bucket.ts";

/** So many may come in at once, after a pause, as the rate allows in this many seconds: all behind one
 * address come back together when a server is started again. */
const BURST_S = 10;

const MAX_HOSTS = 10_000;

/** Those who came in lately, counted by host; the hosts that were quiet for longest are forgotten when
 * there are too many. */
export class Joins {
  readonly #ratePerSecond: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(ratePerSecond: number) {
    this.#ratePerSecond = ratePerSecond;
  }

  /** Whether one more may come in from there now. */
  take(host: string, nowMs: number): boolean {
    const key = networkOf(host);
    const bucket = this.#buckets.get(key) ??
      new TokenBucket(this.#ratePerSecond, this.#ratePerSecond * BURST_S, nowMs);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_HOSTS) {
      this.#buckets.delete(this.#buckets.keys().next().value!);
    }
    return bucket.take(nowMs);
  }
}

/** The address of IPv4; of IPv6 the network of 64 bits, in which a host may choose its own. */
function networkOf(host: string): string {
  const [left = "", right] = host.split("::");
  const groups = left.split(":");
  if (right === undefined) return groups.length === 1 ? host : groups.slice(0, 4).join(":");
  const behind = right.split(":").length;
  const zeros = Array.from({ length: Math.max(0, 8 - behind - groups.length) }, () => "0");
  return [...groups, ...zeros, ...right.split(":")].slice(0, 4).join(":");
}
