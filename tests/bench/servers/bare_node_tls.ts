/** The least that a TLS echo server can do on node:tls: what tls is compared with. Takes the files of
 * a certificate and its key. */

import type { AddressInfo } from "node:net";
import { createServer } from "node:tls";

const [certFile = "", keyFile = ""] = Deno.args;
const server = createServer({
  cert: await Deno.readTextFile(certFile),
  key: await Deno.readTextFile(keyFile),
}, (socket) => {
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("data", (bytes) => {
    if (!socket.write(bytes)) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
  });
});
server.listen(0, "127.0.0.1", 511, () => {
  console.log(`tls://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
