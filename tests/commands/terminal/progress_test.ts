import { assertEquals } from "@std/assert";
import { progressLine } from "../../../commands/terminal/progress.ts";

const MIB = 1024 ** 2;

Deno.test("a progress line says how far, how fast and how long", () => {
  assertEquals(
    progressLine(MIB, 4 * MIB, 2000),
    "[######..................] 25%  1.00 MiB of 4.00 MiB  512 KiB/s  6 s left",
  );
  assertEquals(progressLine(10, undefined, 1000), "10 B  10 B/s");
});

Deno.test("a progress line has no exponents", () => {
  for (
    const [bytes, shown] of [
      [1023, "1023 B"],
      [999.4 * 1024, "999 KiB"],
      [1010 * 1024, "1010 KiB"],
      [1023.9 * MIB, "1024 MiB"],
      [5000 * 1024 * MIB, "5000 GiB"],
    ] as const
  ) assertEquals(progressLine(bytes, undefined, 1000), `${shown}  ${shown}/s`);
});

Deno.test("a progress line counts what was kept neither to the speed nor to the time left", () => {
  assertEquals(
    progressLine(3 * MIB, 4 * MIB, 2000, 2 * MIB),
    "[##################......] 75%  3.00 MiB of 4.00 MiB  512 KiB/s  2 s left",
  );
});

Deno.test("a progress line fits the terminal, and keeps the rate and the time left longest", () => {
  const line = (columns: number) =>
    progressLine(MIB, 4 * MIB, 2000, 0, { columns, detail: "12 sent again" });
  assertEquals([200, 80, 60, 40, 30, 10, 2, 0].map(line), [
    "[######..................] 25%  1.00 MiB of 4.00 MiB  512 KiB/s  6 s left  12 sent again",
    "[###.......] 25%  1.00 MiB of 4.00 MiB  512 KiB/s  6 s left  12 sent again",
    "[###.......] 25%  512 KiB/s  6 s left  12 sent again",
    "25%  512 KiB/s  6 s left  12 sent again",
    "25%  512 KiB/s  6 s left",
    "25%",
    "2",
    "",
  ]);
});
