/** Answers whose body is known, as bytes. */

import { assertEquals } from "@std/assert";
import { outgoing } from "../../../../servers/http/message/outgoing.ts";
import { giveBack, wholeAnswer } from "../../../../servers/http/message/whole_answer.ts";

Deno.test("a head is sent in octets, a body in UTF-8, whatever stands in both", () => {
  for (const value of ["plain", "\xe9", "\xe9".repeat(50), "\x80\xff"]) {
    for (const text of ["", "body", "\u00fc\u20ac\u{1f600}", "\u20ac".repeat(3000)]) {
      for (const body of [text, new TextEncoder().encode(text)]) {
        const response = new Response(body, { headers: { "x-a": value } });
        const asked = { method: "GET", version: "1.1", keepAlive: true, nowMs: 0 } as const;
        const sent = outgoing(response, asked);
        const bytes = wholeAnswer(sent, sent.body as string | Uint8Array | null);
        const head = [...bytes.subarray(0, sent.head.length)];
        assertEquals(String.fromCharCode(...head), sent.head);
        assertEquals(new TextDecoder().decode(bytes.subarray(sent.head.length)), text);
        giveBack(bytes);
      }
    }
  }
});
