/** A folder of files of all sizes, served by us and, where it is asked for, by nginx. */

import { type CertificateFiles, makeCertificate } from "../certificate.ts";
import { findPeer, type PeerName } from "../peer.ts";
import { temporaryFolder } from "../temporary_folder.ts";
import { startNginx } from "./nginx.ts";
import { type ServerProcess, startServer } from "./server_process.ts";
import type { Loaded } from "./wrk.ts";

/** The files by name, and their sizes in bytes. */
const SIZES = {
  "tiny.txt": 100,
  "1k.txt": 1024,
  "small.txt": 10 * 1024,
  "100k.bin": 100 * 1024,
  "1m.bin": 1024 * 1024,
  "large.bin": 10 * 1024 * 1024,
} as const;

/** The name of a file. */
export type FileName = keyof typeof SIZES;

/** A folder and our server of it. */
export interface Site extends AsyncDisposable {
  readonly root: string;
  /** For files that belong to nobody who asks. */
  readonly scratch: string;
  readonly ours: ServerProcess;
  readonly certificate: CertificateFiles | undefined;
  /** Starts nginx on the same folder, with the same certificate. */
  nginx(): Promise<ServerProcess>;
}

/** Makes the folder and starts `files`, or another application of ours, on it. */
export async function openSite(
  scheme: "http" | "https" = "http",
  app: "files" | "hello" = "files",
): Promise<Site> {
  await using starting = new AsyncDisposableStack();
  const { path: scratch } = starting.use(await temporaryFolder());
  const root = `${scratch}/root`;
  await Deno.mkdir(root);
  await Deno.chmod(scratch, 0o755);
  for (const [name, bytes] of Object.entries(SIZES)) {
    const line = "Hello, this is a line of text.\n";
    const content = line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes);
    await Deno.writeTextFile(`${root}/${name}`, content);
  }
  const certificate = scheme === "https" ? await makeCertificate(scratch) : undefined;
  const options = {
    ...(app === "files" && { root }),
    ...(certificate !== undefined && { tlsCert: [certificate.cert], tlsKey: [certificate.key] }),
  };
  const ours = starting.use(
    await startServer("dock.ts", [app, `${scheme}://127.0.0.1:0`, JSON.stringify(options)]),
  );
  const owned = starting.move();
  return {
    root,
    scratch,
    ours,
    certificate,
    nginx: () => startNginx(root, scratch, certificate),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A page of a server, as what is loaded. */
export function pageOf({ url, pid }: ServerProcess, path: string): Loaded {
  return { url: `${url.replace(/\/$/, "")}/${path}`, pid };
}

/** Why a benchmark that needs these programs cannot run here, or null. */
export function missing(...peers: readonly PeerName[]): string | null {
  const absent = peers.filter((peer) => findPeer(peer) === null);
  return absent.length === 0 ? null : `it needs ${absent.join(" and ")}`;
}
