// The suite of servers that `up` starts without a configuration.

import { hasUnixSockets } from "../../core/runtime.ts";
import type { SuiteEntry } from "../../dock/suite.ts";
import { servedByName } from "../line/serve_options.ts";

/** Ports of the usual guides to socket programming, and 8080 for HTTP. */
const ports = {
  echo: 50007,
  echoTls: 50008,
  echoWs: 8081,
  upper: 9999,
  acknowledge: 9998,
  chat: 9990,
  chatWs: 8082,
} as const;
const DAYTIME_PORT = 9913;
const HTTP_PORT = 8080;

/** Returns the suite, all of it on loopback.
 *
 * @param socketPath path of the Unix socket, where there are such sockets
 * @param freePorts whether the system chooses every port */
export function builtinSuite(
  socketPath: string,
  freePorts: boolean,
  os?: typeof Deno.build.os,
): SuiteEntry[] {
  const at = (scheme: string, port: number) => `${scheme}://127.0.0.1:${freePorts ? 0 : port}`;
  const both = (port: number) => [at("tcp", port), at("udp", port)];
  return [
    {
      what: servedByName("echo"),
      urls: [
        ...both(ports.echo),
        at("tls", ports.echoTls),
        at("ws", ports.echoWs),
        ...(hasUnixSockets(os) ? [`unix://${socketPath}`] : []),
      ],
    },
    { what: servedByName("upper"), urls: both(ports.upper) },
    { what: servedByName("acknowledge"), urls: both(ports.acknowledge) },
    {
      what: servedByName("chat"),
      urls: [...both(ports.chat), at("ws", ports.chatWs)],
      // A trial run leaves no file behind.
      options: { history: ":memory:" },
    },
    { what: servedByName("daytime"), urls: both(DAYTIME_PORT) },
    { what: servedByName("hello"), urls: [at("http", HTTP_PORT)] },
  ];
}
