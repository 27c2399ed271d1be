// Options of `inspect`. This file does not load the application, because the command line reads the
// table for applications that it never opens.

import { flag, integer, size, text } from "../../core/options/option.ts";

export const inspectOptions = {
  showRequests: flag({ help: "show every request with its headers and body" }),
  requestLog: text({
    metavar: "file",
    help: "append every request to this file, a JSON object a line",
  }),
  requestLogLimit: size({
    default: 100 * 1024 * 1024,
    help: "stop appending to the request log when it is this large",
  }),
  logBody: size({
    default: 64 * 1024,
    max: 64 * 1024 * 1024,
    help: "log this much of each body",
  }),
  maxDelays: integer({
    default: 4096,
    min: 1,
    max: 1_000_000,
    help: "answers that are delayed at once; more get 503",
  }),
  maxDelaysPerAddress: integer({
    min: 1,
    max: 1_000_000,
    help: "the same of one address; more get 429 (default a quarter of --max-delays)",
  }),
  trustForwarded: flag({
    help: "believe X-Forwarded-For and X-Forwarded-Proto, for use behind a proxy",
  }),
  allowCredentials: flag({
    help: "let pages of any origin send cookies and read the answers, as httpbin does",
  }),
} as const;
