// The problems of a number that nothing has, or nothing has any more.

import { Problem } from "./problem.ts";

export function noServer(id: unknown): Problem {
  return new Problem(404, `there is no server ${id}; GET /api/servers lists them`);
}

export function noSession(id: unknown): Problem {
  return new Problem(404, `there is no open session ${id}; GET /api/sessions lists them`);
}

export function noDial(id: unknown): Problem {
  return new Problem(404, `there is no dial ${id}; GET /api/dials lists them`);
}
