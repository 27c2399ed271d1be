/** Echo on TCP as somebody watches it: `none`, `events` (every one, each message among them) or
 * `metrics` (at a URL of their own). */

import { echo, metricsApp, serve } from "../../../mod.ts";

const [how = "none"] = Deno.args;
let told = 0;
const server = await serve("tcp://127.0.0.1:0", echo, {
  ...(how === "events" && { emit: () => void told++, watch: true }),
  ...(how === "metrics" && { measure: true }),
});
if (how === "metrics") await serve("http://127.0.0.1:0", metricsApp(() => [server]));
console.log(server.url);
