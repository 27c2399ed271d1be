/** HTTP: curl and urllib against our server, `fetch` against Python's http.server. */

import { runsOn } from "../program_runtime.ts";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { peerTest, runPeer, runPython, startPythonServer } from "../peer.ts";
import { runProgram, startProgram } from "../program.ts";

const HELLO = ["serve", "hello", "http://127.0.0.1:0", "--json"];

peerTest("urllib reads the first 300 bytes of the hello page", ["python3"], async () => {
  await using program = await startProgram(HELLO);
  const client = await runPython("http_client.py", [program.url, "--bytes", "300"]);
  assertMatch(client.stdout, /^200 text\/html/);
  assertStringIncludes(client.stdout, "Hello, World");
});

peerTest(
  "curl reads the hello page, its head and a second time on one connection",
  ["curl"],
  async () => {
    await using program = await startProgram(HELLO);
    const { stdout, code } = await runPeer("curl", ["-s", program.url, program.url]);
    assertEquals(code, 0);
    assertEquals(stdout.match(/<h1>Hello, World/g)?.length, 2);
    const head = await runPeer("curl", ["-s", "--head", program.url]);
    assertMatch(head.stdout, /^HTTP\/1\.1 200/);
  },
);

peerTest("a page asked for under another host's name is refused", ["curl"], async () => {
  await using program = await startProgram(HELLO);
  const status = ["-s", "-o", "/dev/null", "-w", "%{http_code}"];
  const { stdout } = await runPeer("curl", [...status, "-H", "Host: evil.example", program.url]);
  assertEquals(stdout, "421");
});

/** Runs Python's http.server for the length of `body`. */
async function against(
  flags: readonly string[],
  body: (url: string) => Promise<void>,
): Promise<void> {
  await using server = await startPythonServer("http_server.py", [...flags, "127.0.0.1", "0"]);
  await body(`http://${server.place}/`);
}

const PROTECTED = ["--user", "klem", "--password", "kadidd!ehopper"];

peerTest(
  "fetch prints a page of Python's http.server",
  ["python3"],
  () =>
    against([], async (url) => {
      const { code, stdout, stderr } = await runProgram(["fetch", url]);
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
      assertEquals(stdout, "<html><body><h1>Hello, World!</h1></body></html>");
    }),
);

peerTest(
  "fetch --bytes prints only the first bytes",
  ["python3"],
  () =>
    against([], async (url) => {
      const { code, stdout } = await runProgram(["fetch", url, "--bytes", "12"]);
      assertEquals({ code, stdout }, { code: 0, stdout: "<html><body>" });
    }),
);

// Before Deno 2.7, node:http sends no body with DELETE.
const withBody = ["POST", "PUT", "PATCH", ...(await runsOn("2.7.14") ? ["DELETE"] : [])];
for (const method of withBody) {
  peerTest(`fetch sends a body with ${method}`, ["python3"], () =>
    against([], async (url) => {
      const { code, stdout } = await runProgram(["fetch", url, "-X", method, "-d", "the body"]);
      assertEquals({ code, stdout }, { code: 0, stdout: `${method} the body` });
    }));
}

peerTest(
  "fetch -u opens a protected page, and warns",
  ["python3"],
  () =>
    against(PROTECTED, async (url) => {
      const { code, stdout, stderr } = await runProgram([
        "fetch",
        url,
        "-u",
        "klem:kadidd!ehopper",
      ]);
      assertEquals(code, 0);
      assertStringIncludes(stdout, "Hello, World!");
      assertMatch(stderr, /^.*(password|secret|command line).*\n$/i);
    }),
);

peerTest(
  "fetch --include shows the status of a page it may not open",
  ["python3"],
  () =>
    against(PROTECTED, async (url) => {
      const { stdout } = await runProgram(["fetch", url, "--include"]);
      assertMatch(stdout, /^HTTP\/1\.[01] 401/);
      assertMatch(stdout, /www-authenticate: Basic realm="PDQ Application"/i);
    }),
);
