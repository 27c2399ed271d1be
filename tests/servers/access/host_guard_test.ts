/** Which requests of browsers are served: the rules on Host and Origin. */

import { assertEquals, assertThrows } from "@std/assert";
import { bracket } from "../../../core/addresses/address.ts";
import { reachableAddresses } from "../../../core/addresses/own_addresses.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { type GuardedRequest, readWebGuard } from "../../../servers/access/host_guard.ts";
import type { WebGuardLimits } from "../../../servers/access/options.ts";

const LOOPBACK = "127.0.0.1";
const EVERYWHERE = "0.0.0.0";

/** The status that a request gets, or null when it is served. */
function statusOf(
  request: Partial<GuardedRequest>,
  limits: Partial<WebGuardLimits> = {},
  bound = LOOPBACK,
  hostname = bound,
): number | null {
  const guard = readWebGuard({ allowHost: [], allowOrigin: [], ...limits })(
    { address: { transport: "tcp", hostname: bound, port: 8080 }, hostname },
  );
  const refusal = guard({
    method: "GET",
    upgrade: false,
    httpVersion: "1.1",
    host: "127.0.0.1:8080",
    origin: null,
    ...request,
  });
  return refusal?.status ?? null;
}

Deno.test("on loopback only loopback's names are served", () => {
  const served = [
    "127.0.0.1:8080",
    "127.0.0.1",
    "127.8.9.10:1",
    "localhost:8080",
    "LOCALHOST.",
    "app.localhost:3000",
    "[::1]:8080",
    "[0:0:0:0:0:0:0:1]",
  ];
  for (const host of served) assertEquals(statusOf({ host }), null, host);
  const refused = [
    "evil.example",
    "evil.example:8080",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "0.0.0.0:8080",
    "10.0.0.1",
    "[::]:8080",
    "[2001:db8::1]",
  ];
  for (const host of refused) assertEquals(statusOf({ host }), 421, host);
});

Deno.test("a name of the server's URL and those of --allow-host are served as well", () => {
  const named = { allowHost: ["Box.Example", "2001:db8:0:0:0:0:0:1"] };
  assertEquals(statusOf({ host: "box.example:8080" }, named), null);
  assertEquals(statusOf({ host: "[2001:DB8::1]:8080" }, named), null);
  assertEquals(statusOf({ host: "127.0.0.1" }, named), null);
  assertEquals(statusOf({ host: "other.example" }, named), 421);
  assertEquals(statusOf({ host: "my-machine:8080" }, {}, LOOPBACK, "my-machine"), null);
  assertEquals(statusOf({ host: "other.example" }, { allowHost: ["*"] }), null);
});

Deno.test("elsewhere any name is served, unless some are named", () => {
  assertEquals(statusOf({ host: "any.example" }, {}, EVERYWHERE), null);
  const named = { allowHost: ["box.example"] };
  assertEquals(statusOf({ host: "box.example" }, named, EVERYWHERE), null);
  assertEquals(statusOf({ host: "any.example" }, named, EVERYWHERE), 421);
  assertEquals(statusOf({ host: "198.51.100.7" }, named, EVERYWHERE), 421);
  assertEquals(statusOf({ host: "localhost" }, named, "192.0.2.7"), 421);
});

Deno.test("a server on every address is each of them, also where names are listed", () => {
  const named = { allowHost: ["box.example"] };
  for (const host of ["localhost", "127.0.0.1:8080", "[::1]"]) {
    assertEquals(statusOf({ host }, named, EVERYWHERE), null, host);
    assertEquals(statusOf({ host }, named, "::"), null, host);
  }
  for (const address of reachableAddresses("::") ?? []) {
    assertEquals(statusOf({ host: `${bracket(address)}:8080` }, named, "::"), null, address);
    assertEquals(statusOf({ host: bracket(address) }, named), 421, address);
  }
});

Deno.test("a Unix socket, which no browser reaches, has no names to check", () => {
  const guard = readWebGuard({ allowHost: [], allowOrigin: [] })(
    { address: { transport: "unix", path: "/run/web.sock" }, hostname: "" },
  );
  const request = { method: "GET", upgrade: false, httpVersion: "1.1", origin: null };
  assertEquals(guard({ ...request, host: "docker" }), null);
});

Deno.test("a missing or malformed Host is a bad request", () => {
  assertEquals(statusOf({ host: null }), 400);
  assertEquals(statusOf({ host: null, httpVersion: "2" }), 400);
  assertEquals(statusOf({ host: null, httpVersion: "1.0" }), null);
  const malformed = [
    "",
    "127.0.0.1, 127.0.0.1",
    "user@127.0.0.1",
    "127.0.0.1/",
    "127.0.0.1:80:80",
    "127.0.0.1:http",
    "::1",
    "[::1",
    "a b",
    "%31%32%37.0.0.1",
    "127.0.0.256",
  ];
  for (const host of malformed) {
    assertEquals(statusOf({ host }), 400, host);
    assertEquals(statusOf({ host }, {}, EVERYWHERE), 400, host);
  }
});

