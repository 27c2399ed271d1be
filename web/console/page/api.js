// The control's API, as docs/control.md describes it. Nothing else is asked for anything.

/** A request that was answered with a problem (RFC 9457); its message says what to do. */
export class ApiProblem extends Error {
  constructor(status, { detail, option }) {
    super(detail);
    this.status = status;
    /** The option that it is about, where it is about one. */
    this.option = option;
  }
}

/** @param token what every request shows */
export function createApi(token) {
  const headers = { authorization: `Bearer ${token}` };

  /** Asks, and returns the JSON of the answer, or undefined where there is none. */
  async function call(method, path, body) {
    const answer = await fetch(path, {
      method,
      headers,
      cache: "no-store",
      ...body !== undefined && { body: JSON.stringify(body) },
    });
    if (!answer.ok) throw await problemOf(answer);
    return answer.status === 204 ? undefined : await answer.json();
  }

  /** Reads what is no JSON, whole. */
  async function read(path) {
    const answer = await fetch(path, { headers, cache: "no-store" });
    if (!answer.ok) throw await problemOf(answer);
    return await answer.blob();
  }

  /** Reads a stream of events until the signal aborts or the server has gone. EventSource cannot send a
   * token. */
  async function stream(path, hear, signal) {
    const answer = await fetch(path, { headers, signal });
    if (!answer.ok) throw await problemOf(answer);
    let rest = "";
    const decoder = new TextDecoder();
    const reader = answer.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop();
      hear(blocks.filter((block) => block !== ":"));
    }
  }

  function listen(query, hear, signal) {
    return stream(`/api/events?${query}`, hear, signal);
  }

  /** Asks while the page goes away. */
  function leave(path) {
    fetch(path, { method: "DELETE", headers, keepalive: true }).catch(() => {});
  }

  return { call, leave, listen, read, stream };
}

async function problemOf(answer) {
  const problem = { detail: `${answer.status} ${answer.statusText}` };
  try {
    Object.assign(problem, await answer.json());
  } catch {
    // Not a problem of ours: what the status says has to do.
  }
  return new ApiProblem(answer.status, problem);
}
