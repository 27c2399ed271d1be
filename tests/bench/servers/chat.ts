/** The chat, with the limits on a single client out of the way of whoever measures it. */

import { chat, serve } from "../../../mod.ts";

const server = await serve("tcp://127.0.0.1:0", chat, {
  messageRatePerSecond: 1_000_000_000,
  messageBurst: 1_000_000_000,
  presenceMembers: 0,
});
console.log(server.url);
