// The DTLS sessions that this process can go on with (RFC 5077), in memory alone.

import { createHash } from "node:crypto";
import type { DtlsTrust } from "./certificates/chain.ts";
import type { ClientPeerOptions, DtlsSession } from "./client_peer.ts";

/** How many are kept; beyond that the one that was used longest ago goes. */
const MAX_SESSIONS = 256;

const sessions = new Map<string, DtlsSession>();

/** What a session was made under. */
interface Circumstances
  extends Pick<ClientPeerOptions, "trust" | "serverName" | "credentials" | "psk"> {
  /** The URL of the server. */
  readonly url: string;
}

/** The options of a client by which it goes on with a session that was made under the same
 * circumstances: a server that they would refuse today is not let in by what was proved to others. */
export function resuming(
  circumstances: Circumstances,
): Pick<ClientPeerOptions, "session" | "keepSession"> {
  const place = placeOf(circumstances);
  const session = sessions.get(place);
  if (session !== undefined) keep(place, session);
  return {
    ...(session && { session }),
    keepSession: (made) => keep(place, made),
  };
}

function keep(place: string, session: DtlsSession): void {
  sessions.delete(place);
  sessions.set(place, session);
  const [oldest] = sessions.keys();
  if (sessions.size > MAX_SESSIONS) sessions.delete(oldest!);
}

/** A digest, so that the table holds no key. */
function placeOf({ url, serverName, trust, credentials, psk }: Circumstances): string {
  const parts = [
    url,
    serverName,
    ...partsOf(trust),
    "shows",
    ...(credentials === undefined ? [] : [Uint8Array.from(credentials.chain[0]!).toHex()]),
    "shares",
    ...(psk === undefined ? [] : [psk.identity, psk.key.toHex()]),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

function partsOf(trust: DtlsTrust): string[] {
  switch (trust.by) {
    case "authority":
      return [trust.by, ...trust.authorities.map(({ fingerprint256 }) => fingerprint256)];
    case "fingerprint":
      return [trust.by, trust.fingerprint];
    case "nothing":
      return [trust.by];
  }
}
