/** How the input of a TLS connection ended, and that a failed write loses none of it. */

import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { connect } from "node:tls";
import { DenoConnection } from "../../../core/streams/deno_connection.ts";
import { NodeTlsConnection } from "../../../core/tls/node_connection.ts";
import { makeCertificate } from "../../certificate.ts";
import { peerTest, startPythonServer } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

/** A connection to Python's server, on which the handshake is complete. */
async function connected(tls: string, end: string, native: boolean) {
  await using opening = new AsyncDisposableStack();
  const folder = opening.use(await temporaryFolder());
  const { cert, key } = await makeCertificate(folder.path);
  const server = opening.use(
    await startPythonServer("tls_closing_server.py", [
      ...["--cert", cert, "--key", key, "--tls", tls, "--end", end, "127.0.0.1", "0"],
    ]),
  );
  const port = Number(server.place.split(":")[1]);
  const inner = new DenoConnection(await Deno.connect({ hostname: "127.0.0.1", port }));
  const connection = opening.use(
    new NodeTlsConnection(inner, {
      done: "secureConnect",
      watches: true,
      native,
      begin: (stream) => connect({ socket: stream, rejectUnauthorized: false }),
    }),
  );
  await connection.ready(new AbortController().signal);
  const owned = opening.move();
  return { connection, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

for (const native of [true, false]) {
  const over = native ? "on the native socket" : "over a carrier";

  for (const tls of ["1.2", "1.3"]) {
    for (
      const [end, expected] of [["close_notify", "close_notify"], [
        "close",
        "end of stream",
      ]] as const
    ) {
      peerTest(`input that ends by ${end} is told to, ${over}, TLS ${tls}`, [
        "python3",
        "openssl",
      ], async () => {
        await using at = await connected(tls, end, native);
        assertEquals(await at.connection.read(new Uint8Array(10)), null);
        await at.connection.input.ended;
        assertEquals(at.connection.input.end, expected);
        assertEquals(at.connection.input.hasData, false);
      });
    }

    peerTest(`input that ends by a reset is told to, ${over}, TLS ${tls}`, [
      "python3",
      "openssl",
    ], async () => {
      await using at = await connected(tls, "reset", native);
      await at.connection.read(new Uint8Array(10)).catch(() => {});
      await at.connection.input.ended;
      assertInstanceOf(at.connection.input.end, Deno.errors.ConnectionReset);
    });

    peerTest(`an answer that lies unread when writing fails is read, ${over}, TLS ${tls}`, [
      "python3",
      "openssl",
    ], async () => {
      await using at = await connected(tls, "reply", native);
      const { connection } = at;
      await connection.write(new TextEncoder().encode("hello"));
      // The server has answered and closed before anything else is done here. It resets the
      // connection at the next write, and fails the ones after it.
      for (let time = 0; time < 3; time++) {
        blockFor(100);
        connection.write(new Uint8Array(1)).catch(() => {});
      }
      blockFor(100);
      const answer = new Uint8Array(10);
      assertEquals(await connection.read(answer), 5);
      assertEquals(new TextDecoder().decode(answer.subarray(0, 5)), "HELLO");
      assertEquals(await connection.read(answer).catch(() => null), null);
    });
  }
}

/** Keeps everything else in this process from happening, without which the answer would be read. */
function blockFor(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

for (const native of [true, false]) {
  const over = native ? "the native socket" : "a carrier";
  Deno.test(`a handshake that cannot begin over ${over} closes the connection`, async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
    using peer = await listener.accept();
    const connection = new NodeTlsConnection(new DenoConnection(conn), {
      done: "secureConnect",
      native,
      begin() {
        throw new Error("key too small");
      },
    });
    const ready = connection.ready(new AbortController().signal);
    await assertRejects(() => ready, Error, "key too small");
    // The end arrives only when no descriptor of the connection is open any more.
    assertEquals(await peer.read(new Uint8Array(1)), null);
  });
}
