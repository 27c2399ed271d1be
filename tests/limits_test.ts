/** What a server has to survive, on every transport: no descriptors left, peers by the thousand that
 * say nothing, resets, floods. Everyone else is answered, and all of it is counted. */

import { assert, assertEquals } from "@std/assert";
import { permissionFlags } from "../.ci/permissions.ts";
import { clientKinds } from "../clients/index.ts";
import type { ClientKind } from "../core/client_kind.ts";
import type { Stats } from "../core/counters.ts";
import { statelessProtocol } from "../core/protocol.ts";
import type { ServerKind } from "../core/server_kind.ts";
import { textOf } from "../core/session.ts";
import { connect, type ConnectOptions } from "../dock/connect.ts";
import { send } from "../dock/send.ts";
import { serve } from "../dock/serve.ts";
import { serverKinds } from "../servers/index.ts";
import { CertificateAuthority } from "./certificate_authority.ts";
import { eventually } from "./eventually.ts";
import { peerTest, placeArguments, runPython } from "./peer.ts";
import { RunningProcess } from "./running_process.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** Descriptors of the server process; it needs some thirty for itself. */
const FEW_DESCRIPTORS = 64;
const SILENT_PEERS = 1000;

const withConnections = (serverKinds as readonly ServerKind[])
  .filter((kind) => kind.carries === "requests" || kind.carrier === "stream");

/** A server as a process of its own, and what it said when it listened. */
class Served implements AsyncDisposable {
  readonly #kind: ServerKind;
  readonly #process: RunningProcess;
  readonly #cleanup: AsyncDisposableStack;
  readonly #url: string;
  readonly #fingerprint: string | undefined;
  /** What a client has to show. */
  readonly #shown: Pick<ConnectOptions, "tlsCert" | "tlsKey">;

  private constructor(
    kind: ServerKind,
    process: RunningProcess,
    listening: { readonly url: string; readonly fingerprint?: string },
    cleanup: AsyncDisposableStack,
    shown: Pick<ConnectOptions, "tlsCert" | "tlsKey">,
  ) {
    this.#shown = shown;
    this.#kind = kind;
    this.#process = process;
    this.#url = listening.url;
    this.#fingerprint = listening.fingerprint;
    this.#cleanup = cleanup;
  }

