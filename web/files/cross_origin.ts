// CORS as the Fetch standard defines it: which pages of other origins may read the responses.

import { UsageError } from "../../core/usage_error.ts";

/** The header fields that scripts may read besides those that they always may. */
const EXPOSED = "accept-ranges, content-disposition, content-encoding, content-range, etag";

/** Time for which a browser may cache the answer to a preflight request, in seconds. */
const MAX_AGE = "600";

/** The origins that may read, as header fields. */
export interface CrossOrigin {
  /** Whether every origin may. */
  readonly any: boolean;
  /** Header fields of every answer. */
  readonly fields: Readonly<Record<string, string>>;
  /** Header fields that the answer to this request carries besides. */
  fieldsFor(request: Request): Readonly<Record<string, string>>;
  /** The answer to a preflight request; null when the request is none. */
  preflight(request: Request): Response | null;
}

/** Any origin, or those of a list; null when there is none.
 * @throws {UsageError} when an origin is none */
export function crossOrigin(any: boolean, origins: readonly string[]): CrossOrigin | null {
  if (!any && origins.length === 0) return null;
  const listed = new Set(origins.map(originOf));
  const exposed = { "access-control-expose-headers": EXPOSED };

  function allowed(request: Request): string | null {
    if (any) return "*";
    const origin = request.headers.get("origin");
    return origin !== null && listed.has(origin) ? origin : null;
  }

  return {
    any,
    fields: any ? { "access-control-allow-origin": "*", ...exposed } : { vary: "origin" },
    fieldsFor(request) {
      if (any) return {};
      const origin = allowed(request);
      return origin === null ? {} : { "access-control-allow-origin": origin, ...exposed };
    },
    preflight(request) {
      const { headers } = request;
      if (!headers.has("origin") || !headers.has("access-control-request-method")) return null;
      const origin = allowed(request);
      const asked = headers.get("access-control-request-headers");
      return new Response(null, {
        status: 204,
        headers: {
          vary: "origin, access-control-request-method, access-control-request-headers",
          ...(origin !== null && {
            "access-control-allow-origin": origin,
            "access-control-allow-methods": "GET, HEAD",
            "access-control-max-age": MAX_AGE,
            // The methods only read, so that no header field can do harm.
            ...(asked !== null && isFieldNames(asked) && { "access-control-allow-headers": asked }),
          }),
        },
      });
    },
  };
}

function isFieldNames(text: string): boolean {
  return text.length <= 4096 && /^[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/.test(text);
}

/** An origin as browsers send it. */
function originOf(written: string): string {
  const url = URL.canParse(written) ? new URL(written) : null;
  if (
    url !== null && url.origin !== "null" && /^[a-z][a-z0-9+.-]*:\/\/[^/?#@]+\/?$/i.test(written)
  ) {
    return url.origin;
  }
  throw new UsageError(
    `--cors-origin: expected scheme, host and port, such as https://example.com:8443, got ` +
      JSON.stringify(written),
  );
}
