/** Reading multipart/form-data: whole bodies in whatever pieces they come, and everything else
 * refused with a reason. */

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type ByteSource,
  multipartBoundary,
  MultipartError,
  readMultipart,
} from "../../../web/multipart/reader.ts";
import { newSeed, seeded } from "../../seeded.ts";

const LIMITS = { maxParts: 20, maxHeaderBytes: 1024 };
const encoder = new TextEncoder();

/** Latin-1, so that every byte can be written. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

/** A body in pieces of the sizes that `next` gives. */
function source(body: Uint8Array<ArrayBuffer>, next: () => number = () => 7): ByteSource {
  let at = 0;
  return {
    read() {
      if (at >= body.length) return Promise.resolve(null);
      const piece = body.slice(at, at += next());
      return Promise.resolve(piece);
    },
  };
}

interface Read {
  readonly name: string;
  readonly fileName: string | null;
  readonly content: string;
}

async function readAll(from: ByteSource, boundary = "XX", limits = LIMITS): Promise<Read[]> {
  const parts: Read[] = [];
  for await (const { name, fileName, body } of readMultipart(from, boundary, limits)) {
    let content = "";
    for await (const piece of body) {
      assert(piece.length > 0);
      content += textOf(piece);
    }
    parts.push({ name, fileName, content });
  }
  return parts;
}

function read(body: string, limits = LIMITS): Promise<Read[]> {
  return readAll(source(bytesOf(body)), "XX", limits);
}

/** A part with the usual headers. */
function part(content: string, disposition = `form-data; name="f"; filename="a"`): string {
  return `--XX\r\nContent-Disposition: ${disposition}\r\n\r\n${content}\r\n`;
}

async function refusal(body: string, limits = LIMITS): Promise<MultipartError> {
  return await assertRejects(() => read(body, limits), MultipartError);
}

Deno.test("a form's fields and files are read in their order", async () => {
  const body = part("one") + part("two", `form-data; name="n"`) + part("", `form-data; name="e"`);
  assertEquals(await read(`${body}--XX--\r\n`), [
    { name: "f", fileName: "a", content: "one" },
    { name: "n", fileName: null, content: "two" },
    { name: "e", fileName: null, content: "" },
  ]);
});

Deno.test("what only looks like a boundary is content", async () => {
  for (
    const content of ["\r\n--X", "\r\n--Xx", "\r\r\n-", "x--XX", "\n--XX", "\r\n--x\r\n\r\n", "\r"]
  ) {
    assertEquals((await read(`${part(content)}--XX--`))[0]?.content, content);
  }
});

Deno.test("a preamble, an epilogue and white space after a boundary are passed over", async () => {
  const [first] = await read(`hello\r\n${part("one").replace("--XX", "--XX \t ")}--XX--\r\nbye`);
  assertEquals(first?.content, "one");
});

Deno.test("a part without a body, whose headers end at the boundary, is empty", async () => {
  const body = `--XX\r\nContent-Disposition: form-data; name="f"\r\n\r\n--XX--`;
  assertEquals(await read(body), [{ name: "f", fileName: null, content: "" }]);
});

Deno.test("a body of which nobody read the parts is still read to its end", async () => {
  const names: string[] = [];
  const body = bytesOf(`${part("one")}${part("a\r\nb", `form-data; name="g"`)}--XX--`);
  for await (const { name, body: content } of readMultipart(source(body), "XX", LIMITS)) {
    for await (const _ of content) break;
    names.push(name);
  }
  assertEquals(names, ["f", "g"]);
});

Deno.test("file names are read as browsers, curl and older clients write them", async () => {
  const written: [disposition: string, fileName: string][] = [
    [`form-data; name="f"; filename="a b.txt"`, "a b.txt"],
    [`form-data; name="f"; filename="say %22hi%22"`, `say "hi"`],
    [`form-data; name="f"; filename="say \\"hi\\" \\\\"`, `say "hi" \\`],
    [`form-data; name="f"; filename="C:\\dir\\a;b.txt"`, "C:\\dir\\a;b.txt"],
    [`form-data; name=f; filename=plain.txt;`, "plain.txt"],
    [`FORM-DATA ; Name="f" ;FILENAME = "x"`, "x"],
    [`form-data; name="f"; filename*=UTF-8''na%C3%AFve.txt`, "naïve.txt"],
    [`form-data; name="f"; filename="a"; filename*=utf-8''b`, "a"],
    [`form-data; name="f"; filename=""`, ""],
  ];
  for (const [disposition, fileName] of written) {
    assertEquals((await read(`${part("", disposition)}--XX--`))[0]?.fileName, fileName);
  }
  const utf8 = textOf(encoder.encode("日本.txt"));
  const [first] = await read(`${part("", `form-data; name="f"; filename="${utf8}"`)}--XX--`);
  assertEquals(first?.fileName, "日本.txt");
});

