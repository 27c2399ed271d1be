/** Forms as `/post` shows them. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { RequestInfo } from "../../../../core/http/app.ts";
import { inspect } from "../../../../web/inspect.ts";
import { opened } from "../opened.ts";

const TYPE = "multipart/form-data; boundary=seam";
const info: RequestInfo = {
  peer: { transport: "tcp", hostname: "192.0.2.9", port: 4 },
  serverUrl: "",
};

async function post(body: string | Uint8Array<ArrayBuffer>, type = TYPE) {
  await using app = await opened(inspect);
  const init = { method: "POST", body, headers: { "content-type": type } };
  const response = await app.service.handle(new Request("http://127.0.0.1:1/post", init), info);
  return { status: response.status, text: await response.text() };
}

async function parse(body: string | Uint8Array<ArrayBuffer>, type = TYPE) {
  const { text } = await post(body, type);
  const { form, files } = JSON.parse(text);
  return { form, files };
}

Deno.test("parts come with their names, contents and, when they are no text, types", async () => {
  assertEquals(
    await parse(
      "preamble\r\n--seam\r\nContent-Disposition: form-data; name=a\r\n\r\n1\r\n" +
        '--seam  \r\ncontent-type: image/png\r\nCONTENT-DISPOSITION: form-data; name="b \\"q\\"";' +
        ' filename="x;y.png"\r\n\r\n(--seam is not a boundary here)\r\n\r\n--seam--\r\nepilogue',
    ),
    { form: { a: "1" }, files: { 'b "q"': "(--seam is not a boundary here)\r\n" } },
  );
  const head = '--seam\r\nContent-Disposition: form-data; name="c"; filename=""\r\n';
  const binary = (fields: string) =>
    Uint8Array.from(`${head}${fields}\r\n\xff\r\n--seam--`, (byte) => byte.charCodeAt(0));
  assertEquals((await parse(binary("content-type: image/png\r\n"))).files, {
    c: "data:image/png;base64,/w==",
  });
  assertEquals((await parse(binary(""))).files, { c: "data:application/octet-stream;base64,/w==" });
});

Deno.test("an empty part, an empty form and a quoted boundary are fine", async () => {
  const part = '--seam\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n--seam--';
  assertEquals(await parse(part, 'Multipart/Form-Data; charset=x; Boundary="seam"'), {
    form: { a: "" },
    files: {},
  });
  assertEquals(await parse("--seam--"), { form: {}, files: {} });
});

Deno.test("what is malformed is refused, saying why", async () => {
  const named = 'Content-Disposition: form-data; name="a"';
  for (
    const [body, type, why] of [
      ["--seam--", "multipart/form-data", "boundary"],
      ["--seam--", 'multipart/form-data; boundary=""', "boundary"],
      ["", TYPE, "boundary that the Content-Type names"],
      ["--other\r\n", TYPE, "boundary that the Content-Type names"],
      ["--seam", TYPE, "ends before its last boundary"],
      ["--seamless\r\n", TYPE, "something else than a line end"],
      [`--seam\r\n${named}`, TYPE, "ends before its last boundary"],
      [`--seam\r\n${named}\r\n\r\nabc`, TYPE, "ends before its last boundary"],
      ["--seam\r\n\r\n\r\nabc\r\n--seam--", TYPE, "no Content-Disposition"],
      ["--seam\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--seam--", TYPE, "form-data"],
    ] as const
  ) {
    const { status, text } = await post(body, type);
    assertEquals(status, 400, body);
    assertStringIncludes(text, why);
  }
});

Deno.test("a form of too many parts is refused", async () => {
  const part = "--seam\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n";
  const { form } = await parse(`${part.repeat(1000)}--seam--`);
  assertEquals(form.a.length, 1000);
  assertEquals((await post(`${part.repeat(1001)}--seam--`)).status, 413);
});
