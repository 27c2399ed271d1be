// The list of intended differences between the inspector and httpbin 0.7.0, for the index page, the
// reference and the tests, which compare everything else with httpbin itself.

interface Difference {
  readonly where: string;
  readonly httpbin: string;
  readonly here: string;
}

export const differences: readonly Difference[] = [
  {
    where: "bad parameters",
    httpbin: "500",
    here: "400 with what was expected",
  },
  {
    where: "malformed multipart",
    httpbin: "shows an empty form",
    here: "400",
  },
  {
    where: "headers",
    httpbin: "names in Title-Case; hides those that proxies add",
    here: "names as they were sent, where that is known; all are shown, but of credentials that " +
      "this server itself asks for only the scheme",
  },
  {
    where: "/ip, origin and url",
    httpbin: "believe X-Forwarded-For and X-Forwarded-Proto",
    here: "do so only with --trust-forwarded",
  },
  {
    where: "cross-origin requests",
    httpbin: "any origin may send cookies and read the answer",
    here:
      "any origin may read answers to requests without cookies; --allow-credentials is httpbin's way",
  },
  {
    where: "changes from other origins",
    httpbin: "are served",
    here: "403 unless --allow-origin names the origin, as on every HTTP endpoint",
  },
  {
    where: "GET with a body",
    httpbin: "says the body back on /anything",
    here: "leaves it out: no Request has one",
  },
  {
    where: "/cookies",
    httpbin: "hides some that trackers use",
    here: "all of them",
  },
  {
    where: "repeated file fields",
    httpbin: "the first file",
    here: "an array of all",
  },
  {
    where: "json",
    httpbin: "parsed and written anew; NaN and Infinity are taken",
    here: "written as it came, so that no number loses a digit",
  },
  {
    where: "chunked bodies",
    httpbin: "501",
    here: "are read",
  },
  {
    where: "url",
    httpbin: "characters beyond ASCII are decoded",
    here: "percent-encoded, as it was sent",
  },
  {
    where: "more methods and paths",
    httpbin: "404 or 405",
    here: "any method on /anything, more on /delay; /json, /sse, /ws, /unstable, /form, " +
      "/delay/:seconds/*path, and ?delay= on /status",
  },
  {
    where: "TRACE",
    httpbin: "is served in some places",
    here: "405",
  },
  {
    where: "/status/:codes",
    httpbin: "any number",
    here: "200 to 599, else 400",
  },
  {
    where: "/status/402, 406 and 418, and every document",
    httpbin: "texts of its own",
    here: "texts of ours, of the same types",
  },
  {
    where: "/redirect-to",
    httpbin: "leads anywhere; characters beyond ASCII come out garbled",
    here: "leads anywhere too: that is its job, so keep it off names that people trust; " +
      "characters beyond ASCII go as UTF-8",
  },
  {
    where: "/response-headers",
    httpbin: "sends any field, a second Content-Type too",
    here: "one Content-Type, none of the fields that frame the message, and a sandbox around it",
  },
  {
    where: "/base64/:value",
    httpbin: "text/html",
    here: "text/plain in a sandbox, because its text is not ours",
  },
  {
    where: "/bearer",
    httpbin: "takes any scheme, and cuts letters off some tokens",
    here: "401 unless the scheme is Bearer; the token as it came",
  },
  {
    where: "/digest-auth",
    httpbin: "any user name with the right password; 500 with a query",
    here: "the user in the path, and its algorithm; a query is fine",
  },
  {
    where: "ETag",
    httpbin: "without quotation marks",
    here: "with them (RFC 9110 8.8.3)",
  },
  {
    where: "/range/:n",
    httpbin: "416 to a range that ends beyond the end or before it begins",
    here: "what there is of it, or the whole (RFC 9110 14.1.2)",
  },
  {
    where: "/image",
    httpbin: "406 to a client that accepts anything at all",
    here: "PNG",
  },
  {
    where: "/bytes and /stream-bytes with a seed",
    httpbin: "the bytes of Python's generator",
    here: "others, the same ones for the same seed",
  },
  {
    where: "/drip and /range",
    httpbin: "take as long as they are told",
    here: "at most 60 s, and 10 s before the first byte",
  },
];
