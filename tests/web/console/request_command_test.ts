/** Requests as commands: curl and `sockdock fetch` send what was sent, and nothing of it runs. */

import { assert, assertEquals } from "@std/assert";
import { openControl, serve } from "../../../mod.ts";
import type { HttpHandler } from "../../../core/http/app.ts";
import { curlCommand, fetchCommand, quoted } from "../../../web/console/page/request_command.js";
import { peerTest } from "../../peer.ts";
import { temporaryFolder } from "../../temporary_folder.ts";
import { ask } from "../../dock/ask_control.ts";

const HOSTILE = [
  "plain",
  "it's",
  '$(touch hacked) `touch hacked` "${HOME}" !! \\ \\\\ \\\'',
  "-X",
  "=ls",
  "@/etc/hostname",
  "",
  "two\nlines\r\n\x1b[201~\ntouch hacked\n",
  "\u202eright to left\u2028\x7f\x9b31m",
  "tab\t1\x011 \x01ab \x01g",
  "*?[a]{b,c}~#;&|<>",
  "\u6e2f \u2693 \ud83d\udea2",
];

peerTest("a quoted text is one word to bash, whatever is in it", ["bash"], async () => {
  for (const text of HOSTILE) {
    const script = `printf %s ${quoted(text)}`;
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028]/.test(script), script);
    const { stdout } = await new Deno.Command("bash", { args: ["-c", script] }).output();
    assertEquals(new TextDecoder().decode(stdout), text);
  }
});

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

peerTest("curl and sockdock fetch send a request as it was sent", ["bash", "curl"], async () => {
  await using folder = await temporaryFolder();
  let seen: Seen | undefined;
  const remember: HttpHandler = async (request, info) => {
    const { pathname, search } = new URL(request.url);
    const fields = info.headerList!.map(([name, value]) => [name.toLowerCase(), value])
      .filter(([name]) => name !== "connection" && name !== "host");
    seen = {
      ...{ method: request.method, path: pathname + search },
      fields: Object.fromEntries(fields),
      body: await request.bytes(),
    };
    return new Response("seen");
  };
  await using plain = await serve(["http://127.0.0.1:0", `unix://${folder.path}/a%20b`], remember);
  await using secure = await serve("https://127.0.0.1:0", remember, { dataFolder: folder.path });
  const main = new URL("../../../main.ts", import.meta.url).pathname;
  await using control = await openControl([plain, secure], {
    program: `deno run --allow-all --no-lock ${main}`,
  });
  const { servers } = (await ask(control, "GET", "/api/servers")).body;
  const bytes = (text: string) => new TextEncoder().encode(text);
  const asked = [
    { method: "GET", path: "/a?b=c&d=%20", headers: [["X-Empty", ""]], body: bytes("") },
    { method: "HEAD", path: "/", headers: [["accept", "*/*"]], body: bytes("") },
    { method: "GET", path: "/", headers: [["Accept-Encoding", "gzip, br"]], body: bytes("") },
    ...HOSTILE.slice(0, 7).map((text) => ({
      ...{ method: "POST", path: "/'$(id)'[1-3]", body: bytes(text || "x") },
      headers: [["Content-Type", "a/b"], ["X-Said", text.split("\n")[0]!]],
    })),
    { method: "PUT", path: "/", headers: [], body: new Uint8Array([0, 255, 10, 13, 0]) },
    { method: "O'DD$", path: "/", headers: [["User-Agent", "me"]], body: bytes("@x") },
  ];
  let number = 0;
  for (const server of servers) {
    for (const one of asked) {
      const commands = [curlCommand(one, server)];
      // One at a time: starting the program takes a moment.
      if (number++ % 4 === 3) commands.push(fetchCommand(one, server));
      for (const command of commands) {
        seen = undefined;
        const { code, stderr } = await new Deno.Command("bash", {
          args: ["-c", command],
          cwd: folder.path,
        }).output();
        assertEquals(code, 0, `${command}\n${new TextDecoder().decode(stderr)}`);
        const { method, path, fields, body } = seen! as Seen;
        assertEquals([method, body], [one.method, one.body], command);
        assertEquals(path.replaceAll("%27", "'"), one.path, command);
        const { "content-length": _, ...others } = fields;
        const wanted = one.headers.map(([name, value]) => [name!.toLowerCase(), value!.trim()]);
        assertEquals(others, Object.fromEntries(wanted), command);
      }
    }
  }
  const files = await Array.fromAsync(Deno.readDir(folder.path), ({ name }) => name);
  assert(!files.includes("hacked"));
});

Deno.test("a secret and the rest of a long body are left to the person who runs the command", () => {
  const server = { url: "http://0.0.0.0:8080/", transport: "http", commands: [] };
  const command = curlCommand({
    ...{ method: "POST", path: "/", body: new Uint8Array([65]), cut: true },
    headers: [["Authorization", "Bearer ***"], ["Content-Length", "100000"]],
  }, server);
  assertEquals(
    command,
    "curl -i --path-as-is -g -H 'Authorization: Bearer ***' -H accept: -H user-agent: " +
      "-H content-type: --data-binary @body.bin http://127.0.0.1:8080/",
  );
});
