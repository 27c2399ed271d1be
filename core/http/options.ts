// The options that HTTP servers and applications share.

import { text } from "../options/option.ts";

/** `--auth-upload`: the server asks for the password, and the application's page says so. */
export const authUploadOption = text({
  guard: true,
  metavar: "user:password",
  help:
    "let this user alone upload and change things, and all others read, those whom --auth lets " +
    "in if it is given; without a password it is asked for",
});
