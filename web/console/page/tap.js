// Listens to events and keeps the newest. However many pass, the server sends so many a second, evenly
// spread over what passes, and counts the others; what is kept is read when it is shown.

/** Events that are kept at most, and characters of their JSON. */
const KEPT = 10_000;
const KEPT_CHARACTERS = 16_000_000;
/** Messages and requests a second, and as many others. */
const RATE = 1000;
/** How often the page is drawn anew. */
const DRAW_MS = 250;
/** After the stream has ended, and the server may have gone. */
const AGAIN_MS = 1000;

/** @param changed called when there is something new to draw */
export function createTap(api, changed) {
  let blocks = [];
  let timer;
  let wanted;
  let lastId = 0;
  let number = 0;
  let characters = 0;
  let text = "";
  const tap = {
    /** The events that are kept, and those among them that have the text that is searched for. */
    events: [],
    found: [],
    seen: 0,
    leftOut: 0,
    missed: 0,
    problem: undefined,
    open,
    search,
    clear,
  };

  /** Listens to what fits, until the function returned is called. What the server remembers comes
   * first; of the same query as before, what has come since. */
  function open(query) {
    if (query !== wanted) {
      lastId = 0;
      clear();
    }
    wanted = query;
    const ending = new AbortController();
    listen(query, ending.signal);
    return () => ending.abort();
  }

  async function listen(query, signal) {
    while (!signal.aborted) {
      try {
        tap.problem = undefined;
        await api.listen(`${query && `${query}&`}after=${lastId}&rate=${RATE}`, hear, signal);
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
    for (const block of blocks) {
      const json = block.slice(block.indexOf("data: ") + 6);
      if (block.startsWith("event: missed\n")) {
        tap.missed += JSON.parse(json).missed;
      } else if (block.startsWith("event: left-out\n")) {
        tap.leftOut += JSON.parse(json).leftOut;
      } else {
        lastId = parseInt(block.slice(4), 10);
        const one = { number: ++number, json };
        tap.events.push(one);
        characters += json.length;
        if (fits(one)) tap.found.push(one);
      }
    }
    blocks = [];
    forgetOld();
    tap.seen = number + tap.missed + tap.leftOut;
    changed();
  }

  function forgetOld() {
    let gone = Math.max(0, tap.events.length - KEPT);
    for (let at = 0; at < gone; at++) characters -= tap.events[at].json.length;
    while (characters > KEPT_CHARACTERS) characters -= tap.events[gone++].json.length;
    if (gone === 0) return;
    const last = tap.events[gone - 1].number;
    tap.events = tap.events.slice(gone);
    const first = tap.found.findIndex((one) => one.number > last);
    tap.found = first < 0 ? [] : tap.found.slice(first);
  }

  function fits({ json }) {
    return text === "" || json.toLowerCase().includes(text);
  }

  /** Finds what has a text, and does so with what comes from now on. */
  function search(wantedText) {
    text = wantedText.toLowerCase();
    tap.found = tap.events.filter(fits);
    changed();
  }

  function clear() {
    tap.events = [];
    tap.found = [];
    blocks = [];
    characters = 0;
    number =
      tap.seen =
      tap.leftOut =
      tap.missed =
        0;
    changed();
  }

  return tap;
}

/** The event of what a tap keeps, which is read when it is asked for. */
export function eventOf(one) {
  return one.event ??= JSON.parse(one.json);
}
