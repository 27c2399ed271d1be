// The list of all commands. A new one is a file in this folder and an entry in this list. Each is
// loaded only when it runs.

import type { CommandEntry } from "./command.ts";

/** All commands, in the order in which help lists them. */
export const commands: readonly CommandEntry[] = [
  {
    name: "up",
    summary: "starts many servers at once, or the built-in suite",
    load: async () => (await import("./up.ts")).up,
  },
  {
    name: "serve",
    summary: "serves one protocol on one or several endpoints",
    load: async () => (await import("./serve.ts")).serve,
  },
  {
    name: "connect",
    summary: "talks to an endpoint from the terminal or a pipe",
    load: async () => (await import("./connect.ts")).connect,
  },
  {
    name: "send",
    summary: "sends a message and prints the reply",
    load: async () => (await import("./send.ts")).send,
  },
  {
    name: "chat",
    summary: "takes part in a chat, from the terminal or a pipe",
    load: async () => (await import("./chat.ts")).chat,
  },
  {
    name: "fetch",
    summary: "makes an HTTP request",
    load: async () => (await import("./fetch.ts")).fetch,
  },
  {
    name: "relay",
    summary: "passes sessions on to another endpoint, with faults on request",
    load: async () => (await import("./relay.ts")).relay,
  },
  {
    name: "copy",
    summary: "sends files and folders to an inbox",
    load: async () => (await import("./copy.ts")).copy,
  },
  {
    name: "wait",
    summary: "waits until an endpoint answers",
    load: async () => (await import("./wait.ts")).wait,
  },
  {
    name: "cert",
    summary: "makes, signs and shows certificates, from a local authority",
    load: async () => (await import("./cert.ts")).cert,
  },
  {
    name: "key",
    summary: "makes and shows keys, seals and opens messages, hashes passwords",
    load: async () => (await import("./key.ts")).key,
  },
  {
    name: "list",
    summary: "lists protocols, transports and layers, and which go together",
    load: async () => (await import("./list.ts")).list,
  },
  {
    name: "help",
    summary: "explains a command, protocol, transport, layer or topic",
    load: async () => (await import("./help.ts")).help,
  },
  {
    name: "completions",
    summary: "prints or installs the completion script of a shell",
    load: async () => (await import("./completions.ts")).completions,
  },
];
