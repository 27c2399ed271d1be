/** Bodies of multipart/form-data. */

import { assertEquals, assertThrows } from "@std/assert";
import { parseMultipart } from "../../../../web/inspect/endpoints/multipart.ts";
import { Refusal } from "../../../../web/inspect/http_error.ts";

const TYPE = "multipart/form-data; boundary=seam";
const utf8 = (text: string) => new TextEncoder().encode(text);
const parse = (body: string, type = TYPE) =>
  parseMultipart(utf8(body), type).map(({ name, filename, contentType, bytes }) => [
    name,
    filename,
    contentType,
    new TextDecoder().decode(bytes),
  ]);

Deno.test("parts come with their names, file names, types and bytes", () => {
  assertEquals(
    parse(
      "preamble\r\n--seam\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" +
        '--seam  \r\ncontent-type: image/png\r\nCONTENT-DISPOSITION: form-data; name="b \\"q\\"";' +
        ' filename="x;y.png"\r\n\r\n(--seam is not a boundary here)\r\n\r\n--seam--\r\nepilogue',
    ),
    [
      ["a", undefined, undefined, "1"],
      ['b "q"', "x;y.png", "image/png", "(--seam is not a boundary here)\r\n"],
    ],
  );
});

Deno.test("an empty part, an empty form and a quoted boundary are fine", () => {
  const part = '--seam\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--seam--';
  assertEquals(parse(part, 'Multipart/Form-Data; charset=x; Boundary="seam"'), [
    ["a", undefined, undefined, ""],
  ]);
  assertEquals(parse("--seam--"), []);
});

Deno.test("what is malformed is refused, saying why", () => {
  const named = 'Content-Disposition: form-data; name="a"';
  for (
    const [body, type, why] of [
      ["--seam--", "multipart/form-data", "boundary"],
      ["--seam--", 'multipart/form-data; boundary=""', "boundary"],
      ["", TYPE, "does not occur"],
      ["--other\r\n", TYPE, "does not occur"],
      ["--seam", TYPE, "does not end its line"],
      ["--seamless\r\n", TYPE, "does not end its line"],
      [`--seam\r\n${named}`, TYPE, "no end of its headers"],
      [`--seam\r\n${named}\r\n\r\nabc`, TYPE, "last boundary"],
      ["--seam\r\n\r\n\r\nabc\r\n--seam--", TYPE, "name"],
      ["--seam\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--seam--", TYPE, "name"],
    ] as const
  ) {
    const refusal = assertThrows(() => parse(body, type), Refusal, why);
    assertEquals(refusal.status, 400, body);
  }
});

Deno.test("a form of too many parts is refused", () => {
  const part = "--seam\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
  assertEquals(parse(`${part.repeat(1000)}--seam--`).length, 1000);
  const refusal = assertThrows(() => parse(`${part.repeat(1001)}--seam--`), Refusal);
  assertEquals(refusal.status, 413);
});
