/** An HTTP server that answers with bytes of the test's choosing. */

const encoder = new TextEncoder();
const decoder = new TextDecoder("latin1");

/** A request, as it came. */
export interface RawRequest {
  /** `GET / HTTP/1.1` */
  readonly line: string;
  /** Name and value of each field. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** As long as its Content-Length says. */
  readonly body: string;
  /** The value of a field, by its lower-case name. */
  field(name: string): string | undefined;
}

/** One connection of a client. */
export interface RawPeer {
  send(text: string | Uint8Array): Promise<void>;
  /** Resolves once the client has closed; bytes it still sends are dropped. */
  gone(): Promise<void>;
  /** Passes bytes both ways between the client and another connection, until either ends. */
  join(other: Deno.TcpConn): Promise<void>;
}

/** Answers one request. The connection is closed when it resolves. */
export type Answer = (request: RawRequest, peer: RawPeer) => Promise<void> | string | Uint8Array;

/** A server and what it was asked. */
export interface RawServer extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly RawRequest[];
}

/** Listens, and gives every request to `answer`. A text that it returns is the whole answer. */
export function startRawServer(answer: Answer): RawServer {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const requests: RawRequest[] = [];
  const open = new Set<Promise<void>>();
  const serving = (async () => {
    for await (const conn of listener) {
      const served = serve(conn).catch(() => {
        // The client went away, which some tests are about.
      });
      open.add(served);
      void served.finally(() => open.delete(served));
    }
  })();

  async function serve(conn: Deno.TcpConn): Promise<void> {
    try {
      const request = await readRequest(conn);
      if (request === null) return;
      requests.push(request);
      const answered = answer(request, peerOf(conn));
      if (typeof answered === "string" || answered instanceof Uint8Array) {
        await peerOf(conn).send(answered);
      } else {
        await answered;
      }
    } finally {
      try {
        conn.close();
      } catch {
        // Joined to another one, it is closed already.
      }
    }
  }

  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      listener.close();
      await serving;
      await Promise.all(open);
    },
  };
}

/** An answer with a length. */
export function answerOf(status: string, body: string, ...fields: string[]): string {
  return [`HTTP/1.1 ${status}`, `Content-Length: ${body.length}`, ...fields, "", body].join("\r\n");
}

function peerOf(conn: Deno.TcpConn): RawPeer {
  return {
    async send(text) {
      const bytes = typeof text === "string" ? encoder.encode(text) : text;
      for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    },
    async gone() {
      const buffer = new Uint8Array(4096);
      while (await conn.read(buffer).catch(() => null) !== null);
    },
    async join(other) {
      await Promise.allSettled([
        conn.readable.pipeTo(other.writable),
        other.readable.pipeTo(conn.writable),
      ]);
    },
  };
}

async function readRequest(conn: Deno.TcpConn): Promise<RawRequest | null> {
  let received = "";
  const more = async (): Promise<boolean> => {
    const buffer = new Uint8Array(64 * 1024);
    const count = await conn.read(buffer);
    if (count !== null) received += decoder.decode(buffer.subarray(0, count));
    return count !== null;
  };
  while (!received.includes("\r\n\r\n")) {
    if (!(await more())) return null;
  }
  const end = received.indexOf("\r\n\r\n");
  const [line = "", ...lines] = received.slice(0, end).split("\r\n");
  received = received.slice(end + 4);
  const fields = lines.map((text) => {
    const colon = text.indexOf(":");
    return [text.slice(0, colon), text.slice(colon + 1).trim()] as const;
  });
  const field = (name: string) => fields.find(([one]) => one.toLowerCase() === name)?.[1];
  const length = Number(field("content-length") ?? 0);
  while (received.length < length) {
    if (!(await more())) return null;
  }
  return { line, fields, body: received.slice(0, length), field };
}
