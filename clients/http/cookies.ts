// Wraps an exchange so that it sends and stores cookies (RFC 6265).

import type { CookieJar } from "./cookie_jar.ts";
import { type Exchange, type Field, type OutgoingRequest, valuesOf } from "./message.ts";

/** A server may refuse a longer field; cookies that do not fit are left out. */
const MAX_FIELD_LENGTH = 8 * 1024;

/** Adds the cookies of a jar to each request, and those of each response to the jar. */
export function withCookies(exchange: Exchange, jar: CookieJar): Exchange {
  return async (request) => {
    const answer = await exchange({ ...request, headers: await cookieFields(request, jar) });
    try {
      await jar.take(request.url, valuesOf(answer.response.headerList, "set-cookie"));
    } catch (error) {
      answer.close();
      throw error;
    }
    return answer;
  };
}

/** The Cookie fields of a request: the caller's cookies first, which win over stored ones. */
async function cookieFields(
  { url, headers }: OutgoingRequest,
  jar: CookieJar,
): Promise<readonly Field[]> {
  const written = valuesOf(headers, "cookie").flatMap((value) =>
    value.split(";").map((pair) => pair.trim()).filter((pair) => pair !== "")
  );
  const names = new Set(written.map((pair) => pair.split("=", 1)[0]?.trim()));
  const pairs = [...written];
  let length = written.reduce((sum, pair) => sum + pair.length + 2, 0);
  for (const { name, value } of await jar.cookiesFor(url)) {
    const pair = `${name}=${value}`;
    length += pair.length + 2;
    if (names.has(name) || length > MAX_FIELD_LENGTH) continue;
    pairs.push(pair);
  }
  if (pairs.length === 0) return headers;
  return [
    ...headers.filter(([name]) => name.toLowerCase() !== "cookie"),
    ["cookie", pairs.join("; ")],
  ];
}
