/** What the pictures show: the built-in suite as a process with a control, and clients that talk to it. */

import { connect } from "../../dock/connect.ts";
import type { Session } from "../../core/session.ts";
import { Program } from "../../tests/program.ts";

/** The suite that runs, with its control and clients. */
export interface Scene extends AsyncDisposable {
  /** The console's address, with the token. */
  readonly consoleUrl: string;
  /** Asks the control for something. */
  readonly control: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** The number of a server by its protocol and scheme. */
  readonly idOf: (protocol: string, scheme: string) => number;
  /** The URL of a server. */
  readonly urlOf: (protocol: string, scheme: string) => string;
}

/** How often each client says something. */
const PACE_MS = 240;
/** Peers whose messages are as long as they are strange. */
const STRANGE = "<b>bold</b> \u202e \u6e2f \u2693 " + "a long line without any end ".repeat(8);

/** Starts everything; disposing ends it.
 *
 * @param ports the suite's own, so that a picture is the same each time, or those that are free */
export async function openScene(ports: "usual" | "free"): Promise<Scene> {
  await using stack = new AsyncDisposableStack();
  const program = stack.use(
    new Program([
      ...["up", "--json", "--control", "http://127.0.0.1:0"],
      ...ports === "free" ? ["--free-ports"] : [],
    ]),
  );
  const { url, token } = await program.event("control");
  const control = async (method: string, path: string, body?: unknown) => {
    const answer = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  const { servers } = await untilListening(control);
  const of = (protocol: string, scheme: string) =>
    servers.find((one) => one.protocol === protocol && one.url.startsWith(`${scheme}:`))!;
  const scene = {
    consoleUrl: `${url}/#token=${token}`,
    control,
    idOf: (protocol: string, scheme: string) => of(protocol, scheme).id,
    urlOf: (protocol: string, scheme: string) => of(protocol, scheme).url,
  };
  const clients = [
    ...["tcp", "tcp", "tcp", "udp", "udp", "ws"].map((scheme) => scene.urlOf("echo", scheme)),
    ...["tcp", "udp"].map((scheme) => scene.urlOf("upper", scheme)),
    scene.urlOf("acknowledge", "tcp"),
  ];
  await control("PUT", `/api/servers/${scene.idOf("upper", "udp")}/faults`, {
    fault: "in.loss=30%,out.latency=50ms",
    seed: 7,
  });
  for (const [at, client] of clients.entries()) {
    const session = stack.use(await connect(client));
    talk(session, at, stack);
  }
  const pages = [
    `${scene.urlOf("hello", "http")}/`,
    `${scene.urlOf("inspect", "http")}/get?tide=high`,
    `${scene.urlOf("files", "http")}/harbour.txt`,
  ];
  every(PACE_MS * 3, stack, async (count) => {
    const answer = await fetch(pages[count % pages.length]!);
    await answer.arrayBuffer();
  });
  const owned = stack.move();
  return { ...scene, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Listed {
  readonly servers: readonly { id: number; protocol: string; url: string }[];
}

/** The control is open before the servers listen. */
async function untilListening(control: Scene["control"]): Promise<Listed> {
  for (;;) {
    const listed = await control("GET", "/api/servers") as Listed;
    if (listed.servers.some(({ protocol }) => protocol === "inspect")) return listed;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function talk(session: Session, at: number, stack: AsyncDisposableStack): void {
  (async () => {
    for await (const _answer of session);
  })().catch(() => {});
  every(PACE_MS * (1 + at % 4), stack, async (count) => {
    const wave = "~".repeat(Math.round(20 + 18 * Math.sin(count / 4 + at)));
    await session.send(at === 0 && count % 9 === 8 ? STRANGE : `tide ${count} ${wave}`);
  });
}

/** Does something again and again until the scene ends; what fails then is of no interest. */
function every(
  ms: number,
  stack: AsyncDisposableStack,
  work: (count: number) => Promise<void>,
): void {
  let count = 0;
  const timer = setInterval(() => work(count++).catch(() => {}), ms);
  stack.defer(() => clearInterval(timer));
}
