/** Asks a control over HTTP, as a program would. */

import type { Control } from "../../mod.ts";

/** Asks a control, with its token unless told otherwise. */
export async function ask(
  control: Control,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { authorization: `Bearer ${control.token}` },
  // deno-lint-ignore no-explicit-any
): Promise<{ readonly status: number; readonly body: any; readonly headers: Headers }> {
  const answer = await fetch(control.url + path, {
    method,
    headers,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = answer.headers.get("content-type")?.includes("json") === true;
  return {
    status: answer.status,
    body: isJson ? JSON.parse(text) : text,
    headers: answer.headers,
  };
}
