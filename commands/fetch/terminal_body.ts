// A body on stdout: as it is in a pipe. On a terminal JSON is indented, and what is no text is not
// shown at all, unless -o - asks for it.

import type { FetchResponse } from "../../clients/http/message.ts";
import { formatSize } from "../../core/options/option.ts";
import type { Stdio } from "../terminal/stdio.ts";
import { JsonText } from "./json_text.ts";

interface BodyPrinting {
  /** Whether JSON is indented on a terminal. */
  readonly indent: boolean;
  /** Whether stdout was asked for by name. */
  readonly asItIs: boolean;
}

/** A body that a terminal was spared. */
class BinaryBodyError extends Error {
  override readonly name = "BinaryBodyError";
}

/** Prints a body, and resolves to the number of its bytes.
 * @throws {BinaryBodyError} when it is binary and a terminal would show it */
export async function printBody(
  response: FetchResponse,
  io: Stdio,
  { indent, asItIs }: BodyPrinting,
): Promise<number> {
  const onTerminal = io.stdoutIsTerminal && !asItIs;
  const type = response.headers.get("content-type") ?? "";
  const json = onTerminal && indent && /^application\/(?:[^;]*\+)?(?:x-nd)?json\b/i.test(type)
    ? new JsonText((color, text) => io.paintStdout(color, text))
    : undefined;
  const decoder = new TextDecoder();
  let bytes = 0;
  for await (const part of response.body) {
    if (bytes === 0 && onTerminal && isBinary(part)) {
      throw new BinaryBodyError(
        `the body is binary (${described(response)}) and was not printed on the terminal; ` +
          "-o FILE writes it to a file, -o - prints it all the same",
      );
    }
    bytes += part.length;
    if (json === undefined) io.printPeer(part);
    else io.printRaw(json.push(decoder.decode(part, { stream: true })));
  }
  if (json !== undefined) io.printRaw(json.push(decoder.decode()) + json.end());
  return bytes;
}

/** What of a body is looked at. */
const LOOKED_AT_BYTES = 2048;

/** Whether bytes are no text: there is a NUL among them, or a tenth of them is no UTF-8. */
function isBinary(bytes: Uint8Array): boolean {
  const first = bytes.subarray(0, LOOKED_AT_BYTES);
  if (first.includes(0)) return true;
  // With `stream`, a character that is cut off at the end does not count.
  const text = new TextDecoder().decode(first, { stream: true });
  return text.split("\ufffd").length - 1 > text.length / 10;
}

function described({ headers }: FetchResponse): string {
  const type = headers.get("content-type") ?? "of no type";
  const encoding = headers.get("content-encoding");
  const length = headers.get("content-length") ?? "";
  return [
    type,
    ...(encoding === null ? [] : [`${encoding}, which --compressed undoes`]),
    ...(/^\d{1,15}$/.test(length) ? [`${formatSize(Number(length))} bytes`] : []),
  ].join(", ");
}