  static async start(
    kind: ServerKind,
    { descriptors, mutual = false }: {
      readonly descriptors?: number;
      /** Whether clients have to show a certificate. */
      readonly mutual?: boolean;
    } = {},
  ): Promise<Served> {
    await using cleanup = new AsyncDisposableStack();
    const { path } = cleanup.use(await temporaryFolder());
    const options: string[] = [];
    let shown = {};
    if (mutual) {
      const authority = await CertificateAuthority.create(path);
      const client = await authority.issue("client", { names: ["DNS:a"], purpose: "client" });
      options.push("--tls-ca", authority.file, "--require-client-cert", "--allow-identity", "a");
      shown = { tlsCert: client.cert, tlsKey: client.key };
    }
    const place = kind.addressing === "host" ? "127.0.0.1:0" : `${path}/socket`;
    const command = [
      Deno.execPath(),
      "run",
      "--quiet",
      ...permissionFlags(),
      new URL("../main.ts", import.meta.url).pathname,
      "serve",
      kind.carries === "requests" ? "hello" : "echo",
      `${kind.name}://${place}`,
      "--json",
      ...options,
    ];
    const limit = descriptors === undefined ? "" : `ulimit -n ${descriptors} && `;
    const process = cleanup.use(
      new RunningProcess("sh", ["-c", `${limit}exec "$0" "$@"`, ...command]),
    );
    const [line] = await process.stdout.line(/^\{"event":"listening",.*/);
    return new Served(kind, process, JSON.parse(line), cleanup.move(), shown);
  }

  /** Where raw bytes go. */
  get place(): Deno.ConnectOptions | Deno.UnixConnectOptions {
    const [host = "", port] = this.pythonPlace;
    return port === undefined
      ? { transport: "unix", path: host }
      : { hostname: host, port: Number(port) };
  }

  /** The same as our Python programs take it. */
  get pythonPlace(): string[] {
    return placeArguments(this.#url.replace(/\/$/, ""));
  }

  /** Waits for an event of the server's. */
  async event(name: string): Promise<void> {
    await this.#process.stdout.line(new RegExp(`^\\{"event":"${name}"`));
  }

  /** Asks as a peer does that behaves, and checks the answer. */
  async isAnswering(): Promise<void> {
    const { name, carries } = this.#kind;
    const kinds: readonly ClientKind[] = clientKinds;
    const trusting = (scheme: string): ConnectOptions => {
      const kind = kinds.find((kind) => kind.name === scheme);
      return kind !== undefined && "tlsFingerprint" in kind.options
        ? { tlsFingerprint: this.#fingerprint!, ...this.#shown }
        : {};
    };
    if (carries === "requests") {
      const scheme = name === "https" ? "tls" : name === "http" ? "tcp" : name;
      const url = this.#url.replace(/^\w+/, scheme).replace(/\/$/, "");
      const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
      const answer = textOf(await send(url, request, trusting(scheme)));
      assertEquals(answer.split("\r\n")[0], "HTTP/1.1 200 OK");
      return;
    }
    using session = await connect(this.#url, trusting(name));
    await session.send("are you there?");
    for await (const message of session) {
      assertEquals(textOf(message), "are you there?");
      break;
    }
  }

  /** Ends the server and returns what it counted. */
  async stopped(): Promise<Stats> {
    this.#process.signal("SIGINT");
    const [line] = await this.#process.stdout.line(/^\{"event":"stopped",.*/);
    return (JSON.parse(line) as { readonly stats: Stats }).stats;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#cleanup.disposeAsync();
  }
}

/** Connections that say nothing. */
class Silent implements Disposable {
  readonly #held: Deno.Conn[] = [];

  static async open(count: number, place: Served["place"]): Promise<Silent> {
    const silent = new Silent();
    for (let opened = 0; opened < count; opened++) silent.#held.push(await dial(place));
    return silent;
  }

  [Symbol.dispose](): void {
    for (const conn of this.#held.splice(0)) conn.close();
  }
}

function dial(place: Served["place"]): Promise<Deno.Conn> {
  return "path" in place ? Deno.connect(place) : Deno.connect(place);
}

function nameOf({ name, carries }: ServerKind): string {
  return carries === "requests" && name === "unix" ? "http on a Unix socket" : name;
}

/** Whether this process may hold a thousand connections. */
function mayHold(count: number): boolean {
  if (Deno.build.os !== "linux") return true;
  const limits = Deno.readTextFileSync("/proc/self/limits");
  // Deno raises its soft limit to the hard one when it starts.
  return Number(/^Max open files\s+\S+\s+(\d+)/m.exec(limits)?.[1] ?? Infinity) > count + 200;
}

const mutually = withConnections.filter(({ options }) => "requireClientCert" in options);

for (
  const { kind, mutual, name } of [
    ...withConnections.map((kind) => ({ kind, mutual: false, name: nameOf(kind) })),
    ...mutually.map((kind) => ({ kind, mutual: true, name: `mutual ${nameOf(kind)}` })),
  ]
) {
  Deno.test({
    name: `${name} survives that descriptors run out, and answers when there are some again`,
    ignore: Deno.build.os === "windows",
    async fn() {
      await using served = await Served.start(kind, { descriptors: FEW_DESCRIPTORS, mutual });
      {
        using _silent = await Silent.open(FEW_DESCRIPTORS + 16, served.place);
        await served.event("accept-failed");
      }
      await served.isAnswering();
      const { acceptFailures } = await served.stopped();
      assert(acceptFailures > 0);
      // It paused between them: without that, they come by the thousand.
      assert(acceptFailures < 200, `${acceptFailures}`);
    },
  });

  Deno.test({
    name: `${name} answers others beside a thousand peers that say nothing`,
    ignore: Deno.build.os === "windows" || !mayHold(SILENT_PEERS),
    async fn() {
      await using served = await Served.start(kind, { mutual });
      using _silent = await Silent.open(SILENT_PEERS, served.place);
      await served.isAnswering();
      await served.isAnswering();
      const { open, acceptFailures } = await served.stopped();
      assertEquals({ open, acceptFailures }, { open: 0, acceptFailures: 0 });
    },
  });

  if (kind.addressing !== "host") continue;
  peerTest(`${name} counts peers that reset, and answers others`, ["python3"], async () => {
    await using served = await Served.start(kind, { mutual });
    const hostile = ["--mode", "reset", "--count", "50", ...served.pythonPlace];
    assertEquals((await runPython("hostile_client.py", hostile)).stdout, "Reset 50\n");
    await served.isAnswering();
    const { acceptFailures, handshakesFailed, failed } = await served.stopped();
    // Some are gone before they are accepted, some in the middle of what follows, and a few at a
    // moment when all was said: those leave in peace.
    const counted = acceptFailures + handshakesFailed + failed;
    assert(counted > 25 && counted <= 50, `${counted} of 50 were counted`);
  });
}

for (const scheme of ["udp", "unixgram"] as const) {
  Deno.test(`a flood over ${scheme} fills one inbox and is counted, and others are answered`, async () => {
    await using folder = await temporaryFolder();
    const place = scheme === "udp" ? "127.0.0.1:0" : `${folder.path}/socket`;
    const gate = Promise.withResolvers<void>();
    let first = true;
    const slow = statelessProtocol({
      name: "slow",
      summary: "Keeps its first peer waiting",
      framing: "none",
      datagramReply: "bounded",
      async serve(session) {
        if (first) {
          first = false;
          await gate.promise;
        }
        for await (const message of session) await session.send(message);
      },
    });
    await using server = await serve(`${scheme}://${place}`, slow, { inboxMessages: 10 });
    using flooding = await connect(server.url);
    for (let sent = 1; sent <= 100; sent++) {
      await flooding.send(`${sent}`);
      await eventually(() => server.stats().messagesReceived === sent);
    }
    assertEquals(server.stats().inboxDropped, 90);
    assertEquals(textOf(await send(server.url, "anyone else?", { retries: 3 })), "anyone else?");
    gate.resolve();
    const answers: string[] = [];
    for await (const message of flooding) {
      answers.push(textOf(message));
      if (answers.length === 10) break;
    }
    assertEquals(answers, Array.from({ length: 10 }, (_, at) => `${at + 1}`));
  });
}
