// The options for who may ask, of all transports that browsers can reach.

import { about, type OptionValues, text } from "../../core/options/option.ts";

/** Options of authentication. Without any of them every client is admitted. */
export const authenticationOptions = about("access", {
  auth: text({
    guard: true,
    secret: true,
    metavar: "user:password",
    help: "let in this user; better as SOCKDOCK_AUTH, which other users cannot see",
  }),
  authFile: text({
    guard: true,
    metavar: "file",
    help: "let in the users of this file: lines of user:hash, from sockdock key password",
  }),
  authToken: text({
    guard: true,
    secret: true,
    metavar: "token",
    help: "let clients in that show this bearer token; better as SOCKDOCK_AUTH_TOKEN",
  }),
  authTokenFile: text({
    guard: true,
    metavar: "file",
    help: "let clients in that show a bearer token of this file: lines of token or name:token",
  }),
  realm: text({
    metavar: "name",
    default: "sockdock",
    help: "what a browser says the password is for",
  }),
});

/** What is said of authentication has no effect without any. */
export const authenticationNeeds = {
  realm: ["auth", "authFile", "authToken", "authTokenFile", "authUpload"],
} as const;

export type AuthenticationLimits =
  & OptionValues<typeof authenticationOptions>
  & { readonly authUpload?: string | undefined };

/** Options of every transport that browsers can reach. */
export const webGuardOptions = about("access", {
  allowHost: text.many({
    metavar: "host",
    help: "serve requests for this host name too, written without its port (* is any)",
  }),
  allowOrigin: text.many({
    metavar: "origin",
    help: "let pages of this origin open WebSockets and change things (* is any)",
  }),
});

export type WebGuardLimits = OptionValues<typeof webGuardOptions>;
