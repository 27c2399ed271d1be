/** In which ways each picture is taken. */

// Not in the import map: what stands there is fetched by `deno task start`.
// deno-lint-ignore no-import-prefix
import type { BrowserContextOptions } from "npm:playwright-core@1.65.1";

const DESK = { viewport: { width: 1280, height: 860 }, locale: "en-GB" } as const;

/** The browsers, by the name that a picture gets. */
export const LOOKS: Readonly<Record<string, BrowserContextOptions>> = {
  light: { ...DESK, colorScheme: "light" },
  dark: { ...DESK, colorScheme: "dark" },
  phone: {
    ...DESK,
    colorScheme: "light",
    viewport: { width: 360, height: 740 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
  },
  japanese: { ...DESK, colorScheme: "light", locale: "ja-JP" },
};

/** For the documentation: small, and sharp enough to be read. */
export const DOCUMENTS: BrowserContextOptions = {
  ...DESK,
  viewport: { width: 1080, height: 720 },
  colorScheme: "light",
};
