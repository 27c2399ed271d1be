// The folder that `files` serves in the built-in suite. Its files are part of the program, because an
// executable and a package have no folder of their own, and are written where the suite can use them.

import berths from "./samples/berths.json" with { type: "text" };
import buoy from "./samples/buoy.svg" with { type: "text" };
import harbour from "./samples/harbour.txt" with { type: "text" };
import log from "./samples/log.md" with { type: "text" };
import tides from "./samples/tides.csv" with { type: "text" };

const SAMPLES: readonly (readonly [name: string, text: string])[] = [
  ["berths.json", berths],
  ["buoy.svg", buoy],
  ["harbour.txt", harbour],
  ["pier/log.md", log],
  ["pier/tides.csv", tides],
];

/** Writes the samples into a folder, which is made. */
export async function writeSamples(folder: string): Promise<void> {
  await Deno.mkdir(`${folder}/pier`, { recursive: true });
  for (const [name, text] of SAMPLES) await Deno.writeTextFile(`${folder}/${name}`, text);
}
