// Finds the endpoint for a path, and tells which methods it has.

import { decodePercent } from "./parsed_request.ts";
import { COMMON, type InspectEndpoint } from "./endpoint.ts";

/** An endpoint, and the values of the parameters in its path. */
export interface Route {
  readonly endpoint: InspectEndpoint;
  readonly params: Readonly<Record<string, string>>;
}

interface Pattern {
  readonly endpoint: InspectEndpoint;
  readonly segments: readonly string[];
  /** The parameters that take digits only. */
  readonly whole: ReadonlySet<string>;
}

/** Finds the endpoint of a path, still percent-encoded; undefined where there is none. */
type Router = (path: string) => Route | undefined;

/** Builds a router over a list, whose order decides where several match. */
export function createRouter(endpoints: readonly InspectEndpoint[]): Router {
  const byFirst = Map.groupBy(
    endpoints.map((endpoint): Pattern => ({
      endpoint,
      segments: endpoint.path.slice(1).split("/"),
      whole: new Set(endpoint.parameters?.filter(({ whole }) => whole).map(({ name }) => name)),
    })),
    ({ segments }) => segments[0]!,
  );
  return (path) => {
    const segments = path.slice(1).split("/");
    for (const pattern of byFirst.get(segments[0]!) ?? []) {
      const params = match(pattern, segments);
      if (params !== null) return { endpoint: pattern.endpoint, params };
    }
    return undefined;
  };
}

function match(
  { segments, whole }: Pattern,
  given: readonly string[],
): Readonly<Record<string, string>> | null {
  const params: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    if (segment.startsWith("*")) {
      const rest = given.slice(at).join("/");
      if (rest === "") return null;
      params[segment.slice(1)] = rest;
      return params;
    }
    const value = given[at];
    if (value === undefined) return null;
    if (segment.startsWith(":")) {
      const name = segment.slice(1);
      const decoded = decodePercent(value);
      if (decoded === "" || (whole.has(name) && !/^\d+$/.test(decoded))) return null;
      params[name] = decoded;
    } else if (segment !== value) return null;
  }
  return given.length === segments.length ? params : null;
}

/** Methods that no Request can have (Fetch 2.2.1), and UNSUPPORTED, which stands for them. */
const UNSERVED: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK", "UNSUPPORTED"]);

export function allows({ methods }: InspectEndpoint, method: string): boolean {
  if (UNSERVED.has(method)) return false;
  return methods === "any" || methods.includes(method) ||
    (method === "HEAD" && methods.includes("GET"));
}

/** The value of the Allow field. */
export function allowed({ methods }: InspectEndpoint): string {
  const own = methods === "any" ? COMMON : methods;
  return [...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}
