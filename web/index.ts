// The list of HTTP applications. A new one is a file in this folder and a line here.

import type { HttpApp } from "../core/http/app.ts";
import { files } from "./files.ts";
import { hello } from "./hello.ts";
import { inspect } from "./inspect.ts";

export const apps: readonly HttpApp[] = [files, hello, inspect];
