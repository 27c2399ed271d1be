// The same functions for `import`.
import { createRequire } from "node:module";

export const { start } = createRequire(import.meta.url)("./start.cjs");
