/** Where things stand in the picture of the overview. */

import { assert, assertEquals } from "@std/assert";
import { arrowPath, fitted, layOut, thickness } from "../../../web/console/page/picture.js";

interface Rectangle {
  readonly kind: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A server as the control tells it, as far as the picture looks at it. */
function server(id: number, dock: number, more: Record<string, unknown> = {}) {
  return {
    ...{ id, dock, url: `tcp://127.0.0.1:${50_000 + id}`, layers: [], faults: null },
    ...{ upstream: null, counters: { open: id } },
    ...more,
  };
}

/** As many as the built-in suite has, and two relays, one of them behind layers and faults. */
const SUITE = [
  ...[6, 2, 2, 3, 2, 1, 1, 1, 1].flatMap((ways, dock) =>
    Array.from({ length: ways }, (_, way) => server(dock * 10 + way, dock))
  ),
  server(201, 20, { upstream: { url: "tcp://127.0.0.1:50000", server: 0 } }),
  server(202, 21, {
    layers: ["sealed", "reliable"],
    faults: { fault: ["latency=5ms"] },
    upstream: { url: "tcp://192.0.2.1:9", server: null },
  }),
];

const busy = new Map(SUITE.map(({ id }) => [id, { in: id * 1000, out: 1e12 }]));

for (const width of [300, 328, 600, 760, 900, 1100, 1600]) {
  Deno.test(`nothing overlaps in a picture that is ${width} pixels wide, or leaves it`, () => {
    const { boxes, arrows, height } = layOut(SUITE, busy, width);
    const rectangles = boxes as readonly Rectangle[];
    assertEquals(rectangles.filter(({ kind }) => kind === "url").length, SUITE.length);
    assertEquals(rectangles.filter(({ kind }) => kind === "upstream").length, 2);
    for (const [at, one] of rectangles.entries()) {
      assert(one.x >= 0 && one.x + one.width <= width, `${one.kind} at ${one.x}`);
      assert(one.y >= 0 && one.y + one.height <= height, `${one.kind} ends below the picture`);
      for (const other of rectangles.slice(at + 1)) {
        const apart = one.x + one.width <= other.x || other.x + other.width <= one.x ||
          one.y + one.height <= other.y || other.y + other.height <= one.y;
        assert(apart, `${JSON.stringify(one)} lies on ${JSON.stringify(other)}`);
      }
    }
    for (const arrow of arrows as readonly { x1: number; x2: number; y1: number; y2: number }[]) {
      const length = Math.hypot(arrow.x2 - arrow.x1, arrow.y2 - arrow.y1);
      assert(length >= 16, `an arrow of ${length} pixels has no shaft`);
      for (const { kind, x, y, width, height } of rectangles) {
        const [left, right] = [Math.min(arrow.x1, arrow.x2), Math.max(arrow.x1, arrow.x2)];
        const isOn = left < x + width && right > x && arrow.y1 > y && arrow.y1 < y + height;
        assert(!isOn || arrow.x1 === arrow.x2, `an arrow crosses ${kind}`);
      }
    }
  });
}

Deno.test("the rows of the picture leave room for what passes above and below their arrows", () => {
  // Above the upper arrow and below the lower one, at their thickest.
  const room = 7 + thickness(1e15) / 2 + 10;
  const { boxes } = layOut(SUITE, busy, 1100);
  const centers = (boxes as readonly Rectangle[]).filter(({ kind }) => kind === "url")
    .map(({ y, height }) => y + height / 2);
  centers.slice(1).forEach((center, at) => assert(center - centers[at]! >= 2 * room));
});

Deno.test("an arrow grows with what passes, up to a limit", () => {
  const sizes = [0, 1, 100, 10_000, 1e6, 1e15].map(thickness);
  assertEquals(sizes, sizes.toSorted((one, other) => one - other));
  assertEquals(new Set(sizes).size, sizes.length);
  assertEquals(thickness(1e15), 9);
  const path = arrowPath({ x1: 0, y1: 0, x2: 40, y2: 0, bytes: 0 });
  assert(/^M(-?\d+\.\d -?\d+\.\d L?)+|Z$/.test(path) && !path.includes("NaN"), path);
});

Deno.test("a picture of nothing has no height", () => {
  assertEquals(layOut([], new Map(), 800).boxes, []);
  assertEquals(layOut([], new Map(), 300).height, 0);
});

Deno.test("a long URL keeps its beginning and its end", () => {
  assertEquals(fitted("tcp://127.0.0.1:9", 300), "tcp://127.0.0.1:9");
  const short = fitted(`unix:///tmp/${"x".repeat(200)}/echo.sock`, 200);
  assert(short.startsWith("unix:///tmp/") && short.endsWith("echo.sock"), short);
  assert(short.length <= 26);
});
