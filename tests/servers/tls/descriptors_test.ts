/** What clients hold that never finish their handshake: nothing, once they are gone or given up. */

import { assert, assertLess } from "@std/assert";
import { connect } from "node:net";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";
import { residentKib } from "../../resident_memory.ts";
import { startServer } from "../../bench/server_process.ts";
import { makeCertificate } from "../../certificate.ts";
import { eventually } from "../../eventually.ts";
import { temporaryFolder } from "../../temporary_folder.ts";

/** Of each kind of client. */
const CLIENTS = 10_000;
const AT_ONCE = 250;
/** About half of what ten thousand connections would hold, and more than a heap swings by. */
const GROWTH_KIB = 48 * 1024;

/** Descriptors that the runtime opens for itself with the first handshake. */
const RUNTIMES_OWN = 20;

/** The first bytes of a ClientHello of 512 bytes. */
const HALF_A_HELLO = new Uint8Array([22, 3, 1, 2, 0, 1, 0]);
const JUNK = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");

/** Each meets the server once, and resolves when the client is gone. */
const KINDS: Readonly<Record<string, (port: number) => Promise<void>>> = {
  silent: (port) => raw(port),
  "silent after half a hello": (port) => raw(port, HALF_A_HELLO),
  junk: (port) => raw(port, JUNK),
  "leaving at once": async (port) => {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
  },
  "leaving after half a hello": async (port) => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(HALF_A_HELLO);
  },
  "resetting at once": (port) => resetting(port),
  "resetting after half a hello": (port) => resetting(port, HALF_A_HELLO),
};

for (const [kind, meet] of Object.entries(KINDS)) {
  Deno.test({
    name: `ten thousand clients, ${kind}, leave no descriptor, connection or memory behind`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using folder = await temporaryFolder();
      const { cert, key } = await makeCertificate(folder.path);
      // The limit is far below their number: each has to give its connection back.
      const options = {
        tlsCert: cert,
        tlsKey: key,
        maxConnections: AT_ONCE,
        handshakeTimeoutMs: 50,
      };
      await using server = await startServer("dock.ts", [
        ...["echo", "tls://127.0.0.1:0", JSON.stringify(options)],
      ]);
      const { pid, port } = server;
      const descriptors = openDescriptors(pid);
      // The heap grows to its size with the first.
      await crowd(port, meet, CLIENTS);
      // A collection may be late once; what leaks grows each time.
      let grown = Infinity;
      for (let round = 0; round < 3 && grown >= GROWTH_KIB; round++) {
        const before = residentKib(pid);
        await crowd(port, meet, CLIENTS);
        grown = residentKib(pid) - before;
      }
      assertLess(grown, GROWTH_KIB);
      await eventually(() => openDescriptors(pid) < descriptors + RUNTIMES_OWN);
      const caCerts = [await Deno.readTextFile(cert)];
      await eventually(() => isServed(port, caCerts));
    },
  });
}

Deno.test({
  name: "servers that stop during handshakes leave no descriptor behind",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const descriptors = openDescriptors();
    for (let round = 0; round < CLIENTS / AT_ONCE; round++) {
      await using server = await serve("tls://127.0.0.1:0", echo, { maxConnections: AT_ONCE });
      const port = Number(new URL(server.url.replace("tls:", "http:")).port);
      const dialled = Array.from(
        { length: AT_ONCE },
        () => Deno.connect({ hostname: "127.0.0.1", port }),
      );
      const conns = await Promise.all(dialled);
      await Promise.all(conns.map((conn) => conn.write(HALF_A_HELLO)));
      await server.shutdown({ graceMs: 1000 });
      for (const conn of conns) conn.close();
    }
    await eventually(() => openDescriptors() <= descriptors);
  },
});

/** Lets this many clients meet the server, a part of them at a time. */
async function crowd(
  port: number,
  meet: (port: number) => Promise<void>,
  clients: number,
): Promise<void> {
  for (let met = 0; met < clients; met += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, () => meet(port)));
  }
}

/** Sends, and waits until the server hangs up. */
async function raw(port: number, bytes?: Uint8Array): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  if (bytes !== undefined) await conn.write(bytes);
  const buffer = new Uint8Array(256);
  try {
    while (await conn.read(buffer) !== null);
  } catch (error) {
    assert(error instanceof Deno.errors.ConnectionReset);
  }
}

/** Sends, and resets the connection. */
function resetting(port: number, bytes?: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => {
      if (bytes === undefined) socket.resetAndDestroy();
      else socket.write(bytes, () => socket.resetAndDestroy());
    });
    socket.on("error", reject);
    socket.on("close", () => resolve());
  });
}

/** Whether a client that does everything right is served. On a busy machine it may be too slow for the
 * deadline of this server. */
async function isServed(port: number, caCerts: string[]): Promise<boolean> {
  using conn = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts });
  const buffer = new Uint8Array(1);
  try {
    await conn.write(new Uint8Array([7]));
    await conn.read(buffer);
  } catch {
    return false;
  }
  return buffer[0] === 7;
}

function openDescriptors(pid: number | "self" = "self"): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}
