/** `--log-requests`, as people and programs see it. */

import { assertEquals, assertMatch } from "@std/assert";
import { peerTest, runPeer } from "../peer.ts";
import { startProgram } from "../program.ts";

const HELLO = ["serve", "hello", "http://127.0.0.1:0"];

peerTest(
  "--log-requests writes the Common Log Format, also of what lies ready",
  ["curl"],
  async () => {
    await using program = await startProgram([...HELLO, "--log-requests", "--auth", "ada:sesame"]);
    const ask = (path: string, ...options: string[]) =>
      runPeer("curl", [
        "-sS",
        "-o",
        "/dev/null",
        "-w",
        "%{size_download}",
        ...options,
        program.url + path,
      ]);
    const begun = String.raw`^127\.0\.0\.1 - ada \[\d\d/\w{3}/\d{4}:[\d:]{8} \+0000\] `;
    for (let turn = 0; turn < 2; turn++) {
      const { stdout } = await ask("/?a=1", "-u", "ada:sesame");
      await program.stderr.line(new RegExp(`${begun}"GET /\\?a=1 HTTP/1\\.1" 200 ${stdout}$`));
    }
    await ask("/nowhere", "-u", "ada:sesame", "--http1.0", "-I");
    await program.stderr.line(new RegExp(`${begun}"HEAD /nowhere HTTP/1\\.0" 404 0$`));
    await ask("/");
    await program.stderr.line(/^127\.0\.0\.1 - - .*"GET \/ HTTP\/1\.1" 401 \d+$/);
  },
);

peerTest("--log-format json and --json write each request as an object", ["curl"], async () => {
  {
    await using program = await startProgram([...HELLO, "--log-requests", "--log-format", "json"]);
    await runPeer("curl", ["-sS", `${program.url}/hello.txt`]);
    const [line] = await program.stderr.line(/^\{"event":"request".*\}$/);
    const { method, path, status, bytes, httpVersion } = JSON.parse(line);
    assertEquals([method, path, status, bytes, httpVersion], ["GET", "/hello.txt", 200, 14, "1.1"]);
  }
  await using program = await startProgram([...HELLO, "--log-requests", "--json"]);
  await runPeer("curl", ["-sS", "--http2-prior-knowledge", program.url]);
  const event = await program.event("request");
  assertEquals([event.status, event.httpVersion], [200, "2"]);
  assertMatch(String(event.time), /^\d{4}-\d\d-\d\dT/);
});
