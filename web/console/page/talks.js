// The conversations with servers that were begun here. They go on while other panels are shown.

import { createChanges } from "./changes.js";

/** Lines that are kept of each. */
const KEPT = 1000;
/** Sent texts that can be had again. */
const REMEMBERED = 100;

export function createTalks(dials) {
  const { subscribe, changed } = createChanges();
  const talks = { list: [], shown: undefined, said: [], subscribe, open, send, end, close, show };

  /** Opens a session. */
  async function open(server, options) {
    const talk = {
      ...{ server: server.id, protocol: server.protocol, url: server.url },
      ...{ lines: [], isOpen: true, hasEnded: false, reason: undefined },
    };
    let sentMs;
    Object.assign(
      talk,
      await dials.open({ server: server.id, options }, (event) => {
        if (event.event === "closed") {
          talk.isOpen = false;
          talk.reason = event.reason;
        }
        if (event.event === "sent") sentMs = event.atMs;
        // The time of an answer is told where one can be one.
        const tookMs = event.event === "received" && sentMs !== undefined
          ? event.atMs - sentMs
          : undefined;
        if (tookMs !== undefined) sentMs = undefined;
        talk.lines.push({ event, tookMs });
        if (talk.lines.length > KEPT) talk.lines.splice(0, talk.lines.length - KEPT);
        changed();
      }),
    );
    talks.list = [...talks.list, talk];
    show(talk);
  }

  /** Sends a message; `typed` is what can be had again. */
  async function send(talk, message, typed) {
    talks.said = [...talks.said.filter((one) => one !== typed), typed].slice(-REMEMBERED);
    await dials.send(talk.id, message);
  }

  async function end(talk) {
    await dials.end(talk.id);
    talk.hasEnded = true;
    changed();
  }

  /** Closes a session; one that has ended goes away. */
  async function close(talk) {
    talks.list = talks.list.filter((one) => one !== talk);
    if (talks.shown === talk) talks.shown = talks.list.at(-1);
    changed();
    // One that has ended may be forgotten already.
    await dials.close(talk.id).catch(() => {});
  }

  function show(talk) {
    talks.shown = talk;
    changed();
  }

  return talks;
}
