// Who may use the control. A token is never a cookie, which browsers send to every port of a host; and
// a page of another origin is refused whatever it asks. (The server has compared Host already.)

import { createHash, timingSafeEqual } from "node:crypto";
import { Problem } from "./problem.ts";

/** Refuses a page of another origin. A request without Origin is a program's.
 * @throws {Problem} 403 */
export function refuseForeignOrigin(request: Request): void {
  const origin = request.headers.get("origin");
  if (origin === null) return;
  const { host } = new URL(request.url);
  if (URL.canParse(origin) && new URL(origin).host === host) return;
  throw new Problem(
    403,
    `pages of ${JSON.stringify(origin.slice(0, 100))} may not use the control`,
  );
}

/** Checks the bearer token of requests, in constant time. */
export function tokenCheck(token: string): (request: Request) => void {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const wanted = digest(token);
  return (request) => {
    const [, given] = /^Bearer +(.+)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (given !== undefined && timingSafeEqual(digest(given), wanted)) return;
    throw new Problem(
      401,
      given === undefined
        ? "the control needs its token: Authorization: Bearer TOKEN"
        : "the token is not that of this control",
      { "www-authenticate": 'Bearer realm="sockdock control"' },
    );
  };
}
