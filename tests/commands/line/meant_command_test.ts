/** Lines whose words fit another command say which one is meant. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCommandLine } from "../../../commands/run.ts";
import { FakeStdio } from "../fake_stdio.ts";

async function errorOf(line: string): Promise<string> {
  const io = new FakeStdio();
  const code = await runCommandLine(line.split(" "), io, () => undefined);
  assertEquals([code, io.stdoutText], [2, ""], line);
  assertEquals(io.stderrText.split("\n").length, 2, "one line");
  return io.stderrText.replace(/^error: |\n$/g, "");
}

for (
  const [line, meant] of [
    ["send http://localhost:8080/x a b", "sockdock fetch http://localhost:8080/x -d 'a b'"],
    ["send -v https://localhost/", "sockdock fetch https://localhost/"],
    ["connect http://localhost/?q='1", "sockdock fetch 'http://localhost/?q='\\''1'"],
    ["chat http://localhost:8080", "sockdock chat ws://localhost:8080"],
    ["chat https://localhost:8080", "sockdock chat wss://localhost:8080"],
    ["copy a.txt http://localhost/", "sockdock fetch -T a.txt http://localhost/"],
    [
      "relay http://:8080 https://host.example/x",
      "sockdock relay tcp://:8080 tcp://host.example:443",
    ],
    ["connect localhost 9", "sockdock connect tcp://localhost:9"],
    ["connect localhost:9", "sockdock connect tcp://localhost:9"],
    ["send ::1 9 a", "is not a URL"],
    ["send host.example 9 a b", "sockdock send tcp://host.example:9 a b"],
    ["chat localhost:9 --name ada", "sockdock chat tcp://localhost:9"],
    ["serve files public --port 8080", "the port stands in the URL, as in http://:8080"],
    ["serve echo -p 9999", "the port stands in the URL, as in http://:8080"],
    ["up --host 0.0.0.0", "the host stands in the URL, as in http://0.0.0.0:8080"],
    ["fetch tcp://localhost:9", "sockdock connect tcp://localhost:9"],
    ["fetch udp+sealed://localhost:9", "sockdock connect udp+sealed://localhost:9"],
    ["fetch unix:///run/x", "sockdock connect unix:///run/x"],
    ["fetch localhost:8080/a", "sockdock fetch http://localhost:8080/a"],
    ["fetch example.com", "sockdock fetch http://example.com"],
    ["serve tcp://:9999 echo", "sockdock serve echo tcp://:9999"],
    ["serve tcp://:9999 echo udp://:9999 --once", "sockdock serve echo tcp://:9999 udp://:9999"],
    ["serve http://:8083", "sockdock serve files http://:8083"],
    ["serve http://:8083 public", "sockdock serve files http://:8083 public"],
    ["serve tcp://:9", "sockdock serve echo tcp://:9"],
    ["serve echo", "sockdock serve echo tcp://:9999"],
    ["serve files public", "sockdock serve files http://:8080 public"],
    ["up http://:8080", "sockdock serve files http://:8080"],
    ["echo tcp://:9999", "sockdock serve echo tcp://:9999"],
    ["files http://:8080 public", "sockdock serve files http://:8080 public"],
    ["tcp://localhost:9", "sockdock connect tcp://localhost:9"],
    ["http://localhost/", "sockdock fetch http://localhost/"],
    ["sned tcp://localhost:9", "sockdock send tcp://localhost:9"],
    ["curl http://localhost/", "sockdock fetch"],
    ["nc localhost 9", "sockdock connect"],
    ["listen 9999", "sockdock serve"],
  ] as const
) {
  Deno.test(`${line}: ${meant}`, async () => assertStringIncludes(await errorOf(line), meant));
}

Deno.test("no password of a URL is in what is proposed, nor a line without end", async () => {
  const text = await errorOf("send http://ada:deep@localhost/ x");
  assert(!text.includes("deep"), text);
  assert((await errorOf(`send http://localhost/${"a".repeat(9999)}`)).length < 10_500);
});

Deno.test("a word that nothing resembles is answered with the list", async () => {
  assertEquals(await errorOf("qqqqq"), 'unknown command "qqqqq"; sockdock help lists them');
});
