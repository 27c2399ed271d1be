// Which methods the standard's own type of request can have (Fetch standard, 2.2.1): some it refuses,
// and some that are written in lower case it takes for the usual ones, which they are not (RFC 9110
// 9.1).

const FORBIDDEN = new Set(["CONNECT", "TRACE", "TRACK"]);
const NORMALISED = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

/** What stands for a method that cannot be had: it is refused later, like any other that nobody
 * knows. */
const UNSUPPORTED = "UNSUPPORTED";

/** The method to make a request with. */
export function requestMethod(method: string): string {
  const upper = method.toUpperCase();
  return FORBIDDEN.has(upper) || (upper !== method && NORMALISED.has(upper)) ? UNSUPPORTED : method;
}
