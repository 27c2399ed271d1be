// What a program is told whose question failed: an error of usage as it is, any other as what stands in
// the way.

import { errorText } from "../../core/event.ts";
import { UsageError } from "../../core/usage_error.ts";
import { Problem } from "../../web/control/problem.ts";

export function asProblem(error: unknown): unknown {
  const isOurs = error instanceof UsageError || error instanceof TypeError ||
    error instanceof RangeError || error instanceof Problem;
  return isOurs ? error : new Problem(409, errorText(error));
}
