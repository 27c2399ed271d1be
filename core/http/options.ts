// The options that HTTP servers and applications share.

import { about, text } from "../options/option.ts";

/** Who may change things where others may read: the server asks for the password, and the page of an
 * application says so. */
export const changeOptions = about("access", {
  authUpload: text({
    guard: true,
    secret: true,
    metavar: "user:password",
    help: "let this user alone upload and change things; others read, as --auth lets them",
  }),
});
