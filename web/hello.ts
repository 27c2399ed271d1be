// The application `hello`, which answers every request with a "Hello, World" page.

import type { HttpApp } from "../core/http/app.ts";
import { type TableOf, text } from "../core/options/option.ts";
import type { HelloAppOptions } from "./option_types.ts";
import { responseHeaderOptions } from "./response/options.ts";

const options = {
  text: text({ default: "Hello, World!", help: "what the page says" }),
  ...responseHeaderOptions,
} as const;

/** Answers `GET /` with a page, and `GET /hello.txt` with its text alone. */
export const hello: HttpApp<TableOf<HelloAppOptions>> = {
  name: "hello",
  summary: "Says Hello, World! on a page, and in plain text at /hello.txt",
  options,
  open: async (...given) => (await import("./hello/page.ts")).openHello(...given),
};
