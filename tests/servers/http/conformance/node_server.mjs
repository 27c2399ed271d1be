// What node:http makes of requests. Prints its URL; each answer tells the request's method, target and
// body, in JSON.

import { createServer } from "node:http";

const server = createServer(async (request, response) => {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return;
  }
  const body = Buffer.concat(chunks).toString("latin1");
  response.end(JSON.stringify([request.method, request.url, body]));
});
// Or it answers nobody who has ended their half.
server.httpAllowHalfOpen = true;
server.on("upgrade", (_request, socket) => socket.destroy());
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
