/** What a server tells a person about the URLs that other devices can use. */

// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import jsqr from "npm:jsqr@1.4.0";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { printReachable, refuseUselessQr } from "../../../commands/serving/reachable.ts";
import { qrLines } from "../../../commands/terminal/qr_code.ts";
import { parseEndpoint } from "../../../core/addresses/endpoint.ts";
import { reachableAddresses } from "../../../core/addresses/own_addresses.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { serverSchemes } from "../../../dock/schemes.ts";
import { type FakeParts, FakeStdio } from "../fake_stdio.ts";

/** Reads the QR code among printed lines, as a camera would see them on a dark terminal. */
function scanned(text: string): string | undefined {
  // deno-lint-ignore no-control-regex
  const isPainted = /\x1b\[38;5;16;48;5;231m/.test(text);
  const rows = text.split("\n")
    // deno-lint-ignore no-control-regex
    .map((line) => line.replace(/\x1b\[[\d;]*m/g, ""))
    .filter((line) => /^[ █▀▄]+$/.test(line));
  const scale = 4;
  const width = (rows[0]?.length ?? 0) * scale;
  const height = rows.length * 2 * scale;
  const pixels = new Uint8ClampedArray(width * height * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const row = Math.floor(y / scale);
      const block = rows[row >> 1]![Math.floor(x / scale)]!;
      const filled = block === "█" || block === (row % 2 === 0 ? "▀" : "▄");
      pixels.fill(filled === isPainted ? 0 : 255, (y * width + x) * 4, (y * width + x) * 4 + 4);
    }
  }
  // The package is CommonJS, whose types Deno reads as a module's.
  const read = jsqr as unknown as typeof jsqr.default;
  return read(pixels, width, height, { inversionAttempts: "dontInvert" })?.data;
}

async function printed(urls: readonly string[], parts: FakeParts = {}, options = {}) {
  const io = new FakeStdio(parts, options);
  await printReachable(urls, io, { qr: true });
  assertEquals(io.stdoutText, "");
  return io.stderrText;
}

Deno.test("a QR code can be read on dark and light terminals", () => {
  for (const url of ["http://192.0.2.7:8083", `https://[2001:db8::7]:8443/${"long/".repeat(40)}`]) {
    for (const color of [true, false]) {
      assertEquals(scanned(qrLines(url, { color }).join("\n")), url);
    }
  }
});

Deno.test("a server on one address shows its own URL as QR code, at a terminal alone", async () => {
  const url = "http://192.0.2.7:8083";
  const atTerminal = await printed([url], { stderrIsTerminal: true });
  assertEquals(scanned(atTerminal), url);
  assert(!atTerminal.includes("for others"), atTerminal);
  assertEquals(await printed([url]), "");
  assertEquals(scanned(await printed([url], {}, { color: "always" })), url);
  assertEquals(scanned(await printed([url], { stderrIsTerminal: true, noColor: true })), url);
  for (const options of [{ json: true }, { quiet: true }]) {
    assertEquals(await printed([url], { stderrIsTerminal: true }, options), "");
  }
});

Deno.test("a server on every address prints those that others can use", async () => {
  const [first] = reachableAddresses("0.0.0.0") ?? [];
  const text = await printed(["udp://0.0.0.0:9", "http://[::]:8083", "unix:///tmp/x"], {
    stderrIsTerminal: true,
    noColor: true,
  });
  if (first === undefined) {
    // A machine without a network has none.
    assertEquals(text, "");
    return;
  }
  assertStringIncludes(text, `for others udp://${first}:9\n`);
  assertStringIncludes(text, `for others http://${first}:8083\n`);
  assertEquals(scanned(text), `udp://${first}:9`);
  for (const address of reachableAddresses("0.0.0.0")!) {
    assertMatch(address, /^(?!127\.)\d+\.\d+\.\d+\.\d+$/);
  }
});

Deno.test({
  name: "without the permission one line says that the addresses are not known",
  permissions: { sys: false, net: true, read: true, env: true },
  async fn() {
    assertEquals(reachableAddresses("::"), null);
    const text = await printed(["http://0.0.0.0:8083"], { stderrIsTerminal: true });
    assertMatch(text, /^ *the addresses .* --allow-sys=networkInterfaces\n$/);
  },
});

Deno.test("a QR code for loopback alone is refused", () => {
  const endpoint = (url: string) => parseEndpoint(url, serverSchemes);
  const error = assertThrows(() => refuseUselessQr([endpoint("http://:8083")]), UsageError);
  assertStringIncludes(error.message, "listen on http://0.0.0.0:8083");
  assertThrows(() => refuseUselessQr([endpoint("unix:///tmp/x")]), UsageError);
  refuseUselessQr([endpoint("http://:8083"), endpoint("http://192.0.2.7:1")]);
});
