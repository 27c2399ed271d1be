import { assertEquals } from "@std/assert";
import { type StartedEntry, suiteTable } from "../../../commands/serving/suite_table.ts";
import { servedByName } from "../../../commands/line/serve_options.ts";
import { parseEndpoint } from "../../../core/addresses/endpoint.ts";
import { serverSchemes } from "../../../dock/schemes.ts";

const FINGERPRINT = "5f".repeat(32);

/** An entry at these URLs, and the URLs where it then really is. */
function started(
  name: string,
  asked: readonly string[],
  real: readonly string[],
  more: Partial<StartedEntry> = {},
) {
  const urls = asked.map((url) => parseEndpoint(url, serverSchemes));
  const servers = real.map((url) => ({
    url,
    ...(url.startsWith("tls") && { certificate: { pem: "", fingerprint: FINGERPRINT } }),
  }));
  return { entry: { what: servedByName(name), urls, isLocal: false, ...more }, dock: { servers } };
}

const io = (columns: number) => ({ columns, paintStdout: (_: unknown, text: string) => text });

function table(columns: number, ...parts: readonly ReturnType<typeof started>[]) {
  return suiteTable(
    parts.map(({ entry }) => entry),
    parts.map(({ dock }) => dock),
    "sockdock",
    io(columns),
  );
}

const echo = started("echo", ["tcp://127.0.0.1:1", "udp://127.0.0.1:1"], [
  "tcp://127.0.0.1:4001",
  "udp://127.0.0.1:1",
]);
const tls = started("upper", ["tls://127.0.0.1:2"], ["tls://127.0.0.1:2"]);
const files = started("files", ["http://127.0.0.1:0"], ["http://127.0.0.1:3"], { path: "/a.txt" });

Deno.test("suiteTable() marks what is not on its usual port, and says which that was", () => {
  assertEquals(table(100, echo, files), [
    "WHAT   TALK TO IT WITH",
    "echo*  sockdock send tcp://127.0.0.1:4001 hi",
    "echo   sockdock send udp://127.0.0.1:1 hi",
    "files  sockdock fetch http://127.0.0.1:3/a.txt",
    "",
    "* on a free port, because another program has 1",
  ]);
});

Deno.test("suiteTable() names the local authority where the certificate is of it", () => {
  const local = started("echo", ["tls://127.0.0.1:2"], ["tls://127.0.0.1:2"], { isLocal: true });
  assertEquals(table(100, local)[1], "echo  sockdock send tls://127.0.0.1:2 --tls-ca local hi");
});

Deno.test("suiteTable() wraps a command that is too long so that a shell still takes it for one", () => {
  assertEquals(table(100, tls, files), [
    "WHAT   TALK TO IT WITH",
    "upper  sockdock send tls://127.0.0.1:2 --tls-fingerprint \\",
    `           ${FINGERPRINT} hi`,
    "files  sockdock fetch http://127.0.0.1:3/a.txt",
  ]);
  for (const columns of [40, 60, 80]) {
    assertEquals(table(columns, echo, files).filter((line) => line.length > columns), []);
  }
});
