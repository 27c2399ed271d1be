/** The HTTP API by which a running program is driven; docs/control.md says what it can do. */

import { request } from "node:http";

/** Where it is, and what opens it: the event `control` of the program. */
export interface ControlAddress {
  readonly url: string;
  readonly token: string;
}

/**
 * Makes a request and resolves to what the answer says; undefined when it says nothing.
 *
 * @throws {Error} with what the program finds wrong
 */
export function ask(
  { url, token }: ControlAddress,
  method: string,
  path: string,
  body?: unknown,
): Promise<unknown> {
  const { promise, resolve, reject } = withResolvers<unknown>();
  const headers = { authorization: `Bearer ${token}` };
  // Not fetch, which some environments of test runners lack; and no connection outlives its answer.
  const asking = request(`${url}${path}`, { method, headers, agent: false }, (answer) => {
    let text = "";
    answer.setEncoding("utf8").on("data", (part: string) => text += part);
    answer.on("error", reject).on("end", () => {
      const said = text === "" ? undefined : JSON.parse(text);
      if (answer.statusCode! < 400) resolve(said);
      else reject(new Error(said?.detail ?? `the control answers ${answer.statusCode}`));
    });
  });
  asking.on("error", reject);
  asking.end(body === undefined ? undefined : JSON.stringify(body));
  return promise;
}

/** As `Promise.withResolvers`, which Node has from version 22 on. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((...both) => [resolve, reject] = both);
  return { promise, resolve, reject };
}
