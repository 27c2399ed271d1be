// Asking for a secret at the terminal. The standard library's prompt writes to stdout, which here
// may be a file that takes the data.

const ENTER = /[\r\n]/;
const CTRL_C = "\x03";
const CTRL_D = "\x04";
const BACKSPACE = /[\b\x7f]/;

/** Shows a question on stderr and reads a line that is not shown; null when there is no terminal or
 * the person gives up with Ctrl-C or Ctrl-D. */
export function promptSecret(question: string): string | null {
  if (!Deno.stdin.isTerminal()) return null;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  Deno.stderr.writeSync(encoder.encode(question));
  Deno.stdin.setRaw(true);
  try {
    const secret: string[] = [];
    const buffer = new Uint8Array(256);
    for (;;) {
      const count = Deno.stdin.readSync(buffer);
      if (count === null) return null;
      for (const character of decoder.decode(buffer.subarray(0, count), { stream: true })) {
        if (ENTER.test(character)) return secret.join("");
        if (character === CTRL_C || character === CTRL_D) return null;
        if (BACKSPACE.test(character)) secret.pop();
        else secret.push(character);
      }
    }
  } finally {
    Deno.stdin.setRaw(false);
    Deno.stderr.writeSync(encoder.encode("\n"));
  }
}
