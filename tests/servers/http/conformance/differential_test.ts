/** Requests made by chance, against node:http and nginx: the server frames what it takes as they do,
 * or refuses it, and never takes a byte of a body for a request. */

import { assert } from "@std/assert";
import { serve } from "../../../../dock/serve.ts";
import { nginxFolders, startNginxWith } from "../../../nginx.ts";
import { peerTest, startPeer } from "../../../peer.ts";
import { newSeed, seeded } from "../../../seeded.ts";
import { temporaryFolder } from "../../../temporary_folder.ts";
import { noisyStreamOf, SECRET, type Stream, streamOf } from "./streams.ts";
import {
  Closed,
  fragments,
  fromLatin1,
  latin1,
  MalformedAnswer,
  type Place,
  Wire,
} from "./wire.ts";

const STREAMS = 3000;
/** How many are on their way at a time. */
const AT_ONCE = 16;

/** What a server made of a request: what it took it for, or null when it refused it. */
type Taken = { readonly method: string; readonly target: string; readonly body?: string } | null;

/** What a server made of a stream. */
interface Reading {
  readonly taken: readonly Taken[];
  /** Set when its answers were none. */
  readonly malformed?: string;
}

/** Sends a stream, ends our half and reads every answer. */
async function readingOf(place: Place, { bytes }: Stream, random: () => number): Promise<Reading> {
  using wire = await Wire.open(place);
  await wire.send(...(random() < 0.5 ? [latin1(bytes)] : fragments(latin1(bytes), random)));
  await wire.end();
  const taken: Taken[] = [];
  for (;;) {
    try {
      const { status, body } = await wire.answer("GET");
      if (status < 200) continue;
      if (status >= 300) {
        taken.push(null);
        continue;
      }
      const [method = "", target = "", content] = body.startsWith("[")
        ? JSON.parse(body) as string[]
        : body.split(" ");
      taken.push({ method, target, ...(content !== undefined && { body: content }) });
    } catch (error) {
      if (error instanceof Closed && error.remainder === "") return { taken };
      if (error instanceof Closed) return { taken, malformed: `half of ${error.remainder}` };
      if (error instanceof MalformedAnswer || error instanceof SyntaxError) {
        return { taken, malformed: error.message };
      }
      throw error;
    }
  }
}

/** How our reading differs from another server's; null when it refuses or agrees. */
function difference(ours: readonly Taken[], theirs: readonly Taken[]): string | null {
  for (const [index, own] of ours.entries()) {
    const other = theirs[index];
    if (own === null || other === null || other === undefined) continue;
    const sameTarget = own.target === other.target || !/^[\w/]*$/.test(other.target);
    const sameBody = other.body === undefined || own.body === other.body;
    if (own.method !== other.method || !sameTarget || !sameBody) {
      return `took ${JSON.stringify(own)} for what is ${JSON.stringify(other)}`;
    }
  }
  const refused = ours.at(-1) === null;
  if (ours.length < theirs.length && !refused) {
    return `took ${ours.length} requests for what is ${theirs.length}, and refused none`;
  }
  return null;
}

/** Whether another server too took what we took, up to a request that both refused. */
function takesAll(ours: readonly Taken[], theirs: readonly Taken[]): boolean {
  for (const [index, own] of ours.entries()) {
    const other = theirs[index] ?? null;
    if (own === null && other === null) return true;
    if (own !== null && other === null) return false;
  }
  return true;
}

peerTest(
  "requests made by chance are framed as node:http and nginx frame them, or refused",
  ["node", "nginx"],
  async () => {
    await using started = new AsyncDisposableStack();
    const scratch = started.use(await temporaryFolder());
    let secrets = 0;
    const handler = async (request: Request) => {
      const { pathname } = new URL(request.url);
      if (pathname === SECRET) secrets++;
      const body = fromLatin1(await request.bytes());
      return new Response(JSON.stringify([request.method, pathname, body]));
    };
    const dock = started.use(await serve("http://127.0.0.1:0", handler));
    const node = started.use(startPeer("node", [`${import.meta.dirname}/node_server.mjs`]));
    const [url = ""] = await node.stdout.line(/^http:.+$/);
    const nginx = started.use(
      await startNginxWith("http", scratch.path, (port) =>
        `http {
          access_log off; ${nginxFolders(scratch.path)} keepalive_requests 1000000;
          server {
            listen 127.0.0.1:${port};
            location / { return 200 "$request_method $request_uri"; }
          }
        }`),
    );
    const random = seeded(newSeed());
    const faults: string[] = [];
    const check = async (number: number) => {
      const isNoisy = random() < 0.4;
      const stream = isNoisy ? noisyStreamOf(number, random) : streamOf(number, random);
      const ours = await readingOf(dock, stream, random);
      const [byNode, byNginx] = await Promise.all([
        readingOf({ url }, stream, random),
        readingOf(nginx, stream, random),
      ]);
      const others = [byNode, byNginx].filter(({ malformed }) => malformed === undefined);
      const found = [
        ours.malformed ?? null,
        ...others.map(({ taken }) => difference(ours.taken, taken)),
        // A byte changed by chance may make a method that only we take.
        isNoisy || others.length === 0 || others.some(({ taken }) => takesAll(ours.taken, taken))
          ? null
          : "took what nobody else takes",
      ];
      if (!isNoisy) {
        const isSecret = ours.taken.some((one) => one?.target === SECRET);
        if (isSecret) found.push("took a body for a request");
      }
      const wrong = found.filter((one) => one !== null);
      if (wrong.length === 0) return;
      const shown = JSON.stringify(stream.bytes).slice(0, 1500);
      faults.push(`${number} (${stream.wrong.join(", ")}): ${wrong.join("; ")}\n  ${shown}`);
    };
    let next = 0;
    const work = async () => {
      while (next < STREAMS && faults.length < 20) await check(next++);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    assert(faults.length === 0, `${faults.length} faults:\n${faults.join("\n")}`);
  },
);
