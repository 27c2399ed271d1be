/** The stream below node:tls. */

import { assertEquals } from "@std/assert";
import type { Connection } from "../../../core/connection.ts";
import { TlsCarrier } from "../../../core/tls/carrier.ts";

/** A connection that gives what it is told, and keeps what it gets. */
function scripted(reads: (Uint8Array | null | Error)[]) {
  const log: string[] = [];
  const address = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;
  const connection: Connection = {
    local: address,
    remote: address,
    read(into) {
      const next = reads.shift();
      if (next instanceof Error) return Promise.reject(next);
      if (next === undefined) return new Promise(() => {});
      if (next !== null) into.set(next);
      return Promise.resolve(next?.length ?? null);
    },
    async write(all) {
      const bytes = [...all];
      await Promise.resolve();
      log.push(`wrote ${bytes}`);
    },
    closeWrite() {
      log.push("ended");
      return Promise.resolve();
    },
    [Symbol.dispose]: () => void log.push("disposed"),
  };
  const carrier = new TlsCarrier(connection);
  carrier.on("data", (bytes: Uint8Array) => log.push(`data ${bytes}`));
  carrier.on("end", () => log.push("end"));
  carrier.on("error", (error: Error) => log.push(`error ${error.message}`));
  const closed = new Promise<void>((resolve) => carrier.on("close", resolve));
  return { carrier, log, closed };
}

Deno.test("a carrier gives what comes, ends with both halves, and disposes its connection once", async () => {
  const { carrier, log, closed } = scripted([new Uint8Array([1]), new Uint8Array([2, 3]), null]);
  const ended = new Promise<void>((resolve) => carrier.on("end", () => resolve()));
  carrier.resume();
  await ended;
  assertEquals(log, ["data 1", "data 2,3", "end"]);
  carrier.write(new Uint8Array([4]), () => log.push("done"));
  carrier.end();
  await closed;
  carrier.destroy();
  assertEquals(log.slice(3), ["wrote 4", "done", "ended", "disposed"]);
});

Deno.test("a carrier reads nothing until it is told to, and keeps its writes in order", async () => {
  const { carrier, log } = scripted([new Uint8Array([1])]);
  const written = Promise.withResolvers<void>();
  carrier.write(new Uint8Array([2]), () => {});
  carrier.write(new Uint8Array([3]), () => written.resolve());
  await written.promise;
  assertEquals(log, ["wrote 2", "wrote 3"]);
  carrier.destroy();
});

Deno.test("a carrier whose connection fails says so, and closes", async () => {
  const { carrier, log, closed } = scripted([new Error("reset")]);
  carrier.resume();
  await closed;
  assertEquals(log, ["disposed", "error reset"]);
});
