/**
 * The barest copy: a socket, a file and SHA-256 on both sides. `receive <file>` prints its URL and
 * keeps what each connection sends; `send <file> <port>` sends a file and compares the hashes.
 */

import { createHash } from "node:crypto";

const [mode, path = "", port = "0"] = Deno.args;
const buffer = new Uint8Array(256 * 1024);

if (mode === "receive") {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(`tcp://127.0.0.1:${listener.addr.port}`);
  for await (const conn of listener) {
    using file = await Deno.open(path, { write: true, create: true, truncate: true });
    const hash = createHash("sha256");
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      const bytes = buffer.subarray(0, count);
      hash.update(bytes);
      for (let at = 0; at < count;) at += await file.write(bytes.subarray(at));
    }
    await file.sync();
    await conn.write(new TextEncoder().encode(hash.digest("hex")));
    conn.close();
  }
} else {
  using file = await Deno.open(path);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
  const hash = createHash("sha256");
  for (let count = await file.read(buffer); count !== null; count = await file.read(buffer)) {
    const bytes = buffer.subarray(0, count);
    hash.update(bytes);
    for (let at = 0; at < count;) at += await conn.write(bytes.subarray(at));
  }
  await conn.closeWrite();
  const answer = new Uint8Array(64);
  for (let at = 0; at < 64;) at += (await conn.read(answer.subarray(at))) ?? 64;
  if (new TextDecoder().decode(answer) !== hash.digest("hex")) throw new Error("the hashes differ");
}
