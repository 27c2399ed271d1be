/** A thousand requests of all kinds sent at once, and answered in their order (RFC 9112 9.3.2). */

import { assert, assertEquals } from "@std/assert";
import { files } from "../../../../web/files.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { answersOfAllKinds, CARRIERS, folderToServe, serveOn } from "./carriers.ts";
import { fragments, latin1, type Place, Wire } from "./wire.ts";

const REQUESTS = 1000;

interface Asked {
  readonly method: string;
  readonly bytes: string;
  readonly status: number;
  /** The beginning of the body. */
  readonly body: string;
  readonly length: number;
}

function ask(
  method: string,
  target: string,
  [status, body, length]: readonly [status: number, body: string, length?: number],
  fields = "",
  content = "",
): Asked {
  const bytes = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n${content}`;
  return { method, bytes, status, body, length: length ?? body.length };
}

/** Requests to a folder. The tag is that of its small file. */
function ofFiles(tag: string): readonly Asked[] {
  const line = "a line of text\n";
  return [
    ask("GET", "/small.txt", [200, line, 700 * line.length]),
    ask("HEAD", "/small.txt", [200, ""]),
    ask("GET", "/large.bin", [200, "aaaa", 300_000]),
    ask("GET", "/small.txt", [206, "line"], "Range: bytes=2-5\r\n"),
    ask("GET", "/small.txt", [416, "", NaN], "Range: bytes=99999999-\r\n"),
    ask("GET", "/small.txt", [304, ""], `If-None-Match: ${tag}\r\n`),
    ask("GET", "/none", [404, "", NaN]),
    ask("GET", "/small.txt?query", [200, line, 700 * line.length]),
    ask("DELETE", "/small.txt", [405, "", NaN]),
    ask("GET", "/", [200, "<!", NaN]),
  ];
}

/** Requests to a handler; their numbers tell their answers apart. */
function ofHandler(number: number): readonly Asked[] {
  const body = "x".repeat(number % 300);
  const received: readonly [number, string] = [200, `received ${body.length} bytes`];
  const chunk = body === "" ? "" : `${body.length.toString(16)}\r\n${body}\r\n`;
  return [
    ask("GET", "/dynamic", [200, `you asked with ${number}`], `X-Number: ${number}\r\n`),
    ask("POST", "/body", received, `Content-Length: ${body.length}\r\n`, body),
    ask("POST", "/body", received, "Transfer-Encoding: chunked\r\n", `${chunk}0\r\n\r\n`),
    // Its body is not read.
    ask(
      "POST",
      "/dynamic",
      [200, "you asked with no number"],
      `Content-Length: ${body.length}\r\n`,
      body,
    ),
    ask("GET", "/chunked", [200, "piece 0 ", 40_000]),
    ask("HEAD", "/chunked", [200, ""]),
    ask("GET", "/nothing", [204, ""]),
    ask("GET", "/none", [404, "nothing here\n"]),
    ...(number % 10 === 0 ? [ask("GET", "/delayed", [200, "at last"])] : []),
  ];
}

async function assertInOrder(
  place: Place,
  kinds: (number: number) => readonly Asked[],
): Promise<void> {
  const random = seeded(newSeed());
  const all = Array.from({ length: REQUESTS }, (_, number) => {
    const asked = kinds(number);
    return asked[Math.floor(random() * asked.length)]!;
  });
  using wire = await Wire.open(place);
  const bytes = latin1(all.map(({ bytes }) => bytes).join(""));
  const sending = wire.send(...fragments(bytes, random));
  for (const [number, { method, bytes, status, body, length }] of all.entries()) {
    const answer = await wire.answer(method);
    const what = `${number}: ${bytes.slice(0, 60)}`;
    assertEquals([answer.status, what], [status, what]);
    assert(answer.body.startsWith(body), `${what}: ${answer.body.slice(0, 100)}`);
    if (!Number.isNaN(length)) assertEquals([answer.body.length, what], [length, what]);
  }
  assertEquals(await sending, true);
  await wire.end();
  assertEquals(await wire.rest(), "");
}

for (const carrier of CARRIERS) {
  Deno.test(`1,000 mixed requests to a folder are answered in order over ${carrier}`, async () => {
    await using root = await folderToServe();
    await using place = await serveOn(carrier, files, { root: root.path });
    using wire = await Wire.open(place);
    await wire.send(latin1("HEAD /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    const { fields } = await wire.answer("HEAD");
    const tag = fields.find(([name]) => name === "etag")?.[1] ?? "";
    await assertInOrder(place, () => ofFiles(tag));
  });

  Deno.test(`1,000 mixed requests to a handler are answered in order over ${carrier}`, async () => {
    await using place = await serveOn(carrier, answersOfAllKinds);
    await assertInOrder(place, ofHandler);
  });
}