Deno.test("what changes nothing may come from any page", () => {
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    assertEquals(statusOf({ method, origin: "https://evil.example" }), null);
  }
});

Deno.test("changes and upgrades may come from pages of the same host and port only", () => {
  const asked: [origin: string, host: string, status: number | null][] = [
    ["http://127.0.0.1:8080", "127.0.0.1:8080", null],
    ["https://127.0.0.1:8080", "127.0.0.1:8080", null],
    ["ws://127.0.0.1:8080", "127.0.0.1:8080", null],
    ["http://localhost", "localhost", null],
    ["http://localhost", "localhost:80", null],
    ["https://localhost", "localhost", null],
    ["https://localhost", "localhost:443", null],
    ["HTTP://LocalHost:80", "localhost", null],
    ["http://[::1]:8080", "[::1]:8080", null],
    ["http://localhost:8080", "127.0.0.1:8080", 403],
    ["http://127.0.0.1:3000", "127.0.0.1:8080", 403],
    ["http://127.0.0.1", "127.0.0.1:8080", 403],
    ["https://localhost", "localhost:80", 403],
    ["http://evil.example:8080", "127.0.0.1:8080", 403],
    ["chrome-extension://127.0.0.1:8080", "127.0.0.1:8080", 403],
    ["http://127.0.0.1:8080.evil.example", "127.0.0.1:8080", 403],
    ["http://127.0.0.1:8080/path", "127.0.0.1:8080", 403],
    ["http://evil.example, http://127.0.0.1:8080", "127.0.0.1:8080", 403],
    ["null", "127.0.0.1:8080", 403],
    ["", "127.0.0.1:8080", 403],
  ];
  for (const [origin, host, status] of asked) {
    const label = `${origin} to ${host}`;
    assertEquals(statusOf({ origin, host, method: "POST" }), status, label);
    assertEquals(statusOf({ origin, host, upgrade: true }), status, label);
  }
});

Deno.test("programs, which send no Origin, may change things", () => {
  assertEquals(statusOf({ method: "DELETE" }), null);
  assertEquals(statusOf({ upgrade: true }), null);
});

Deno.test("pages of --allow-origin may do what pages of the same host may", () => {
  const allowOrigin = ["https://App.Example:443", "http://localhost:3000"];
  const status = (origin: string, limits: Partial<WebGuardLimits>) =>
    statusOf({ method: "PUT", origin }, limits);
  assertEquals(status("https://app.example", { allowOrigin }), null);
  assertEquals(status("http://localhost:3000", { allowOrigin }), null);
  assertEquals(status("http://app.example", { allowOrigin }), 403);
  assertEquals(status("https://app.example:8443", { allowOrigin }), 403);
  assertEquals(status("null", { allowOrigin }), 403);
  assertEquals(status("https://any.example", { allowOrigin: ["*"] }), null);
});

Deno.test("a refusal names the option that would let the request pass", () => {
  const guard = readWebGuard({ allowHost: [], allowOrigin: [] })(
    { address: { transport: "tcp", hostname: LOOPBACK, port: 1 }, hostname: LOOPBACK },
  );
  const request = { method: "POST", upgrade: false, httpVersion: "1.1" };
  assertEquals(guard({ ...request, host: "box.example:1", origin: null }), {
    status: 421,
    reason: "host box.example",
    message: "This server is not box.example; start it with --allow-host box.example to let it be.",
  });
  assertEquals(guard({ ...request, host: LOOPBACK, origin: "https://a.example" }), {
    status: 403,
    reason: "origin https://a.example",
    message: "Pages of https://a.example may not do this; " +
      "start the server with --allow-origin https://a.example to let them.",
  });
  assertEquals(
    guard({ ...request, host: LOOPBACK, origin: "\x1b[2J<script>" })?.reason,
    'origin "\\u001b[2J<script>"',
  );
});

Deno.test("an entry that is no host name or no origin is refused with the remedy", () => {
  for (const entry of ["http://a.example", "a.example:80", "a b", ""]) {
    assertThrows(
      () => statusOf({}, { allowHost: [entry] }),
      UsageError,
      `--allow-host: expected a host name without scheme and port, such as box.example, got "${entry}"`,
    );
  }
  for (const entry of ["a.example", "https://", "https://a.example/", "null", ""]) {
    assertThrows(
      () => statusOf({}, { allowOrigin: [entry] }),
      UsageError,
      `--allow-origin: expected scheme, host and port, such as https://example.com:8443, got "${entry}"`,
    );
  }
});
