/** A socket of Deno, as a datagram socket, when its system reports what became of others. */

import { assertEquals, assertRejects } from "@std/assert";
import { DenoDatagramSocket } from "../../../core/datagrams/deno_socket.ts";
import { udpAddress, utf8 } from "../../memory.ts";

/** A socket whose receives end one after the other as the list says. */
function socketOf(results: (Error | string)[]): DenoDatagramSocket {
  return new DenoDatagramSocket({
    addr: { transport: "udp", hostname: "127.0.0.1", port: 9 },
    receive() {
      const result = results.shift()!;
      if (typeof result !== "string") return Promise.reject(result);
      const from = { transport: "udp", hostname: "127.0.0.1", port: 5001 } as const;
      return Promise.resolve([new Uint8Array(utf8(result)), from]);
    },
    send: () => Promise.resolve(0),
    close() {},
  });
}

Deno.test("a peer that is gone does not keep others from being received, as Windows would have it", async () => {
  const reset = new Deno.errors.ConnectionReset("10054");
  using socket = socketOf([reset, reset, "ahoy"]);
  assertEquals(await socket.receive(), { from: udpAddress(5001), bytes: utf8("ahoy") });
});

Deno.test("any other failure to receive is one", async () => {
  using socket = socketOf([new Error("no memory")]);
  await assertRejects(() => socket.receive(), Error, "no memory");
});
