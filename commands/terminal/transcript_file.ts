// A transcript of events in a file: JSON lines, or packets where its name ends in .pcapng.

import { errorText, type ServerEvent } from "../../core/event.ts";
import { eventJson } from "../../core/event_json.ts";
import type { Capture } from "../../core/pcapng/capture.ts";
import { UsageError } from "../../core/usage_error.ts";

/** Opens the file that `--record` names, if it names one.
 * @throws {UsageError} when it cannot be opened */
export async function openTranscript(
  path: string | undefined,
  warn: (line: string) => void,
): Promise<TranscriptFile | undefined> {
  if (path === undefined) return undefined;
  if (!path.endsWith(".pcapng")) return new TranscriptFile(path, warn);
  const { Capture } = await import("../../core/pcapng/capture.ts");
  return new TranscriptFile(path, warn, new Capture());
}

export class TranscriptFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #encoder = new TextEncoder();
  readonly #path: string;
  readonly #warn: (line: string) => void;
  readonly #capture: Capture | undefined;
  #broken = false;

  /** Opens the file for appending, readable by its owner alone: the traffic may be secret. What is
   * appended to a capture is a section of its own.
   * @param capture makes packets of the events
   * @throws {UsageError} when it cannot be opened */
  constructor(path: string, warn: (line: string) => void, capture?: Capture) {
    this.#path = path;
    this.#warn = warn;
    this.#capture = capture;
    try {
      this.#file = Deno.openSync(path, { append: true, create: true, mode: 0o600 });
    } catch (error) {
      throw new UsageError(`--record: cannot open ${path}: ${errorText(error)}`);
    }
    if (capture !== undefined) this.#append(capture.start());
  }

  write(event: ServerEvent): void {
    this.#append(
      this.#capture?.packets(event) ??
        this.#encoder.encode(`${JSON.stringify(eventJson(event))}\n`),
    );
  }

  #append(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
    } catch (error) {
      // A full disk must not end the sessions that are recorded.
      if (this.#broken) return;
      this.#broken = true;
      this.#warn(`the record ${this.#path} has gaps from here on: ${errorText(error)}`);
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
