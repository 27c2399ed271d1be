/** An echo server under a control. The second argument says who listens: `nobody`, or `all`; further
 * ones are the URL of the control and its token. */

import "./collecting.ts";
import { echo, openControl, serve } from "../../../mod.ts";

const [url = "", who = "nobody", controlUrl, token] = Deno.args;
const server = await serve(url, echo);
const control = await openControl([server], {
  ...(controlUrl !== undefined && { url: controlUrl }),
  ...(token !== undefined && { token }),
});
if (who === "all") {
  // A process of its own, as a page is.
  const reader = `const answer = await fetch(${JSON.stringify(`${control.url}/api/events`)}, {
    headers: { authorization: ${JSON.stringify(`Bearer ${control.token}`)} },
  });
  console.log("listening");
  for await (const _chunk of answer.body);`;
  const listener = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", reader],
    stdout: "piped",
  }).spawn();
  const first = listener.stdout.getReader();
  await first.read();
}
console.log(server.url);
