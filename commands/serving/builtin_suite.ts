// The suite of servers that `up` starts without a configuration.

import { hasFeature, hasUnixSockets } from "../../core/runtime.ts";
import type { SuiteEntry } from "../../dock/suite.ts";
import { servedByName } from "../line/serve_options.ts";

/** The ports of the suite: those of the usual guides to socket programming where they have one, and
 * from 8080 on what browsers open. Nothing else that the documentation starts uses them. */
export const suitePorts = {
  echo: 50007,
  echoTls: 50008,
  echoDtls: 50009,
  echoWs: 8081,
  upper: 9999,
  acknowledge: 9998,
  chat: 9990,
  chatWs: 8082,
  daytime: 9913,
  print: 12345,
  hello: 8080,
  files: 8090,
  inspect: 8091,
} as const;

interface Places {
  /** Path of the Unix socket, where there are such sockets; without, there is none. */
  readonly socket: string | undefined;
  /** The folder that `files` serves. */
  readonly samples: string;
  /** Whether the system chooses every port. */
  readonly freePorts: boolean;
  /** Default: this one. */
  readonly os?: typeof Deno.build.os;
  /** Of Deno. Default: this one. */
  readonly version?: string;
}

interface BuiltinEntry extends SuiteEntry {
  /** A path that shows what an application is. */
  readonly path?: string;
}

/** Returns the suite, all of it on loopback. */
export function builtinSuite({ socket, samples, freePorts, os, version }: Places): BuiltinEntry[] {
  const at = (scheme: string, port: number) => `${scheme}://127.0.0.1:${freePorts ? 0 : port}`;
  const both = (port: number) => [at("tcp", port), at("udp", port)];
  return [
    {
      what: servedByName("echo"),
      urls: [
        ...both(suitePorts.echo),
        at("tls", suitePorts.echoTls),
        ...hasFeature("dtls", version) ? [at("dtls", suitePorts.echoDtls)] : [],
        at("ws", suitePorts.echoWs),
        ...socket === undefined || !hasUnixSockets(os) ? [] : [`unix://${socket}`],
      ],
    },
    { what: servedByName("upper"), urls: both(suitePorts.upper) },
    { what: servedByName("acknowledge"), urls: both(suitePorts.acknowledge) },
    {
      what: servedByName("chat"),
      urls: [...both(suitePorts.chat), at("ws", suitePorts.chatWs)],
      // A trial run leaves no file behind.
      options: { history: ":memory:" },
    },
    { what: servedByName("daytime"), urls: both(suitePorts.daytime) },
    { what: servedByName("print"), urls: [at("udp", suitePorts.print)] },
    { what: servedByName("hello"), urls: [at("http", suitePorts.hello)], path: "/hello.txt" },
    {
      what: servedByName("files"),
      urls: [at("http", suitePorts.files)],
      options: { root: samples },
      path: "/harbour.txt",
    },
    { what: servedByName("inspect"), urls: [at("http", suitePorts.inspect)], path: "/get" },
  ];
}
