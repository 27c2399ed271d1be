// A visit: one session of a client with the chat, from its first message to its end.

import { isLoopback } from "../../../core/addresses/address.ts";
import { type Message, type Session, textOf } from "../../../core/session.ts";
import { TokenBucket } from "../admission/token_bucket.ts";
import { Outbox } from "../delivery/outbox.ts";
import { plainNotice } from "../delivery/plain_lines.ts";
import { richLine } from "../delivery/rich_lines.ts";
import type { Hub } from "../hub/hub.ts";
import { LocalMember } from "../hub/local_member.ts";
import { PlainSpeaker } from "./plain_speaker.ts";
import { jsonObject } from "./rich_request.ts";
import { RichSpeaker } from "./rich_speaker.ts";
import type { Speaker } from "./speaker.ts";

/** How many old messages, and how many bytes of them, one datagram without proof of its source may
 * ask for: its address may be forged, and its owner would get the answer. */
const UNPROVEN_HISTORY = 20;
const UNPROVEN_HISTORY_BYTES = 8 * 1024;
const UNPROVEN_LIST = 50;

/** The most bytes of old messages in one answer, so that a client can take it as one line. */
const HISTORY_BYTES = 512 * 1024;

/** The most names or rooms in one answer, and about how many bytes each takes. */
const MAX_LISTED = 1000;
const LISTED_BYTES = 128;

/** The longest queue of a datagram client without proof of its source: a forger of many addresses has
 * as many queues, and a datagram that waits for long is as good as lost. */
const DATAGRAM_QUEUE_MESSAGES = 1000;

/** How long a client that leaves has to read what is still queued for it. */
const FAREWELL_MS = 1000;

/** A web page can make a browser send HTTP to any port, with a body of its choosing: lines that would
 * be said in the chat. */
const HTTP_REQUEST_LINE = /^[!-~]+ [!-~]+ HTTP\/\d/i;

/** Serves one session; resolves when it is over. */
export async function visit(hub: Hub, session: Session): Promise<void> {
  const member = memberOf(hub, session);
  const outbox = member.options.outbox!;
  hub.admit(member);
  try {
    let speaker: Speaker | undefined;
    for await (const message of session) {
      const text = lineOf(message);
      if (speaker === undefined) {
        if (session.boundary === "bytes" && HTTP_REQUEST_LINE.test(text)) return;
        member.endsLines = isDatagram(session) && /\n$/.test(textOf(message));
        speaker = jsonObject(text) === undefined
          ? new PlainSpeaker(hub, member)
          : new RichSpeaker(hub, member);
      }
      if (!await speaker.take(text) || member.gone) break;
    }
    // A client that says something and ends its half at once is still told whether it was stored.
    if (member.unstored > 0 && !member.gone) await within(member.answered, FAREWELL_MS);
  } finally {
    hub.dismiss(member);
    await within(outbox.drained(), FAREWELL_MS);
    outbox.abandon();
    // A peer is remembered for as long as it may be silent, so that a new session gives it no new
    // answers; where nobody can be meant but itself, thousands that have left would only take room.
    const { claimedHost } = member.options;
    const isForgeable = claimedHost !== undefined && !isLoopback(claimedHost);
    if (isDatagram(session) && !isForgeable) session.close("left");
  }
}

function memberOf(hub: Hub, session: Session): LocalMember {
  const { options } = hub;
  const { peer, identity } = session;
  const host = "hostname" in peer ? peer.hostname : undefined;
  const isAnonymous = isDatagram(session) && identity === undefined;
  const isUnproven = isAnonymous && session.guarantees?.provesSender !== true;
  const { queueMessages, queueSizeBytes } = options;
  const historyBytes = isUnproven
    ? UNPROVEN_HISTORY_BYTES
    : Math.min(HISTORY_BYTES, queueSizeBytes / 2);
  // A datagram holds an answer as a whole. In JSON a text may take twice its bytes.
  const answerBytes = isDatagram(session) ? session.maxMessageBytes / 2 : Infinity;
  const limits = {
    queueMessages: isUnproven ? Math.min(queueMessages, DATAGRAM_QUEUE_MESSAGES) : queueMessages,
    queueSizeBytes,
  };
  const outbox = new Outbox(session, limits, {
    lines: true,
    now: () => hub.elapsedMs(),
    missed(count) {
      hub.counters.missed += count;
      return member.wire === "rich"
        ? richLine("missed", { count })
        : plainNotice(`${count} messages missed: you read too slowly`);
    },
  });
  const member: LocalMember = new LocalMember({
    session,
    outbox,
    asText: session.boundary === "messages" && !isDatagram(session),
    bucket: new TokenBucket(options.messageRatePerSecond, options.messageBurst, hub.elapsedMs()),
    identity,
    host: host === undefined || isLoopback(host) ? undefined : host,
    claimedHost: isUnproven ? host : undefined,
    ghostHost: isAnonymous ? host : undefined,
    historyLimit: isUnproven
      ? Math.min(options.historyPage, UNPROVEN_HISTORY)
      : options.historyPage,
    historyBytes,
    answerBytes: Math.min(historyBytes, answerBytes),
    plainMaxBytes: peer.transport === "udp" && session.guarantees?.provesSender !== true
      ? options.plainMaxBytes
      : Infinity,
    listLimit: isUnproven
      ? UNPROVEN_LIST
      : Math.min(MAX_LISTED, Math.floor(answerBytes * 2 / LISTED_BYTES)),
    onePage: peer.transport === "udp" && session.guarantees?.ordered !== true,
    close(reason) {
      void within(outbox.drained(), FAREWELL_MS).then(() => session.close(reason));
    },
  });
  member.heardAtMs = hub.elapsedMs();
  return member;
}

function isDatagram({ peer }: Session): boolean {
  return peer.transport === "udp" || peer.transport === "unixgram";
}

/** Resolves with the promise, which never rejects, or after a time. */
async function within(promise: Promise<void>, ms: number): Promise<void> {
  const deadline = Promise.withResolvers<void>();
  const timer = setTimeout(deadline.resolve, ms);
  await Promise.race([promise, deadline.promise]);
  clearTimeout(timer);
}

/** A message as one line of text, without the end that it has on its transport. */
function lineOf(message: Message): string {
  return textOf(message).replace(/^\ufeff/, "").replace(/\r?\n$/, "");
}
