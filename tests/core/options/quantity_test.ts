import { assertEquals, assertThrows } from "@std/assert";
import {
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
} from "../../../core/options/quantity.ts";
import { UsageError } from "../../../core/usage_error.ts";

/** Numbers below one, the same ones for the same seed (mulberry32). */
function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

Deno.test("parseDuration() reads the units people write", () => {
  const durations: [text: string, ms: number][] = [
    ["500ms", 500],
    ["5s", 5_000],
    ["5", 5_000],
    ["0", 0],
    ["0.25", 250],
    ["1.5m", 90_000],
    ["2.3h", 8_280_000],
    ["1d", 86_400_000],
  ];
  for (const [text, ms] of durations) assertEquals(parseDuration(text, "--wait"), ms, text);
});

Deno.test("parseDuration() teaches what a duration looks like", () => {
  for (
    const text of [
      "soon",
      "",
      " 5s",
      "-5s",
      "5 s",
      "5S",
      "1e3",
      "0.5ms",
      "5sm",
      "s",
      ".5",
      "5\n",
      "٣",
    ]
  ) {
    assertThrows(
      () => parseDuration(text, "--wait"),
      UsageError,
      `--wait: expected a duration such as 500ms, 5s or 2m, got ${JSON.stringify(text)}`,
    );
  }
  assertThrows(() => parseDuration("9".repeat(400), "--wait"), UsageError);
  assertThrows(() => parseDuration("999999999999999d", "--wait"), UsageError);
});

Deno.test("parseSize() reads bytes and powers of 1024 in any case", () => {
  const sizes: [text: string, bytes: number][] = [
    ["0", 0],
    ["512", 512],
    ["512b", 512],
    ["10k", 10_240],
    ["10K", 10_240],
    ["10KiB", 10_240],
    ["10kb", 10_240],
    ["1.5k", 1_536],
    ["4m", 4 * 1024 ** 2],
    ["1G", 1024 ** 3],
  ];
  for (const [text, bytes] of sizes) assertEquals(parseSize(text, "--max"), bytes, text);
  for (const text of ["", "k", "10kk", "10ki", "-1", "1.5", "1e3", "0x10", "10 k", "ten"]) {
    assertThrows(
      () => parseSize(text, "--max"),
      UsageError,
      `--max: expected a size such as 512, 10k or 4m, got ${JSON.stringify(text)}`,
    );
  }
});

Deno.test("formatDuration() and formatSize() print the largest unit that fits", () => {
  assertEquals([0, 1, 1_500, 90_000, 7_200_000, Infinity].map(formatDuration), [
    "0ms",
    "1ms",
    "1500ms",
    "90s",
    "2h",
    "none",
  ]);
  assertEquals([0, 1_500, 10_240, 3 * 1024 ** 2].map(formatSize), ["0", "1500", "10k", "3m"]);
});

Deno.test("every whole duration and size reads back as it was printed", () => {
  const random = seeded(1);
  for (let round = 0; round < 2_000; round++) {
    const amount = Math.floor(random() * 10 ** Math.floor(random() * 13)) *
      (random() < 0.5 ? 1 : 86_400_000);
    if (!Number.isSafeInteger(amount)) continue;
    assertEquals(parseDuration(formatDuration(amount), "--wait"), amount);
    assertEquals(parseSize(formatSize(amount), "--max"), amount);
  }
});
