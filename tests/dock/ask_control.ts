/** Asks a control over HTTP, as a program would. */

import { assert, assertEquals } from "@std/assert";
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

/** Listens to events of dials, of which those of each are read in their order. */
export async function listen(control: Control, path: string): Promise<
  // deno-lint-ignore no-explicit-any
  { readonly next: (dial: number) => Promise<any> } & AsyncDisposable
> {
  const leaving = new AbortController();
  const answer = await fetch(control.url + path, {
    headers: { authorization: `Bearer ${control.token}` },
    signal: leaving.signal,
  });
  assertEquals(answer.status, 200);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  // deno-lint-ignore no-explicit-any
  const heard: any[] = [];
  let rest = "";
  return {
    async next(dial) {
      for (;;) {
        const at = heard.findIndex((event) => event.dial === dial);
        if (at >= 0) return heard.splice(at, 1)[0];
        const { value, done } = await reader.read();
        assert(!done, "the stream of events has ended");
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop()!;
        for (const block of blocks) {
          const [, json] = /^data: (.*)$/m.exec(block) ?? [];
          if (json !== undefined) heard.push(JSON.parse(json));
        }
      }
    },
    async [Symbol.asyncDispose]() {
      leaving.abort();
      await reader.cancel().catch(() => {});
    },
  };
}