Deno.test("what is malformed is refused with a reason", async () => {
  const head = "--XX\r\nContent-Disposition: form-data; name=f\r\n";
  const malformed: [body: string, reason: string][] = [
    ["", "not at its beginning"],
    ["--YY\r\n", "not at its beginning"],
    ["x".repeat(3000), "not at its beginning"],
    ["--XX", "ends before"],
    ["--XX-", "ends before"],
    ["--XX\r\n", "ends before"],
    [`${head}`, "ends before"],
    [`${head}\r\nabc`, "ends before"],
    [`${head}\r\nabc\r\n--XX`, "ends before"],
    [`${head}\r\nabc\r\n--XXY\r\n`, "something else"],
    [`--XX\nContent-Disposition: form-data; name=f\n\nabc\n--XX--`, "something else"],
    ["--XX\r\n\r\nabc\r\n--XX--", "no Content-Disposition"],
    ["--XX\r\nContent-Type: text/plain\r\n\r\nabc\r\n--XX--", "no Content-Disposition"],
    [part("", "attachment; name=f"), "not form-data"],
    [part("", "form-data"), "no name"],
    [part("", `form-data; name="f`), "malformed"],
    [part("", `form-data; name="f"x`), "malformed"],
    [part("", `form-data; name=f; name=g`), "twice"],
    [part("", `form-data; name=f; filename*=latin1''x`), "filename*"],
    [part("", `form-data; name=f; filename*=utf-8''%`), "filename*"],
    [part("", `form-data; name=f; filename="\x01"`), "control character"],
    [part("", `form-data; name=f; filename="\xff"`), "UTF-8"],
    [`${head}Content-Disposition: form-data; name=g\r\n\r\n`, "twice"],
    [`${head} folded\r\n\r\n`, "header line"],
    [`${head}no colon\r\n\r\n`, "header line"],
    [`${head}: x\r\n\r\n`, "header line"],
    [`${head}Content-Transfer-Encoding: base64\r\n\r\n`, "transfer encoding"],
    [`${head}X: ${"x".repeat(2000)}\r\n\r\n`, "too long"],
    [`${part("")}--XX--${"x".repeat(3000)}`, "follows"],
    [`--XX${" ".repeat(3000)}\r\n`, "something else"],
  ];
  for (const [body, reason] of malformed) {
    const { message, status } = await refusal(body);
    assertStringIncludes(message, reason);
    assertEquals(status, 400);
  }
});

Deno.test("more parts than are allowed are refused", async () => {
  const { status } = await refusal(`${part("").repeat(21)}--XX--`);
  assertEquals(status, 413);
});

Deno.test("the boundary is taken from the Content-Type", () => {
  const good: [contentType: string | null, boundary: string | null][] = [
    [null, null],
    ["text/plain; boundary=x", null],
    ["multipart/mixed; boundary=x", null],
    ["multipart/form-data; boundary=----WebKit7", "----WebKit7"],
    [`Multipart/Form-Data;charset=utf-8; BOUNDARY="a b:c"`, "a b:c"],
    [`multipart/form-data; boundary=${"b".repeat(70)}`, "b".repeat(70)],
  ];
  for (const [contentType, boundary] of good) {
    assertEquals(multipartBoundary(contentType), boundary);
  }
  for (
    const rest of ["", ";", "; boundary", "; boundary=", `; boundary=""`, `; boundary="a`, "; x=1"]
      .concat(`; boundary=${"b".repeat(71)}`, `; boundary="a\r"`, `; boundary="a "`, `; boundary=ü`)
  ) {
    assertThrows(() => multipartBoundary(`multipart/form-data${rest}`), MultipartError);
  }
});

/** Bytes that a parser could take for something else, and others. */
function randomContent(random: () => number): string {
  const pieces = [
    "\r",
    "\n",
    "\r\n",
    "-",
    "--",
    "\r\n--",
    "\r\n--X",
    "--XX",
    "\r\n--Xx",
    "X",
    "\0",
  ];
  let content = "";
  for (let count = Math.floor(random() * 12); count > 0; count--) {
    content += random() < 0.7
      ? pieces[Math.floor(random() * pieces.length)]
      : String.fromCharCode(Math.floor(random() * 256));
  }
  // A boundary is one at the beginning of any line, also of the first.
  return `\r\n${content}`.includes("\r\n--XX") ? "" : content;
}

Deno.test("thousands of random forms are read as they were written, in any pieces", async () => {
  const random = seeded(newSeed());
  for (let round = 0; round < 4000; round++) {
    const parts = Array.from({ length: Math.floor(random() * 5) }, (_, index): Read => ({
      name: `n${index}`,
      fileName: random() < 0.5 ? null : `file ${index}`,
      content: randomContent(random),
    }));
    const body = parts.map(({ name, fileName, content }) => {
      const file = fileName === null ? "" : `; filename="${fileName}"`;
      return part(content, `form-data; name="${name}"${file}`);
    }).join("");
    const largest = 1 + Math.floor(random() * 40);
    const pieces = () => 1 + Math.floor(random() * largest);
    assertEquals(await readAll(source(bytesOf(`${body}--XX--\r\n`), pieces)), parts);
  }
});

Deno.test("thousands of damaged forms are read or refused, and nothing else", async () => {
  const random = seeded(newSeed());
  const whole = part("one\r\n--X") + part("two", `form-data; name="n"; filename*=utf-8''b`) +
    `${part("three")}--XX--\r\n`;
  let refused = 0;
  for (let round = 0; round < 6000; round++) {
    const body = bytesOf(whole);
    let damaged = body;
    for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
      const at = Math.floor(random() * damaged.length);
      const kind = random();
      if (kind < 0.3) damaged = damaged.slice(0, at);
      else if (kind < 0.6) damaged[at] = Math.floor(random() * 256);
      else {
        const until = at + Math.floor(random() * 30);
        damaged = bytesOf(textOf(damaged.slice(0, at)) + textOf(damaged.slice(until)));
      }
    }
    try {
      await readAll(source(damaged, () => 1 + Math.floor(random() * 50)));
    } catch (error) {
      if (!(error instanceof MultipartError)) throw error;
      refused++;
    }
  }
  assert(refused > 3000, `${refused} refused`);
});

Deno.test("a body full of beginnings of boundaries takes no longer than another", async () => {
  const content = "\r\n--X".repeat(200_000);
  const from = source(bytesOf(`${part(content)}--XX--`), () => 65_536);
  let bytes = 0;
  for await (const { body } of readMultipart(from, "XX", LIMITS)) {
    for await (const piece of body) bytes += piece.length;
  }
  assertEquals(bytes, content.length);
});
