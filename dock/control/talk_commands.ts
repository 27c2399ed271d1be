// The commands with which a user can talk to a server, by sockdock and by programs that are on most
// machines. They are copied into a shell, so whatever in them is not ours stands in quotes.

import { parseEndpoint } from "../../core/addresses/endpoint.ts";
import { shellWord } from "../../core/shell_word.ts";
import { flagName } from "../../core/options/option.ts";
import type { TalkCommand } from "../../web/control/controlled_docks.ts";
import { serverSchemes } from "../schemes.ts";

interface Talked {
  /** The name of the protocol or application. */
  readonly protocol: string;
  /** URL as it listens, with its port. */
  readonly url: string;
  /** The scheme without layers. */
  readonly transport: string;
  readonly carries: "sessions" | "requests";
  readonly layers: readonly string[];
  /** SHA-256 of the certificate, where there is one. */
  readonly fingerprint?: string | undefined;
  /** The options that it was started with, secrets masked. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Options that both sides have alike, as files. */
const SHARED: readonly string[] = ["pskFile", "sealedKey", "sealedCipher"];

/** Every command that fits, that of sockdock first.
 * @param sockdock what sockdock is called here, such as `sockdock` or `deno task sockdock` */
export function talkCommands(talked: Talked, sockdock = "sockdock"): readonly TalkCommand[] {
  return [{ program: "sockdock", command: `${sockdock} ${talkWords(talked)}` }, ...others(talked)];
}

/** What is said to a stream in Python, and heard. */
const SAY = 's.sendall(b"hello"); s.shutdown(1); print(s.recv(1024))';

/** The arguments for sockdock itself. */
function talkWords({ protocol, url, transport, carries, fingerprint, options }: Talked): string {
  const place = shellWord(url);
  const shared = SHARED.flatMap((key) =>
    [options[key] ?? []].flat().map((value) => `--${flagName(key)} ${shellWord(String(value))}`)
  );
  const trust = [
    ...fingerprint === undefined ? [] : [`--tls-fingerprint ${fingerprint}`],
    ...shared,
  ];
  if (protocol === "chat") return ["chat", place, ...trust].join(" ");
  if (carries === "requests") {
    return transport === "unix"
      ? `fetch --unix-socket ${shellWord(pathOf(url))} http://localhost/`
      : ["fetch", ...trust, place].join(" ");
  }
  return ["send", place, ...trust, "hello"].join(" ");
}

function others(
  { carries, url, transport, layers, fingerprint }: Talked,
): readonly TalkCommand[] {
  if (layers.length > 0) return [];
  if (transport === "unix" || transport === "unixgram") {
    return onPath(pathOf(url), carries, transport);
  }
  const { hostname, port } = new URL(url.replace(/^[a-z]+:/, "http:"));
  const host = hostname.replace(/^\[|\]$/g, "");
  const place = `("${host}", ${port})`;
  switch (transport) {
    case "tcp":
      return [
        { program: "nc", command: `nc ${host} ${port}` },
        python(`import socket; s = socket.create_connection(${place}); ${SAY}`),
      ];
    case "udp":
      return [
        { program: "nc", command: `nc -u ${host} ${port}` },
        python(
          `import socket; s = socket.socket(socket.AF_INET${
            host.includes(":") ? "6" : ""
          }, socket.SOCK_DGRAM); s.settimeout(5); s.sendto(b"hello", ${place}); ` +
            "print(s.recv(65535))",
        ),
      ];
    case "tls":
      return [
        { program: "openssl", command: `openssl s_client -connect ${hostname}:${port}` },
        // Believed for its fingerprint, since no authority that Python knows has issued it.
        python(
          "import hashlib, socket, ssl; c = ssl.create_default_context(); c.check_hostname = False; " +
            "c.verify_mode = ssl.CERT_NONE; " +
            `s = c.wrap_socket(socket.create_connection(${place})); ` +
            `assert hashlib.sha256(s.getpeercert(True)).hexdigest() == "${fingerprint}"; ` +
            's.sendall(b"hello"); print(s.recv(1024))',
        ),
      ];
    case "dtls":
      return [
        { program: "openssl", command: `openssl s_client -dtls1_2 -connect ${hostname}:${port}` },
      ];
    case "http":
    case "https":
      return [{ program: "curl", command: `curl ${transport === "https" ? "-k " : ""}${url}` }];
    default:
      return [];
  }
}

function onPath(
  path: string,
  carries: Talked["carries"],
  transport: string,
): readonly TalkCommand[] {
  const file = shellWord(path);
  if (carries === "requests") {
    return [{ program: "curl", command: `curl --unix-socket ${file} http://localhost/` }];
  }
  if (transport === "unixgram") return [{ program: "nc", command: `nc -U -u ${file}` }];
  return [
    { program: "nc", command: `nc -U ${file}` },
    python(
      "import socket; s = socket.socket(socket.AF_UNIX); " +
        // A text of JSON is one of Python too.
        `s.connect(${JSON.stringify(path)}); ${SAY}`,
    ),
  ];
}

function python(program: string): TalkCommand {
  return { program: "python3", command: `python3 -c ${shellWord(program)}` };
}

/** The path of a socket; in a URL it is percent-encoded. */
function pathOf(url: string): string {
  return parseEndpoint(url, serverSchemes).path;
}
