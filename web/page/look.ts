// The look that the pages share, as CSS to put before a page's own.

import colours from "./colours.css" with { type: "text" };
import elements from "./look.css" with { type: "text" };

/** CSS without comments and indentation, for it goes out with every page. */
function compact(css: string): string {
  return css.replace(/\/\*.*?\*\//gs, "").replace(/\s+/g, " ").replace(/ ?([{};,]) ?/g, "$1")
    .replace(/: /g, ":").replaceAll(";}", "}").trim();
}

/** A page's style: colours, what all pages share, and what is its own. */
export function pageStyle(own: string): string {
  return compact(colours) + compact(elements) + compact(own);
}
