// The commands with which a user can talk to a server, by sockdock and by programs that are on most
// machines.

import type { TalkCommand } from "../../web/control/controlled_docks.ts";

interface Talked {
  /** The name of the protocol or application. */
  readonly protocol: string;
  /** URL as it listens, with its port. */
  readonly url: string;
  /** The scheme without layers. */
  readonly transport: string;
  readonly layers: readonly string[];
  /** SHA-256 of the certificate, where there is one. */
  readonly fingerprint?: string | undefined;
}

/** Every command that fits, that of sockdock first.
 * @param sockdock what sockdock is called here, such as `sockdock` or `deno task sockdock` */
export function talkCommands(talked: Talked, sockdock = "sockdock"): readonly TalkCommand[] {
  return [{ program: "sockdock", command: `${sockdock} ${talkWords(talked)}` }, ...others(talked)];
}

/** The arguments for sockdock itself. */
function talkWords(
  { protocol, url, transport, fingerprint }: Omit<Talked, "layers">,
): string {
  if (protocol === "chat") return `chat ${url}`;
  if (transport === "http" || transport === "https") return `fetch ${url}`;
  return `send ${url} ${fingerprint === undefined ? "" : `--tls-fingerprint ${fingerprint} `}hello`;
}

function others({ url, transport, layers }: Talked): readonly TalkCommand[] {
  if (layers.length > 0) return [];
  if (transport === "unix" || transport === "unixgram") {
    const path = url.slice(url.indexOf("://") + 3);
    const datagrams = transport === "unixgram" ? "-u " : "";
    return [{ program: "nc", command: `nc -U ${datagrams}${path}` }];
  }
  const { hostname, port } = new URL(url.replace(/^[a-z]+:/, "http:"));
  const host = hostname.replace(/^\[|\]$/g, "");
  switch (transport) {
    case "tcp":
      return [
        { program: "nc", command: `nc ${host} ${port}` },
        {
          program: "python3",
          command:
            `python3 -c "import socket; s = socket.create_connection(('${host}', ${port})); ` +
            `s.sendall(b'hello'); s.shutdown(1); print(s.recv(1024))"`,
        },
      ];
    case "udp":
      return [
        { program: "nc", command: `nc -u ${host} ${port}` },
        {
          program: "python3",
          command:
            `python3 -c "import socket; s = socket.socket(socket.AF_INET${
              host.includes(":") ? "6" : ""
            }, socket.SOCK_DGRAM); s.settimeout(5); s.sendto(b'hello', ('${host}', ${port})); ` +
            `print(s.recv(65535))"`,
        },
      ];
    case "tls":
      return [{ program: "openssl", command: `openssl s_client -connect ${hostname}:${port}` }];
    case "http":
    case "https":
      return [{ program: "curl", command: `curl ${transport === "https" ? "-k " : ""}${url}` }];
    default:
      return [];
  }
}
