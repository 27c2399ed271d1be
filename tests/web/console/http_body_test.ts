/** Bodies as the console shows them. */

import { assertEquals } from "@std/assert";
import { indented, readBody } from "../../../web/console/page/http_body.js";

const base64 = (bytes: Uint8Array) => btoa(String.fromCharCode(...bytes));

Deno.test("JSON is indented with its numbers, names and order as they were written", () => {
  const text = '{"b":12345678901234567890,"a":[1.50,"x,\\"{}[]:",{},[]],"b":null}';
  assertEquals(
    indented(text),
    `{
  "b": 12345678901234567890,
  "a": [
    1.50,
    "x,\\"{}[]:",
    {},
    []
  ],
  "b": null
}`,
  );
  for (const other of ["", "7", '"text"', "{", "[1,]", "<html>", "{a:1}"]) {
    assertEquals(indented(other), undefined, other);
  }
});

Deno.test("a body is an image only as data of a known type, and whole", async () => {
  const bytes = new Uint8Array([137, 80, 78, 71, 0, 255]);
  const part = (type: string, more = {}) => ({
    headers: [["Content-Type", type]],
    base64: base64(bytes),
    ...more,
  });
  assertEquals(
    (await readBody(part("image/png; a=b"))).image,
    `data:image/png;base64,${base64(bytes)}`,
  );
  for (
    const type of ["text/html", "image/png,<script>", "image/svg+xml+html", 'image/png"onload="x']
  ) {
    assertEquals((await readBody(part(type))).image, undefined, type);
  }
  assertEquals((await readBody(part("image/png", { cut: true }))).image, undefined);
  const svg = await readBody({ headers: [["content-type", "image/svg+xml"]], text: "<svg/>" });
  assertEquals([svg.image, svg.text], ["data:image/svg+xml;base64,PHN2Zy8+", "<svg/>"]);
});

Deno.test("a compressed body is shown as what it says, unless that is too much", async () => {
  const zipped = async (text: string) => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  const headers = [["content-encoding", "gzip"]];
  const small = await readBody({ headers, base64: base64(await zipped('{"a":1}')) });
  assertEquals([small.inflated, small.json], [true, '{\n  "a": 1\n}']);
  const bomb = await readBody({ headers, base64: base64(await zipped(" ".repeat(3_000_000))) });
  assertEquals([bomb.inflated, bomb.text], [false, undefined]);
  const broken = await readBody({ headers, base64: "AAAA" });
  assertEquals([broken.inflated, broken.bytes.length], [false, 3]);
  const text = await readBody({ headers: [], text: "\u6e2f", cut: true });
  assertEquals([text.text, text.json], ["\u6e2f", undefined]);
});
