/** The colours that the pages share: readable in light and in dark (WCAG 2.2, AA). */

import { assert, assertEquals } from "@std/assert";
import colours from "../../../web/page/colours.css" with { type: "text" };
import { pageStyle } from "../../../web/page/look.ts";

/** The colours of a block, by their names. */
function coloursIn(css: string): ReadonlyMap<string, string> {
  return new Map(
    [...css.matchAll(/--([\w-]+): (#[\da-f]+);/g)].map(([, name, hex]) => [name!, hex!]),
  );
}

/** Relative luminance, as WCAG 2.2 defines it. */
function luminance(hex: string): number {
  const long = hex.length === 4 ? hex.replace(/[\da-f]/g, "$&$&") : hex;
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(long.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [bright, dim] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (bright! + 0.05) / (dim! + 0.05);
}

const [light = "", dark = ""] = colours.split("@media");

for (const [mode, css] of [["light", light], ["dark", dark]] as const) {
  Deno.test(`the colours of pages can be told apart when they are ${mode}`, () => {
    const found = coloursIn(css);
    const hold = (front: string, back: string, least: number) => {
      const ratio = contrast(found.get(front) ?? "#000", found.get(back) ?? "#000");
      assert(ratio >= least, `--${front} on --${back}: ${ratio.toFixed(2)}, below ${least}`);
    };
    for (const back of ["paper", "card"]) {
      for (const text of ["ink", "soft", "sea", "good", "warn", "bad"]) hold(text, back, 4.5);
      // The edge of a field or a button tells where it is (1.4.11).
      hold("edge", back, 3);
    }
    hold("on-sea", "sea", 4.5);
  });
}

Deno.test("light and dark have the same colours", () => {
  assertEquals([...coloursIn(dark).keys()], [...coloursIn(light).keys()]);
});

Deno.test("the style of a page has no comments and no indentation", () => {
  const style = pageStyle("/* why */\na {\n  color: red;\n}\n");
  assert(style.startsWith(":root{color-scheme:light dark;--paper:#f6f7f5;"), style.slice(0, 80));
  assert(style.endsWith("a{color:red}"), style.slice(-40));
  assert(!/\/\*|\n/.test(style));
});
