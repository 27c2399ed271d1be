// TLS on Deno.startTls, for what node:tls cannot do: runtimes older than 2.7.14, where node:tls does
// not verify, and SSLKEYLOGFILE. It knows no client certificates and no trust of a single
// certificate, and reports a reset in place of an answer that lies unread.

import type { Connection } from "../../core/connection.ts";
import type { DenoConnection } from "../../core/streams/deno_connection.ts";
import { DenoTlsConnection } from "../../core/tls/deno_connection.ts";
import type { Trust } from "./trust.ts";

/** Starts TLS on a connection of Deno's own. */
export async function secureByDeno(
  connection: Connection,
  { name, trust, alpnProtocols, signal }: {
    readonly name: string;
    readonly trust: Trust;
    readonly alpnProtocols: readonly string[];
    readonly signal: AbortSignal;
  },
): Promise<DenoTlsConnection> {
  const { conn } = connection as DenoConnection<Deno.TcpConn>;
  const secured = new DenoTlsConnection(
    await Deno.startTls(conn, {
      hostname: name,
      // Only an old runtime gets here with files, and adds them to the well-known authorities,
      // which `tlsNotices` says.
      ...(trust.by === "authority" && { caCerts: [...trust.pems] }),
      ...(alpnProtocols.length > 0 && { alpnProtocols: [...alpnProtocols] }),
    }),
  );
  try {
    await secured.ready(signal);
    return secured;
  } catch (error) {
    secured[Symbol.dispose]();
    throw error;
  }
}
