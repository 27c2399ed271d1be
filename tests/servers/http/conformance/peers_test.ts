/** Clients that nobody here wrote, over http and https: curl, wget, Python's http.client and urllib,
 * Node's http and fetch (undici), Deno's, and Chromium. */

import { assert, assertEquals } from "@std/assert";
import { Agent, request } from "node:http";
import type { HttpApp } from "../../../../core/http/app.ts";
import { type Dock, serve, type ServeOptions } from "../../../../dock/serve.ts";
import { files } from "../../../../web/files.ts";
import { CHROMIUM_FLAGS, profileFolder } from "../../../chromium.ts";
import { peerTest, runPeer, runPython, startPeer } from "../../../peer.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { answersOfAllKinds, folderToServe } from "./carriers.ts";

const SCHEMES = ["http", "https"] as const;

/** A server, and a file with the certificate that it shows. */
async function serving(
  scheme: (typeof SCHEMES)[number],
  served: HttpApp | typeof answersOfAllKinds = answersOfAllKinds,
  options: ServeOptions & { readonly root?: string } = {},
): Promise<{ readonly dock: Dock; readonly url: string; readonly ca: string } & AsyncDisposable> {
  await using starting = new AsyncDisposableStack();
  const { path } = starting.use(await temporaryFolder());
  const dock = starting.use(await serve(`${scheme}://127.0.0.1:0`, served as HttpApp, options));
  const ca = `${path}/ca.pem`;
  if (dock.certificate !== undefined) await Deno.writeTextFile(ca, dock.certificate.pem);
  const owned = starting.move();
  return { dock, url: dock.url, ca, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What the programs print: a line for each answer. */
type Line = readonly [status: number, body: string, length: number];

const lines = (text: string) => text.trimEnd().split("\n").map((line) => JSON.parse(line) as Line);

const RECEIVED: Line = [200, "received 100000 bytes", 21];
const RECEIVED_MORE: Line = [200, "received 100001 bytes", 21];
const NUMBER = (number: number): Line => [200, `you asked with ${number}`, 16];
const CHUNKED: Line = [200, "piece 0 piece 0 piece 0 piece 0 piece 0 ", 40_000];
const NONE: Line = [404, "nothing here\n", 13];

for (const scheme of SCHEMES) {
  peerTest(`curl asks, sends and asks again over ${scheme}`, ["curl"], async () => {
    await using server = await serving(scheme);
    const { url, ca } = server;
    const curl = async (args: readonly string[], stdin?: Uint8Array) => {
      const common = ["-sS", "--max-time", "60", ...(scheme === "https" ? ["--cacert", ca] : [])];
      const run = await runPeer("curl", [...common, ...args], stdin && { stdin });
      assertEquals([run.code, run.stderr], [0, ""]);
      return run.stdout;
    };
    const told = ["-w", " %{http_code} %{http_version}\n"];
    const body = "@-";
    const large = new Uint8Array(2_000_000).fill(0x61);
    assertEquals(
      await curl(["--http1.1", ...told, "-H", "X-Number: 7", `${url}/dynamic`]),
      "you asked with 7 200 1.1\n",
    );
    assertEquals((await curl(["--http1.0", ...told, `${url}/dynamic`])).slice(-8), "200 1.1\n");
    // Larger than a megabyte: curl waits for 100.
    const put = ["--http1.1", ...told, "-T", "-", `${url}/body`];
    assertEquals(await curl(put, large), "received 2000000 bytes 200 1.1\n");
    assertEquals(
      await curl(["--http1.1", ...told, "--data-binary", body, `${url}/body`], large),
      "received 2000000 bytes 200 1.1\n",
    );
    const chunked = ["--http1.1", "-H", "Transfer-Encoding: chunked", "--data-binary", body];
    assertEquals(await curl([...chunked, `${url}/body`], large), "received 2000000 bytes");
    const twice = ["--http1.1", "-w", "%{num_connects}", "-o", "/dev/null", "-o", "/dev/null"];
    assertEquals(await curl([...twice, `${url}/dynamic`, `${url}/chunked`]), "10");
    assertEquals((await curl(["--http1.1", "-I", `${url}/none`])).slice(0, 12), "HTTP/1.1 404");
    // Over http it offers an upgrade to HTTP/2, which is passed over.
    const either = await curl(["--http2", ...told, "-d", "x=y", `${url}/body`]);
    assertEquals(either, `received 3 bytes 200 ${scheme === "http" ? "1.1" : "2"}\n`);
  });

  peerTest(`wget downloads, resumes and posts over ${scheme}`, ["wget"], async () => {
    await using root = await folderToServe();
    await using folder = await serving(scheme, files, { root: root.path });
    await using server = await serving(scheme);
    await using scratch = await temporaryFolder();
    const wget = async ({ ca }: { readonly ca: string }, ...args: string[]) => {
      const common = [
        "-q",
        "-T",
        "60",
        "-t",
        "1",
        ...(scheme === "https" ? [`--ca-certificate=${ca}`] : []),
      ];
      return await runPeer("wget", [...common, ...args], { cwd: scratch.path });
    };
    assertEquals((await wget(folder, `${folder.url}/large.bin`)).code, 0);
    const path = `${scratch.path}/large.bin`;
    assertEquals((await Deno.stat(path)).size, 300_000);
    await Deno.truncate(path, 100_000);
    assertEquals((await wget(folder, "-c", `${folder.url}/large.bin`)).code, 0);
    assertEquals(await Deno.readFile(path), await Deno.readFile(`${root.path}/large.bin`));
    // "The server issued an error response."
    assertEquals((await wget(folder, `${folder.url}/none`)).code, 8);
    const posted = await wget(server, "-O", "-", `--post-file=${path}`, `${server.url}/body`);
    assertEquals(posted.stdout, "received 300000 bytes");
  });

  peerTest(`http.client and urllib ask on one connection over ${scheme}`, ["python3"], async () => {
    await using server = await serving(scheme);
    const args = [server.url, ...(scheme === "https" ? [server.ca] : [])];
    const { code, stdout, stderr } = await runPython("http_requests.py", args);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(lines(stdout), [
      NUMBER(1),
      [200, "", 0],
      RECEIVED,
      RECEIVED_MORE,
      CHUNKED,
      [204, "", 0],
      NONE,
      [200, "you asked with no number", 24],
      RECEIVED,
      NONE,
    ]);
  });

  peerTest(`Node's http and undici ask over ${scheme}`, ["node"], async () => {
    await using server = await serving(scheme);
    const { code, stdout, stderr } = await runPeer(
      "node",
      [`${import.meta.dirname}/node_client.mjs`, server.url],
      { env: scheme === "https" ? { NODE_EXTRA_CA_CERTS: server.ca } : {} },
    );
    assertEquals([code, stderr], [0, ""]);
    assertEquals(lines(stdout), [
      NUMBER(1),
      [200, "", 0],
      RECEIVED,
      RECEIVED_MORE,
      RECEIVED,
      CHUNKED,
      [204, "", 0],
      NONE,
      NUMBER(2),
      RECEIVED,
      RECEIVED_MORE,
      ...Array<Line>(20).fill(CHUNKED),
    ]);
  });

  Deno.test(`Deno's fetch asks, with bodies of all kinds, over ${scheme}`, async () => {
    await using server = await serving(scheme);
    using client = Deno.createHttpClient({ caCerts: [server.dock.certificate?.pem ?? ""] });
    const ask = async (path: string, init: RequestInit = {}) =>
      await (await fetch(`${server.url}${path}`, { ...init, client })).text();
    assertEquals(await ask("/dynamic", { headers: { "x-number": "3" } }), "you asked with 3");
    const body = new Uint8Array(100_000);
    assertEquals(await ask("/body", { method: "PUT", body }), "received 100000 bytes");
    const stream = ReadableStream.from([body, new Uint8Array(1)]);
    assertEquals(await ask("/body", { method: "PUT", body: stream }), "received 100001 bytes");
    const all = Array.from({ length: 50 }, () => ask("/chunked"));
    assertEquals(new Set((await Promise.all(all)).map(({ length }) => length)), new Set([40_000]));
  });
}

Deno.test("Deno's node:http asks twice on one connection", async () => {
  await using server = await serving("http");
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (const number of [1, 2]) {
      const body = await new Promise<string>((resolve, reject) => {
        const headers = { "x-number": `${number}` };
        request(`${server.url}/dynamic`, { agent, headers }, (answer) => {
          let text = "";
          answer.setEncoding("latin1");
          answer.on("data", (part: string) => text += part);
          answer.on("end", () => resolve(text));
        }).on("error", reject).end();
      });
      assertEquals(body, `you asked with ${number}`);
    }
    assertEquals(server.dock.stats().opened, 1);
  } finally {
    agent.destroy();
  }
});

const PAGE = `<!doctype html><title>HTTP</title><script type="module">
const seen = {};
const text = async (path, init) => await (await fetch(path, init)).text();
seen.dynamic = await text("/dynamic", { headers: { "x-number": "5" } });
seen.posted = await text("/body", { method: "POST", body: "x".repeat(100000) });
seen.chunked = (await text("/chunked")).length;
seen.many = new Set(await Promise.all(Array.from({ length: 40 }, () => text("/delayed")))).size;
seen.none = (await fetch("/none")).status;
seen.nothing = (await fetch("/nothing")).status;
const events = new EventSource("/events");
seen.events = await new Promise((resolve) => {
  const heard = [];
  events.onmessage = ({ data }) => heard.push(data) === 5 && resolve(heard.join());
});
events.close();
const socket = new WebSocket(location.href.replace("http", "ws"));
seen.socket = await new Promise((resolve, reject) => {
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => resolve(data);
  socket.onerror = reject;
});
socket.close();
await fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
</script>`;

for (const scheme of SCHEMES) {
  peerTest(`a page in Chromium asks, hears and speaks over ${scheme}`, ["chromium"], async () => {
    const seen = Promise.withResolvers<unknown>();
    const app: HttpApp = {
      name: "page",
      summary: "A page that asks",
      options: {},
      open: () => ({
        async handle(request) {
          const { pathname } = new URL(request.url);
          if (pathname === "/") {
            return new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } });
          }
          if (pathname !== "/seen") return await answersOfAllKinds(request);
          seen.resolve(await request.json());
          return new Response(null, { status: 204 });
        },
        upgrade: () => ({
          async serve(session) {
            for await (const message of session) await session.send(message);
          },
        }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
    };
    await using server = await serving(scheme, app);
    await using profile = await profileFolder();
    await using browser = startPeer("chromium", [
      "--headless",
      ...CHROMIUM_FLAGS,
      "--ignore-certificate-errors",
      `--user-data-dir=${profile.path}`,
      `${server.url}/`,
    ]);
    const reported = await Promise.race([
      seen.promise,
      browser.status.then(({ code }) => {
        throw new Error(`Chromium ended with ${code}: ${browser.stderr.text}`);
      }),
    ]);
    assertEquals(reported, {
      dynamic: "you asked with 5",
      posted: "received 100000 bytes",
      chunked: 40_000,
      many: 1,
      none: 404,
      nothing: 204,
      events: "event 0,event 1,event 2,event 3,event 4",
      socket: "hello",
    });
    assert(server.dock.stats().opened > 0);
    browser.signal("SIGTERM");
    await browser.status;
  });
}
