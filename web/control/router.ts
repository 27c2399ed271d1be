// Finds the route of a request.

import { Problem } from "./problem.ts";
import type { Route } from "./route.ts";

type Found =
  | { readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly route: undefined; readonly problem: Problem };

/** Returns the route for a method and a path, or the problem to answer with. */
export function createRouter(
  routes: readonly Route[],
): (method: string, path: string) => Found {
  const patterns = routes.map((route) => ({ route, pattern: patternOf(route.path) }));
  return (method, path) => {
    const there = patterns.flatMap(({ route, pattern }) => {
      const match = pattern.exec(path);
      return match === null ? [] : [{ route, params: { ...match.groups } }];
    });
    const found = there.find(({ route }) => route.method === method) ??
      there.find(({ route }) => method === "HEAD" && route.method === "GET");
    if (found !== undefined) return found;
    if (there.length === 0) {
      const problem = new Problem(
        404,
        `there is nothing at ${path.slice(0, 200)}; GET /api/openapi.json lists what is`,
      );
      return { route: undefined, problem };
    }
    const allow = there.map(({ route }) => route.method).join(", ");
    const problem = new Problem(405, `${path.slice(0, 200)} takes ${allow}`, { allow });
    return { route: undefined, problem };
  };
}

function patternOf(path: string): RegExp {
  const source = path.replace(/\{(\w+)\}/g, "(?<$1>[^/]+)").replaceAll(".", "\\.");
  return new RegExp(`^${source}$`);
}
