// Listens to events and keeps the newest. Whatever the rate, so many are read in a while, evenly spread
// over what comes; the others are counted alone.

const KEPT = 10_000;
/** How often the page is drawn anew, and how many events are read until then. */
const DRAW_MS = 200;
const READ = 400;
/** After the stream has ended, and the server may have gone. */
const AGAIN_MS = 1000;

/** @param changed called when there is something new to draw */
export function createTap(api, changed) {
  let blocks = [];
  let timer;
  const tap = { events: [], seen: 0, sampled: 0, missed: 0, problem: undefined, open, clear };

  /** Listens to what fits, until the function returned is called. */
  function open(query) {
    const ending = new AbortController();
    listen(query, ending.signal);
    return () => ending.abort();
  }

  async function listen(query, signal) {
    while (!signal.aborted) {
      try {
        tap.problem = undefined;
        await api.listen(query, hear, signal);
        if (signal.aborted) return;
      } catch (error) {
        if (signal.aborted) return;
        tap.problem = error.message;
        changed();
      }
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  function hear(heard) {
    for (const block of heard) blocks.push(block);
    timer ??= setTimeout(read, DRAW_MS);
  }

  function read() {
    timer = undefined;
    const step = Math.max(1, blocks.length / READ);
    tap.seen += blocks.length;
    let next = 0;
    for (let at = 0; at < blocks.length; at++) {
      const block = blocks[at];
      const told = block.startsWith("event: missed\n");
      if (!told && at < next) {
        tap.sampled++;
        continue;
      }
      const json = block.slice(block.indexOf("data: ") + 6);
      if (told) {
        tap.seen--;
        tap.missed += JSON.parse(json).missed;
      } else {
        next += step;
        tap.events.push({ json, event: JSON.parse(json) });
      }
    }
    blocks = [];
    if (tap.events.length > KEPT) tap.events.splice(0, tap.events.length - KEPT);
    changed();
  }

  function clear() {
    tap.events = [];
    blocks = [];
    tap.seen = tap.sampled = tap.missed = 0;
    changed();
  }

  return tap;
}
