/** Servers on UDP whose table of peers is full of senders that said one thing and nothing since. */

import { assert, assertEquals } from "@std/assert";
import type { Protocol } from "../../core/protocol.ts";
import { serve } from "../../dock/serve.ts";
import { acknowledge } from "../../protocols/acknowledge.ts";
import { chat } from "../../protocols/chat.ts";
import { echo } from "../../protocols/echo.ts";

const MAX_PEERS = 20;

/** One socket, which is one peer of a server on UDP. */
class Peer implements Disposable {
  readonly #conn = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #to: Deno.NetAddr;

  constructor(url: string) {
    const { hostname, port } = new URL(url.replace("udp:", "http:"));
    this.#to = { transport: "udp", hostname, port: Number(port) };
  }

  /** Sends a line and returns the first answer that holds a text. */
  async ask(text: string, expected: string): Promise<string> {
    await this.#conn.send(new TextEncoder().encode(text), this.#to);
    for (;;) {
      const [bytes] = await this.#conn.receive();
      const answer = new TextDecoder().decode(bytes);
      if (answer.includes(expected)) return answer;
    }
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

const cases: readonly (readonly [Protocol, (text: string) => string])[] = [
  [echo, (text) => text],
  [acknowledge, (text) => `Message received: ${text}. Thank you.`],
  [chat as Protocol, () => "you are"],
];

for (const [protocol, answerTo] of cases) {
  Deno.test(`${protocol.name} on UDP answers a new peer though many others have filled its table`, async () => {
    await using server = await serve("udp://127.0.0.1:0", protocol, { maxPeers: MAX_PEERS });
    const peers = new DisposableStack();
    using _peers = peers;
    const open = () => peers.use(new Peer(server.url));
    const talker = open();
    await talker.ask("hello", answerTo("hello"));
    // A chat answers to this what it is asked, and so it is in a conversation.
    const [asked, told] = protocol.name === "chat" ? ["/who", "in "] : ["and", answerTo("and")];
    await talker.ask(asked, told);
    for (let number = 0; number < 3 * MAX_PEERS; number++) {
      await open().ask(`flood ${number}`, answerTo(`flood ${number}`));
    }
    await talker.ask(asked, told);
    await open().ask("new", answerTo("new"));
    const { peersRefused, peersReplaced, opened, failed } = server.stats();
    assertEquals([peersRefused, failed], [0, 0]);
    assert(peersReplaced >= 2 * MAX_PEERS, `${peersReplaced}`);
    assertEquals(opened, 3 * MAX_PEERS + 2, "the one in a conversation has had one session");
  });
}
