/** Content types by name. */

import { assertEquals } from "@std/assert";
import { isCompressible, loadContentTypes } from "../../../../web/files/serving/content_type.ts";

const contentType = await loadContentTypes();

const CASES: readonly (readonly [name: string, type: string, compressible: boolean])[] = [
  ["page.html", "text/html; charset=utf-8", true],
  ["PAGE.HTML", "text/html; charset=utf-8", true],
  ["notes.txt", "text/plain; charset=utf-8", true],
  ["script.js", "text/javascript; charset=utf-8", true],
  ["script.mjs", "text/javascript; charset=utf-8", true],
  ["style.css", "text/css; charset=utf-8", true],
  ["data.json", "application/json", true],
  ["app.webmanifest", "application/manifest+json", true],
  ["picture.svg", "image/svg+xml", true],
  ["module.wasm", "application/wasm", true],
  ["main.ts", "text/typescript; charset=utf-8", true],
  ["main.rs", "text/x-rust; charset=utf-8", true],
  ["photo.jpg", "image/jpeg", false],
  ["photo.png", "image/png", false],
  ["font.woff2", "font/woff2", false],
  ["font.ttf", "font/ttf", true],
  ["film.mp4", "video/mp4", false],
  ["paper.pdf", "application/pdf", false],
  ["files.tar.gz", "application/gzip", false],
  ["README", "application/octet-stream", false],
  ["file.unheardof", "application/octet-stream", false],
  ["file.__proto__", "application/octet-stream", false],
  ["file.constructor", "application/octet-stream", false],
  ["folder.html/file", "application/octet-stream", false],
  [".txt", "text/plain; charset=utf-8", true],
  ["name.", "application/octet-stream", false],
];

for (const [name, type, compressible] of CASES) {
  Deno.test(`${name} is ${type}`, () => {
    assertEquals(contentType(`/some/where/${name}`), type);
    assertEquals(isCompressible(type), compressible);
  });
}
