/** A node as a process of its own: reads what to say, one JSON object a line, and writes what happens.
 *
 * Usage: node_process.ts URL JOURNAL */

import { resolveOptions } from "../../../../core/option.ts";
import { openCluster } from "../../../../protocols/chat/cluster/open_cluster.ts";
import { clusterOptions } from "../../../../protocols/chat/cluster/options.ts";
import { JournalStore } from "./journal_store.ts";
import { newMessage } from "./test_node.ts";

const [url = "", journal = "", natsTlsCa, natsCreds] = Deno.args;
const say = (event: object) =>
  Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(event) + "\n"));

await using store = new JournalStore(journal);
await using cluster = await openCluster(
  resolveOptions(clusterOptions, {
    cluster: [url],
    ...(natsTlsCa && { natsTlsCa }),
    ...(natsCreds && { natsCreds }),
  }),
  store,
  {
    deliver: ({ id, seq }) => say({ event: "shown", id, seq }),
    notice: (text) => say({ event: "notice", text }),
  },
  { whispered: () => false, expelled: () => {}, nameLost: () => {} },
  {
    now: Date.now,
    random: Math.random,
    retention: { messages: Infinity, ageMs: Infinity },
    ackTimeoutMs: 1_000,
    duplicateWindowMs: 100,
  },
);
say({ event: "open" });
let rest = "";
for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + chunk).split("\n");
  rest = lines.pop()!;
  for (const id of lines) {
    cluster.log.append(newMessage(id, "lobby", id))
      .then(({ scope, seq }) => say({ event: "receipt", id, scope, seq }))
      .catch((error: Error) => say({ event: "error", id, text: error.message }));
  }
}
