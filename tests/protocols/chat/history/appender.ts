/** Run as a process: appends to the history that is named, and prints the id of each message once it
 * is acknowledged, until it is killed. */

import { openHistory } from "../../../../protocols/chat/history/open_history.ts";
import { message } from "./messages.ts";

const [path = "", run = ""] = Deno.args;
const log = await openHistory(path, { messages: 500, ageMs: Infinity }, {
  deliver: () => {},
  notice: (text) => console.error(text),
});
console.log("ready");
for (let turn = 0;; turn++) {
  // Several at once and one alone, in turns.
  const calls = Array.from({ length: 1 + turn % 20 }, async (_, at) => {
    const { id } = await log.append(message(`words of ${run}`, { id: `${run}-${turn}-${at}` }));
    console.log(id);
  });
  await Promise.all(calls);
}
