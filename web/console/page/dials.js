// The sessions that this page has opened to servers. All are heard in one stream, since a browser has
// few connections to one place; a page that goes away closes them.

const AGAIN_MS = 1000;

export function createDials(api) {
  const holder = [...crypto.getRandomValues(new Uint32Array(4))].map(String).join("-");
  const path = `holder=${holder}`;
  /** What hears each, by its number; a list holds what came before its number was known. */
  const hearers = new Map();
  let opening = 0;
  let listening = false;
  let after = 0;
  let ending;
  addEventListener("pagehide", () => hearers.size > 0 && api.leave(`/api/dials?${path}`));

  /** Opens a session; `hear` gets its events, the last of which is `closed`. */
  async function open(request, hear) {
    opening++;
    listen();
    try {
      const dial = await api.call("POST", "/api/dials", { ...request, holder });
      let early = hearers.get(dial.id) ?? [];
      if (typeof early === "function") {
        // Numbers begin anew with another sockdock.
        lose(dial.id);
        early = [];
        after = 0;
      }
      hearers.set(dial.id, hear);
      for (const event of early) tell(event);
      return dial;
    } finally {
      opening--;
      rest();
    }
  }

  /** Nothing is listened to for nobody. */
  function rest() {
    if (opening > 0) return;
    for (const [id, hear] of hearers) if (typeof hear !== "function") hearers.delete(id);
    if (hearers.size === 0) ending?.abort();
  }

  function lose(dial) {
    tell({ dial, event: "closed", isLost: true });
  }

  function tell(event) {
    const hear = hearers.get(event.dial);
    if (typeof hear !== "function") {
      // Of one that is not wanted any more nothing waits.
      if (opening > 0) hearers.set(event.dial, [...hear ?? [], event]);
      return;
    }
    if (event.event === "closed") hearers.delete(event.dial);
    hear(event);
    rest();
  }

  async function listen() {
    if (listening) return;
    listening = true;
    for (;;) {
      try {
        ending = new AbortController();
        await findLost();
        await api.stream(`/api/messages?${path}&after=${after}`, read, ending.signal);
      } catch {
        // The store says that the server is lost.
      }
      if (opening === 0 && hearers.size === 0) break;
      if (ending.signal.aborted) continue;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
    after = 0;
    listening = false;
  }

  function read(blocks) {
    for (const block of blocks) {
      const [, json] = /^data: (.*)$/m.exec(block) ?? [];
      if (json === undefined) continue;
      const event = JSON.parse(json);
      if (event.id === undefined) continue;
      after = event.id;
      tell(event);
    }
  }

  /** Those that are not there any more, because the page slept or the server was started again. */
  async function findLost() {
    const known = [...hearers.keys()];
    if (known.length === 0) return;
    const { dials } = await api.call("GET", "/api/dials");
    const own = dials.filter((one) => one.holder === holder).map(({ id }) => id);
    const lost = known.filter((id) => !own.includes(id));
    if (lost.length === known.length) after = 0;
    for (const dial of lost) lose(dial);
  }

  return {
    open,
    send: (id, message) => api.call("POST", `/api/dials/${id}/send`, message),
    end: (id) => api.call("POST", `/api/dials/${id}/end`),
    close: (id) => api.call("DELETE", `/api/dials/${id}`),
    ask: (id, request) => api.call("POST", `/api/dials/${id}/chat`, request),
  };
}
