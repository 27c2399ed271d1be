// Wraps an exchange so that it follows redirects (RFC 9110 15.4).

import type { Exchange, OutgoingRequest, ResponseHead } from "./message.ts";

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** Fields that another origin is sent too, besides those of the body. Any other may be a secret of
 * the first origin, whatever its name: `X-Api-Key`, `Private-Token`. Range and If-Range go on with
 * a download that broke off. */
const FOR_ANY_ORIGIN = /^(?:accept(?:-.*)?|user-agent|range|if-range)$/i;
const ABOUT_THE_BODY = /^(?:content-.*|transfer-encoding)$/i;

interface RedirectOptions {
  /** Limit of redirects; with 0 the redirect itself is returned. */
  readonly maxRedirects: number;
  readonly onRedirect: ((response: ResponseHead) => void) | undefined;
}

/** Follows redirects. A wrong redirect is the server's fault, so it is no UsageError. */
export function withRedirects(
  exchange: Exchange,
  { maxRedirects, onRedirect }: RedirectOptions,
): Exchange {
  if (maxRedirects === 0) return exchange;
  return async (request) => {
    const passed = new Set<string>();
    for (let count = 0;; count++) {
      const answer = await exchange(request);
      const { response } = answer;
      const location = response.headers.get("location");
      // An empty location would lead back to the same place; browsers and curl stop there too.
      if (!location || !REDIRECTS.has(response.status)) return answer;
      try {
        onRedirect?.(response);
        const next = redirected(request, response.status, location);
        passed.add(request.url.href);
        if (count >= maxRedirects) {
          const circle = passed.has(next.url.href) ? "in a circle, back to" : "on to";
          throw new Error(
            `${request.url.href} redirects ${circle} ${next.url.href}, after ${maxRedirects} ` +
              "redirects; --max-redirects allows more",
          );
        }
        request = next;
      } finally {
        answer.close();
      }
    }
  };
}

function targetOf(from: URL, location: string): URL {
  const url = URL.parse(location, from);
  const why = url === null
    ? "which is not a URL"
    : url.protocol !== "http:" && url.protocol !== "https:"
    ? "which is not an HTTP URL"
    : url.username !== "" || url.password !== ""
    ? "which carries a user name"
    : url.port === "0"
    ? "on whose port nothing listens"
    : undefined;
  if (url !== null && why === undefined) {
    // The fragment is kept where the new URL has none (RFC 9110 10.2.2).
    if (url.hash === "") url.hash = from.hash;
    return url;
  }
  throw new Error(`${from} redirects to "${location}", ${why}`);
}

/** The request to send after a redirect. */
function redirected(request: OutgoingRequest, status: number, location: string): OutgoingRequest {
  const url = targetOf(request.url, location);
  const toGet = status === 303 && request.method !== "HEAD" ||
    (status === 301 || status === 302) && request.method === "POST";
  if (!toGet && request.body?.available === false) {
    throw new Error(
      `${request.url} redirects to ${url}, and the body was a stream that cannot be sent again`,
    );
  }
  const isElsewhere = url.origin !== request.url.origin;
  return {
    url,
    method: toGet ? "GET" : request.method,
    headers: request.headers.filter(([name]) =>
      ABOUT_THE_BODY.test(name) ? !toGet : !isElsewhere || FOR_ANY_ORIGIN.test(name)
    ),
    body: toGet ? undefined : request.body,
  };
}
