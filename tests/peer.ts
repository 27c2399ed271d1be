/**
 * The programs sockdock speaks with in tests: which of them this machine has, a test that needs
 * some, and how to run them; and our own Python programs in `tests/peers`.
 */

import { type Finished, type ProcessOptions, RunningProcess } from "./running_process.ts";

/** Where each peer comes from on a machine that lacks it. */
const INSTALLED_BY = {
  bash: "apt-get install bash",
  "coap-client-gnutls": "apt-get install libcoap3-bin",
  "coap-client-openssl": "apt-get install libcoap3-bin",
  chromium: "apt-get install chromium",
  curl: "apt-get install curl",
  fish: "apt-get install fish",
  gcc: "apt-get install gcc",
  "gnutls-cli": "apt-get install gnutls-bin",
  "gnutls-serv": "apt-get install gnutls-bin",
  groff: "apt-get install groff-base",
  h2load: "apt-get install nghttp2-client",
  man: "apt-get install man-db",
  nc: "apt-get install netcat-openbsd",
  ncat: "apt-get install ncat",
  "nats-server": "apt-get install nats-server",
  nginx: "apt-get install nginx-light",
  node: "apt-get install nodejs",
  npm: "apt-get install npm",
  openssl: "apt-get install openssl",
  python3: "apt-get install python3",
  setpriv: "apt-get install util-linux",
  socat: "apt-get install socat",
  "systemd-analyze": "apt-get install systemd",
  "systemd-socket-activate": "apt-get install systemd",
  tshark: "apt-get install tshark",
  wget: "apt-get install wget",
  wrk: "apt-get install wrk",
  unzip: "apt-get install unzip",
  zsh: "apt-get install zsh",
} as const;

/** The name of a peer program. */
export type PeerName = keyof typeof INSTALLED_BY;

const found = new Map<PeerName, string | null>();

/** The path of a peer program on PATH, or null. */
export function findPeer(name: PeerName): string | null {
  let path = found.get(name);
  if (path === undefined) {
    path = lookUp(name);
    // Of the many programs called nc, only OpenBSD's has the options that the tests use.
    if (path !== null && name === "nc" && !isOpenBsdNetcat(path)) path = null;
    // Small images have a script of this name, which says that there are no manuals.
    if (path !== null && name === "man" && !isManDb(path)) path = null;
    found.set(name, path);
  }
  return path;
}

function lookUp(name: string): string | null {
  const windows = Deno.build.os === "windows";
  const file = windows ? `${name}.exe` : name;
  const folders = (Deno.env.get("PATH") ?? "").split(windows ? ";" : ":");
  // Debian's servers are there, which is on the path of root alone.
  for (const folder of windows ? folders : [...folders, "/usr/sbin"]) {
    if (folder === "") continue;
    const path = `${folder}/${file}`;
    try {
      const { isFile, mode } = Deno.statSync(path);
      if (isFile && (mode === null || (mode & 0o111) !== 0)) return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

function isOpenBsdNetcat(path: string): boolean {
  const { stderr } = new Deno.Command(path, { args: ["-h"], stdout: "null" }).outputSync();
  return new TextDecoder().decode(stderr).includes("OpenBSD");
}

function isManDb(path: string): boolean {
  const { stdout } = new Deno.Command(path, { args: ["--version"], stderr: "null" }).outputSync();
  return new TextDecoder().decode(stdout).startsWith("man ");
}

/**
 * Registers a test that needs peer programs. Where one is missing the test is ignored, and one
 * line says which, and how to install it.
 */
export function peerTest(
  name: string,
  needs: readonly PeerName[],
  body: (t: Deno.TestContext) => void | Promise<void>,
): void {
  const missing = needs.filter((peer) => findPeer(peer) === null);
  if (missing.length > 0) {
    const remedies = missing.map((peer) => `${peer} (${INSTALLED_BY[peer]})`);
    console.log(`skipped: ${name}: needs ${remedies.join(" and ")}`);
  }
  Deno.test({ name, ignore: missing.length > 0, fn: body });
}

/** Starts a peer program by name. */
export function startPeer(
  name: PeerName,
  args: readonly string[],
  options?: ProcessOptions,
): RunningProcess {
  const path = findPeer(name);
  if (path === null) throw new Error(`Cannot run ${name}: ${INSTALLED_BY[name]}`);
  return new RunningProcess(path, args, options);
}

/** Runs a peer program to its end. */
export async function runPeer(
  name: PeerName,
  args: readonly string[],
  options: ProcessOptions & { readonly stdin?: string | Uint8Array } = {},
): Promise<Finished> {
  const { stdin, ...rest } = options;
  await using peer = startPeer(name, args, rest);
  return await peer.finish(stdin);
}

/** The command line of one of our Python programs in `tests/peers`, such as `echo_client.py`. */
export function python(program: string, args: readonly string[]): string[] {
  // -B: no __pycache__ in the sources.
  return ["-B", `${import.meta.dirname}/peers/${program}`, ...args];
}

/** Runs one of our Python programs to its end. */
export function runPython(
  program: string,
  args: readonly string[],
  stdin: string | Uint8Array = "",
): Promise<Finished> {
  return runPeer("python3", python(program, args), { stdin });
}

/** Starts one of our Python programs. */
export function startPython(program: string, args: readonly string[]): RunningProcess {
  return startPeer("python3", python(program, args));
}

/** A Python server and where it listens. */
export interface PythonServer extends AsyncDisposable {
  readonly process: RunningProcess;
  /** `127.0.0.1:40123`, or the path of its Unix socket: what follows `//` in a URL. */
  readonly place: string;
}

/** Starts one of our Python servers and waits until it listens. */
export async function startPythonServer(
  program: string,
  args: readonly string[],
): Promise<PythonServer> {
  await using starting = new AsyncDisposableStack();
  const process = starting.use(startPython(program, args));
  const [, place = ""] = await process.stdout.line(/^listening (.+)$/);
  const owned = starting.move();
  return {
    process,
    place: place.replace(" ", ":"),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The place in a URL as our Python programs take it: `HOST PORT`, or a path. */
export function placeArguments(url: string): string[] {
  const place = url.slice(url.indexOf("//") + 2);
  if (place.startsWith("/")) return [place];
  const { hostname, port } = new URL(`http://${place}`);
  return [hostname.replace(/^\[|\]$/g, ""), port];
}
