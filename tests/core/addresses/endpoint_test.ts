import { assertEquals, assertThrows } from "@std/assert";
import {
  type Addressing,
  diallingPort,
  type Endpoint,
  formatEndpoint,
  hostOrLoopback,
  isUrl,
  listeningPort,
  parseEndpoint,
} from "../../../core/addresses/endpoint.ts";
import { UsageError } from "../../../core/usage_error.ts";

const schemes = new Map<string, Addressing>([
  ["tcp", "host"],
  ["udp", "host"],
  ["http", "host"],
  ["unix", "path"],
]);

function parse(text: string): Endpoint {
  return parseEndpoint(text, schemes);
}

/** The parts of a URL that differ from the usual. */
function parts(text: string): Partial<Endpoint> {
  const { scheme, layers, hostname, port, path } = parse(text);
  return { scheme, layers, hostname, ...(port !== undefined && { port }), path };
}

Deno.test("isUrl() tells URLs from the names of files", () => {
  const urls = ["tcp://:9", "x://y", "unix:/tmp/x", "unix:x", "UNIX:@x", "unix+fault:x"];
  for (const url of urls) assertEquals(isUrl(url, schemes), true, url);
  const files = ["/tmp/x", "folder", "localhost:9", "tcp:/x", "backup:2.tar", "C:\\x", "./unix:x"];
  for (const file of files) assertEquals(isUrl(file, schemes), false, file);
});

Deno.test("parseEndpoint() reads host, port and path", () => {
  assertEquals(parse("tcp://127.0.0.1:9999"), {
    text: "tcp://127.0.0.1:9999",
    scheme: "tcp",
    layers: [],
    addressing: "host",
    hostname: "127.0.0.1",
    port: 9999,
    path: "",
  });
  const table: [string, Partial<Endpoint>][] = [
    ["tcp://:9999", { scheme: "tcp", layers: [], hostname: "", port: 9999, path: "" }],
    ["tcp://[::1]:9", { scheme: "tcp", layers: [], hostname: "::1", port: 9, path: "" }],
    ["tcp://[fe80::1%eth0]:9", {
      scheme: "tcp",
      layers: [],
      hostname: "fe80::1%eth0",
      port: 9,
      path: "",
    }],
    ["http://example.org/a?b=c", {
      scheme: "http",
      layers: [],
      hostname: "example.org",
      path: "/a?b=c",
    }],
    ["udp+sealed+reliable://:1", {
      scheme: "udp",
      layers: ["sealed", "reliable"],
      hostname: "",
      port: 1,
      path: "",
    }],
    ["TCP://localhost:1", { scheme: "tcp", layers: [], hostname: "localhost", port: 1, path: "" }],
    ["tcp://host:65535", { scheme: "tcp", layers: [], hostname: "host", port: 65535, path: "" }],
    ["tcp://host:", { scheme: "tcp", layers: [], hostname: "host", path: "" }],
  ];
  for (const [text, expected] of table) assertEquals(parts(text), expected, text);
});

Deno.test("parseEndpoint() reads descriptors that a service manager passed", () => {
  const descriptors: [string, string | undefined, Partial<Endpoint>][] = [
    ["tcp://fd:3", "3", { hostname: "fd", port: 3, path: "" }],
    ["tcp://fd:web", "web", { hostname: "fd", port: undefined, path: "" }],
    ["http://fd:the%20web/chat?x", "the web", { hostname: "fd", port: undefined, path: "/chat?x" }],
    ["unix://fd:3", "3", { hostname: "", port: undefined, path: "fd:3" }],
    ["unix:fd:web.socket", "web.socket", { hostname: "", port: undefined, path: "fd:web.socket" }],
    ["unix:./fd:3", undefined, { hostname: "", port: undefined, path: "./fd:3" }],
    ["tcp://fd", undefined, { hostname: "fd", port: undefined, path: "" }],
    ["tcp://fd.example:3", undefined, { hostname: "fd.example", port: 3, path: "" }],
  ];
  for (const [text, expected, place] of descriptors) {
    const { descriptor, hostname, port, path } = parse(text);
    assertEquals([descriptor, { hostname, port, path }], [expected, place], text);
  }
});

Deno.test("parseEndpoint() reads socket files, abstract sockets and escaped characters", () => {
  assertEquals(parse("unix:///tmp/echo.sock").path, "/tmp/echo.sock");
  assertEquals(parse("unix://relative.sock").path, "relative.sock");
  assertEquals(parse("unix:echo.sock").path, "echo.sock");
  assertEquals(parse("unix://@name").path, "\0name");
  assertEquals(parse("unix:///tmp/a%20b%25").path, "/tmp/a b%");
});

