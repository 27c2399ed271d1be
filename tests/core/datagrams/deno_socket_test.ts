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

for (const os of ["linux", "darwin", "windows"] as const) {
  Deno.test(`an IPv6 socket on ${os} sends to IPv4 peers as its system takes them`, async () => {
    const sent: Deno.Addr[] = [];
    using socket = new DenoDatagramSocket(
      {
        addr: { transport: "udp", hostname: "::", port: 9 },
        receive: () => Promise.reject(new Error("nothing comes")),
        send: (_bytes, to) => Promise.resolve(sent.push(to)),
        close() {},
      },
      undefined,
      os,
    );
    for (const host of ["192.0.2.7", "2001:db8::7"]) {
      await socket.send(utf8("ahoy"), udpAddress(5001, host));
    }
    const four = os === "linux" ? "192.0.2.7" : "::ffff:192.0.2.7";
    assertEquals(sent.map((to) => (to as Deno.NetAddr).hostname), [four, "2001:db8::7"]);
  });
}
