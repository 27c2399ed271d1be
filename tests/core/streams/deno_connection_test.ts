import { assertEquals } from "@std/assert";
import { DenoConnection } from "../../../core/streams/deno_connection.ts";

Deno.test("messages that several tasks write at once arrive whole and in their order", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [accepted, dialled] = await Promise.all([
    listener.accept(),
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
  ]);
  using sender = new DenoConnection(dialled);
  using receiver = new DenoConnection(accepted);
  // Large enough that the system takes none of them at once.
  const size = 4 * 1024 * 1024;
  const writes = [1, 2, 3].map((value) => sender.write(new Uint8Array(size).fill(value)));
  const seen: [value: number, bytes: number][] = [];
  const buffer = new Uint8Array(64 * 1024);
  for (let left = 3 * size; left > 0;) {
    const count = (await receiver.read(buffer))!;
    left -= count;
    for (const value of buffer.subarray(0, count)) {
      const last = seen.at(-1);
      if (last?.[0] === value) last[1]++;
      else seen.push([value, 1]);
    }
  }
  await Promise.all(writes);
  assertEquals(seen, [[1, size], [2, size], [3, size]]);
});