Deno.test("parseEndpoint() names the value and the remedy for every mistake", () => {
  const table: [string, string][] = [
    ["9999", '"9999" is not a URL; write it as scheme://host:port, such as tcp://127.0.0.1:9999'],
    ["", '"" is not a URL; write it as scheme://host:port, such as tcp://127.0.0.1:9999'],
    [
      "localhost:9999",
      '"localhost:9999" is not a URL; write it as scheme://host:port, such as tcp://127.0.0.1:9999',
    ],
    [
      "tpc://:1",
      'unknown scheme "tpc" in "tpc://:1" (did you mean tcp?); known are tcp, udp, http, unix',
    ],
    ["tcp://host:port", '"tcp://host:port" has a port that is not a number; ports are 0 to 65535'],
    ["tcp://host:-1", '"tcp://host:-1" has a port that is not a number; ports are 0 to 65535'],
    ["tcp://host:65536", 'port 65536 in "tcp://host:65536" is out of range; ports are 0 to 65535'],
    [
      "tcp://[:::1]:80",
      '"tcp://[:::1]:80" is not a URL; an IPv6 address stands in brackets, such as tcp://[::1]:9999',
    ],
    [
      "tcp://::1:80",
      '"tcp://::1:80" is not a URL; an IPv6 address stands in brackets, such as tcp://[::1]:9999',
    ],
    [
      "tcp://me:secret@host:1",
      '"tcp://...@host:1" carries a user name; the URL of a socket has none',
    ],
    ["tcp:host", '"tcp:host" is not a URL; write it as scheme://host:port'],
    ["tcp://a b:1", '"tcp://a b:1" has no valid host name'],
    ["tcp://%zz:1", '"tcp://%zz:1" holds a broken percent escape; a bare % is written %25'],
    ["unix://", '"unix://" names no socket; write a path, such as unix:///tmp/echo.sock'],
    ["unix://@", '"unix://@" names no socket; write a path, such as unix:///tmp/echo.sock'],
    ["unix://a%00b", 'the path in "unix://a%00b" holds a NUL character'],
  ];
  for (const [text, message] of table) {
    assertEquals(assertThrows(() => parse(text), UsageError).message, message);
  }
});

Deno.test("parseEndpoint() shows no password in its message", () => {
  const error = assertThrows(() => parse("tcp://me:hunter2@host:1"), UsageError);
  assertEquals(error.message.includes("hunter2"), false);
});

Deno.test("parseEndpoint() counts a socket's path in bytes", () => {
  assertEquals(parse(`unix:///${"a".repeat(106)}`).path.length, 107);
  const tooLong = `unix:///${"é".repeat(54)}`;
  assertEquals(
    assertThrows(() => parse(tooLong), UsageError).message,
    `the path in "${tooLong}" is 109 bytes long; a Unix socket's path has at most 107`,
  );
});

Deno.test("formatEndpoint() writes a URL that parses to the same place", () => {
  const urls = [
    "tcp://127.0.0.1:9999",
    "tcp://[::1]:9",
    "udp+sealed+reliable://10.0.0.1:1",
    "http://host:80/a?b=c",
    "unix:///tmp/echo.sock",
    "unix://@name",
    "unix:///tmp/a%20b%25%23%3F",
  ];
  for (const url of urls) {
    const endpoint = parse(url);
    assertEquals(formatEndpoint(endpoint, endpoint.port), url);
  }
});

Deno.test("formatEndpoint() shows the port that the system chose", () => {
  assertEquals(formatEndpoint(parse("tcp://[::]:0"), 40123), "tcp://[::]:40123");
});

Deno.test("listeningPort() wants a port, and takes 0", () => {
  assertEquals(listeningPort(parse("tcp://:0")), 0);
  assertEquals(
    assertThrows(() => listeningPort(parse("tcp://host")), UsageError).message,
    '"tcp://host" names no port; add one, or :0 for any free port',
  );
});

Deno.test("diallingPort() falls back to the scheme's usual port and refuses 0", () => {
  assertEquals(diallingPort(parse("http://host"), 80), 80);
  assertEquals(diallingPort(parse("http://host:8080"), 80), 8080);
  assertEquals(
    assertThrows(() => diallingPort(parse("tcp://host")), UsageError).message,
    '"tcp://host" names no port, such as tcp://host:9999',
  );
  assertEquals(
    assertThrows(() => diallingPort(parse("tcp://host:0")), UsageError).message,
    '"tcp://host:0" cannot be dialled; ports start at 1',
  );
});

Deno.test("hostOrLoopback() is loopback where the URL names no host", () => {
  assertEquals(hostOrLoopback(parse("tcp://:1")), "127.0.0.1");
  assertEquals(hostOrLoopback(parse("tcp://0.0.0.0:1")), "0.0.0.0");
});
