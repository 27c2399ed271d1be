/** The test vectors that docs/sealed.md and docs/signed.md show. */

export interface Vector {
  readonly key: string;
  readonly direction: 0 | 1;
  readonly instance: string;
  readonly counter: number;
  readonly timeMs: number;
  readonly recipient: string;
  readonly payload: string;
  readonly datagram: string;
}

/** The path of a page. */
export function page(name: "sealed" | "signed"): string {
  return decodeURIComponent(new URL(`../../docs/${name}.md`, import.meta.url).pathname);
}

/** The vectors of a page. */
export async function documentedVectors(name: "sealed" | "signed"): Promise<Vector[]> {
  const text = await Deno.readTextFile(page(name));
  const [, json = "[]"] = /```json\n([^`]*)```/.exec(text) ?? [];
  return JSON.parse(json) as Vector[];
}

/** Bytes of hexadecimal digits. */
export function hexBytes(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16));
}
