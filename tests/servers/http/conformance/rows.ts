/** The rules of HTTP/1.1 as a table: the bytes of a client, and what has to come of them. By the
 * sections of RFC 9112 (syntax and connections) and RFC 9110 (semantics).
 *
 * Rows are for a server whose application answers as `application.ts` does. It is several hundred
 * lines because it is a table. */

/** Stands where a request's first field begins: the test puts credentials there, or nothing. */
export const FIELDS = "\u{100}";

/** What comes of one row. */
export interface Row {
  /** `9112 2.2`: the RFC and its section. */
  readonly section: string;
  readonly name: string;
  /** What the client sends, a character for each byte; several where it waits for an answer after
   * each. */
  readonly send: string | readonly string[];
  /** The methods of the requests, where one of them is HEAD. */
  readonly methods?: readonly string[];
  /** The statuses of the answers in their order, each of which may be one of several. */
  readonly answers: readonly (number | readonly number[])[];
  /** Whether the connection is closed after them; undefined where either will do. */
  readonly closes?: boolean;
  /** Set where it depends on the name of the server, which one on a Unix socket does not have. */
  readonly named?: true;
  /** Set where whatever comes after these answers depends on what the server makes of bytes that may
   * be the rest of a body; then only what comes until there is looked at. */
  readonly open?: true;
  /** Set where the server could not know yet that it would close when it answered. */
  readonly unannounced?: true;
  /** What the application sees of the requests that reach it: `POST /path 5:hello`. Where it is not
   * given, that depends on the server. */
  readonly seen?: readonly string[];
}

const H = `${FIELDS}Host: localhost\r\n`;
const LINE = "GET /x HTTP/1.1\r\n";
/** A request that must be answered when what stands before it was taken as it should be, and not
 * when the connection is closed. */
const MARK = `GET /mark HTTP/1.1\r\n${H}\r\n`;
/** The same in a body, where it must not be answered; its length is the same everywhere. */
const INNER = MARK.replace(FIELDS, "");

function get(...fields: readonly string[]): string {
  return `${LINE}${H}${fields.map((field) => `${field}\r\n`).join("")}\r\n`;
}

function post(body: string, ...fields: readonly string[]): string {
  return `POST /body HTTP/1.1\r\n${H}${fields.map((field) => `${field}\r\n`).join("")}\r\n${body}`;
}

function chunked(body: string, ...fields: readonly string[]): string {
  return post(body, "Transfer-Encoding: chunked", ...fields);
}

const SEEN_X = ["GET /x 0:"];
const SEEN_HELLO = ["POST /body 5:hello"];

/** A request that has to be refused, with the connection closed, before the application sees it. */
function refused(
  section: string,
  name: string,
  send: string,
  status: number | readonly number[] = 400,
): Row {
  // What follows must not be read as a request.
  return { section, name, send: send + MARK, answers: [status], closes: true, seen: [] };
}

/** A request whose syntax is fine and which has to be refused all the same. */
function rejected(section: string, name: string, send: string, status: number = 400): Row {
  return { section, name, send, answers: [status], seen: [] };
}

/** A body that turns out to be wrong while the application may read it already. */
function brokenBody(section: string, name: string, body: string, status: number[] = [400]): Row {
  return { section, name, send: chunked(body) + MARK, answers: [status], closes: true };
}

function served(section: string, name: string, send: string, seen: readonly string[]): Row {
  return {
    section,
    name,
    send: send + MARK,
    answers: [...seen.map(() => 200), 200],
    closes: false,
    seen: [...seen, "GET /mark 0:"],
  };
}

const long = (length: number) => "x".repeat(length);

/** Request lines: RFC 9112 2.2, 2.3, 3. */
const requestLines: readonly Row[] = [
  served("9112 3", "a plain request", get(), SEEN_X),
  served("9112 2.2", "an empty line before the request", `\r\n${get()}`, SEEN_X),
  refused("9112 2.2", "a bare LF before the request", `\n${get()}`),
  refused("9112 2.2", "a bare LF after the request line", `GET /x HTTP/1.1\n${H}\r\n`),
  refused("9112 2.2", "a bare LF after a field", `${LINE}${FIELDS}Host: localhost\n\r\n`),
  refused("9112 2.2", "a bare LF at the end of the head", `${LINE}${H}\n`),
  refused("9112 2.2", "LF alone everywhere", "GET /x HTTP/1.1\nHost: localhost\n\n"),
  refused("9112 2.2", "a bare CR in the request line", `GET /x\r HTTP/1.1\r\n${H}\r\n`),
  refused("9112 2.2", "a bare CR after the version", `GET /x HTTP/1.1\rX: y\r\n${H}\r\n`),
  refused("9112 2.2", "a space before the first field", `${LINE} X: y\r\n${H}\r\n`),
  refused("9112 3", "two spaces after the method", `GET  /x HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3", "two spaces before the version", `GET /x  HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3", "a tab after the method", `GET\t/x HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3", "a space after the version", `GET /x HTTP/1.1 \r\n${H}\r\n`),
  refused("9112 3", "a space before the method", ` GET /x HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3", "a space in the target", `GET /x y HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3", "no version", `GET /x\r\n${H}\r\n`),
  refused("9112 3", "no target", `GET HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3", "words that are no request", "hello world, this is not HTTP\r\n\r\n"),
  refused("9112 3", "a TLS hello", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n\r\n"),
  refused("9112 2.3", "a version in lower case", `GET /x http/1.1\r\n${H}\r\n`),
  refused("9112 2.3", "a version of another name", `GET /x HTTQ/1.1\r\n${H}\r\n`),
  refused("9112 2.3", "a version without a dot", `GET /x HTTP/11\r\n${H}\r\n`, [400, 505]),
  refused("9112 2.3", "a version of two digits", `GET /x HTTP/1.10\r\n${H}\r\n`, [400, 505]),
  refused("9112 2.3", "a version with a sign", `GET /x HTTP/+1.1\r\n${H}\r\n`, [400, 505]),
  refused("9110 15.6.6", "HTTP/2.0 without its preface", `GET /x HTTP/2.0\r\n${H}\r\n`, 505),
  refused("9110 15.6.6", "HTTP/3.0", `GET /x HTTP/3.0\r\n${H}\r\n`, 505),
  refused("9110 15.6.6", "HTTP/0.9", `GET /x HTTP/0.9\r\n${H}\r\n`, [400, 505]),
  refused("9112 3", "a target of 100 kB", `GET /${long(100_000)} HTTP/1.1\r\n${H}\r\n`, 414),
  refused("9112 3", "a line without an end", long(100_000), [400, 414, 431, 501]),
  served("9112 3", "a target of 4,000 bytes", `GET /${long(4000)} HTTP/1.1\r\n${H}\r\n`, [
    `GET /${long(4000)} 0:`,
  ]),
];

/** Methods: RFC 9110 9.1, RFC 9112 3.1. */
const methods: readonly Row[] = [
  ...["PROPFIND", "M-SEARCH", "QUERY", "PATCH", "x!#$%&'*+.^_`|~-9"].map((method) =>
    served("9110 9.1", `the method ${method}`, `${method} /x HTTP/1.1\r\n${H}\r\n`, [
      `${method} /x 0:`,
    ])
  ),
  // A Request writes them in upper case, so that they could be taken for what they are not.
  ...["get", "Post"].map((method): Row => ({
    section: "9110 9.1",
    name: `the method ${method}, which is none of the known ones`,
    send: `${method} /x HTTP/1.1\r\n${H}\r\n`,
    answers: [[200, 400, 405, 501]],
  })),
  ...["G(T", "GET:", "G\xc9T", "G\x00T", '"GET"', "G/T", ""].map((method) =>
    refused("9112 3.1", `the method ${JSON.stringify(method)}`, `${method} /x HTTP/1.1\r\n${H}\r\n`)
  ),
  {
    section: "9110 9.3.8",
    name: "TRACE, which a Request cannot have",
    send: `TRACE /x HTTP/1.1\r\n${H}\r\n`,
    answers: [[200, 405, 501]],
  },
  refused(
    "9110 9.3.6",
    "CONNECT, behind which everything would be a tunnel",
    `CONNECT example.com:443 HTTP/1.1\r\n${FIELDS}Host: example.com:443\r\n\r\n`,
    [400, 405, 421, 501],
  ),
  refused("9110 9.3.6", "CONNECT with a path", `CONNECT /x HTTP/1.1\r\n${H}\r\n`, [400, 405, 501]),
  refused("9112 3.1", "a method of 100 kB", `${long(100_000)} / HTTP/1.1\r\n${H}\r\n`, [
    400,
    414,
    431,
    501,
  ]),
];

/** Targets and Host: RFC 9112 3.2, RFC 9110 7.2. */
const targets: readonly Row[] = [
  served("9112 3.2.1", "a query", `GET /x?a=b&c HTTP/1.1\r\n${H}\r\n`, ["GET /x?a=b&c 0:"]),
  served(
    "9112 3.2.1",
    "two slashes, which begin no authority",
    `GET //e.test/x HTTP/1.1\r\n${H}\r\n`,
    [
      "GET //e.test/x 0:",
    ],
  ),
  served("9112 3.2.2", "an absolute form", `GET http://localhost/x HTTP/1.1\r\n${H}\r\n`, SEEN_X),
  served(
    "9112 3.2.2",
    "an absolute form in capitals",
    `GET HTTP://LOCALHOST/x HTTP/1.1\r\n${H}\r\n`,
    SEEN_X,
  ),
  served(
    "9112 3.2.2",
    "an absolute form without a path",
    `GET http://localhost HTTP/1.1\r\n${H}\r\n`,
    [
      "GET / 0:",
    ],
  ),
  {
    section: "9112 3.2.2",
    name: "an absolute form whose host differs from Host, which is ignored",
    named: true,
    send: `GET http://evil.example/x HTTP/1.1\r\n${H}\r\n`,
    answers: [[400, 421]],
    seen: [],
  },
  {
    section: "9112 3.2.2",
    name: "an absolute form for us beside a Host that is not",
    named: true,
    send: `GET http://localhost/x HTTP/1.1\r\n${FIELDS}Host: evil.example\r\n\r\n`,
    answers: [[200, 400, 421]],
  },
  rejected(
    "9112 3.2",
    "an absolute form without Host",
    `GET http://localhost/x HTTP/1.1\r\n${FIELDS}\r\n`,
  ),
  refused("9112 3.2.3", "an authority form for GET", `GET localhost:80 HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3.2.4", "an asterisk form for GET", `GET * HTTP/1.1\r\n${H}\r\n`),
  {
    section: "9112 3.2.4",
    name: "an asterisk form for OPTIONS",
    send: `OPTIONS * HTTP/1.1\r\n${H}\r\n${MARK}`,
    answers: [[200, 204], 200],
    closes: false,
  },
  refused("9112 3.2", "a target without a slash", `GET x HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3.2", "a query without a path", `GET ?x HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3.2", "a NUL in the target", `GET /\x00x HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3.2", "a control character in the target", `GET /\x01x HTTP/1.1\r\n${H}\r\n`),
  refused("9112 3.2", "DEL in the target", `GET /\x7fx HTTP/1.1\r\n${H}\r\n`),
  {
    section: "9112 3.2",
    name: "a byte above ASCII in the target",
    send: `GET /\xe9 HTTP/1.1\r\n${H}\r\n`,
    answers: [[200, 400]],
  },
  rejected("9112 3.2", "no Host", `${LINE}${FIELDS}\r\n`),
  refused("9112 3.2", "two Hosts", get("Host: localhost")),
  refused("9112 3.2", "two different Hosts", get("Host: evil.example")),
  ...[
    "a b",
    "a/b",
    "a,b",
    "a@localhost",
    "http://localhost",
    "localhost:x",
    "localhost:99999",
    "[::1",
  ]
    .map((host) => rejected("9112 3.2", `Host: ${host}`, `${LINE}${FIELDS}Host: ${host}\r\n\r\n`)),
  rejected("9112 3.2", "an empty Host", `${LINE}${FIELDS}Host:\r\n\r\n`),
  served(
    "9110 7.2",
    "a Host in capitals with a port",
    `${LINE}${FIELDS}hOST: LOCALHOST:8080\r\n\r\n`,
    SEEN_X,
  ),
  {
    section: "9110 7.4",
    name: "a Host that is not ours",
    named: true,
    send: `${LINE}${FIELDS}Host: evil.example\r\n\r\n`,
    answers: [421],
    seen: [],
  },
];

/** HTTP/1.0: RFC 9112 2.3, 9.3, 6.1. */
const older: readonly Row[] = [
  {
    section: "9112 3.2",
    name: "HTTP/1.0 without Host",
    send: `GET /x HTTP/1.0\r\n${FIELDS}\r\n${MARK}`,
    answers: [200],
    closes: true,
    seen: SEEN_X,
  },
  {
    section: "9112 9.3",
    name: "HTTP/1.0 with Host",
    send: `GET /x HTTP/1.0\r\n${H}\r\n${MARK}`,
    answers: [200],
    closes: true,
    seen: SEEN_X,
  },
  {
    section: "9112 6.1",
    name: "HTTP/1.0 gets no chunks",
    send: `GET /stream HTTP/1.0\r\n${H}\r\n`,
    answers: [200],
    closes: true,
  },
  {
    section: "9112 6.1",
    name: "chunks in HTTP/1.0",
    send:
      `POST /body HTTP/1.0\r\n${H}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${MARK}`,
    answers: [[200, 400, 501]],
    closes: true,
  },
  {
    section: "9110 10.1.1",
    name: "HTTP/1.0 gets no 100",
    send: `POST /body HTTP/1.0\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello`,
    answers: [200],
    closes: true,
    seen: SEEN_HELLO,
  },
  refused("9112 3.2", "two Hosts in HTTP/1.0", `GET /x HTTP/1.0\r\n${H}Host: localhost\r\n\r\n`),
  {
    section: "9112 2.3",
    name: "a higher minor version",
    send: `GET /x HTTP/1.9\r\n${H}\r\n`,
    answers: [[200, 505]],
  },
];

/** Fields: RFC 9112 5, RFC 9110 5. */
const fields: readonly Row[] = [
  refused("9112 5.1", "a space before the colon", get("X : y")),
  refused("9112 5.1", "a tab before the colon", get("X\t: y")),
  refused("9112 5.1", "a space before the colon of a length", post("hello", "Content-Length : 5")),
  refused(
    "9112 5.1",
    "a space before the colon of a coding",
    post("0\r\n\r\n", "Transfer-Encoding : chunked"),
  ),
  refused("9112 5.2", "a folded line", get("X: y", " z")),
  refused("9112 5.2", "a line folded by a tab", get("X: y", "\tz")),
  refused("9112 5.2", "a folded coding", post("0\r\n\r\n", "Transfer-Encoding:", " chunked")),
  refused("9110 5.1", "no name", get(": y")),
  refused("9110 5.1", "no colon", get("X")),
  refused("9110 5.1", "a space in a name", get("X Y: z")),
  refused("9110 5.1", "a parenthesis in a name", get("X(: y")),
  refused("9110 5.1", "a byte above ASCII in a name", get("X\xe9: y")),
  refused("9110 5.1", "a NUL in a name", get("X\x00: y")),
  refused("9110 5.5", "a NUL in a value", get("X: a\x00b")),
  refused("9110 5.5", "a bare CR in a value", get("X: a\rb")),
  refused("9110 5.5", "a bare CR before the end of a line", get("X: a\r")),
  refused("9110 5.5", "a bare LF in a value", get("X: a\nY: b")),
  {
    section: "9110 5.5",
    name: "a control character in a value",
    send: get("X: a\x01b"),
    answers: [[200, 400]],
  },
  served("9110 5.5", "a byte above ASCII in a value", get("X: \xe9"), SEEN_X),
  served("9110 5.5", "a tab in a value", get("X: a\tb"), SEEN_X),
  served("9112 5", "white space around a value", get("X: \t y \t "), SEEN_X),
  served("9112 5", "no white space before a value", get("X:y"), SEEN_X),
  served("9112 5", "an empty value", get("X:"), SEEN_X),
  served("9110 5.6.2", "a name of all kinds of characters", get("!#$%&'*+-.^_`|~0aZ: y"), SEEN_X),
  served("9110 5.3", "a field twice", get("X: y", "X: z"), SEEN_X),
  served("9110 5.4", "a value of 4,000 bytes", get(`X: ${long(4000)}`), SEEN_X),
  served("9110 5.4", "80 fields", get(...Array.from({ length: 80 }, (_, n) => `X${n}: y`)), SEEN_X),
  refused("6585 5", "a field of 100 kB", get(`X: ${long(100_000)}`), 431),
  refused("6585 5", "a name of 100 kB", get(`${long(100_000)}: y`), [400, 431]),
  refused(
    "6585 5",
    "100 kB of fields",
    get(...Array.from({ length: 100 }, (_, n) => `X${n}: ${long(1000)}`)),
    431,
  ),
  refused(
    "6585 5",
    "5,000 fields",
    get(...Array.from({ length: 5000 }, (_, n) => `X${n}: y`)),
    431,
  ),
];

/** The length of a body: RFC 9112 6. */
const lengths: readonly Row[] = [
  served("9112 6.2", "a length", post("hello", "Content-Length: 5"), SEEN_HELLO),
  served("9112 6.2", "a length of zero", post("", "Content-Length: 0"), ["POST /body 0:"]),
  served("9112 6.3", "neither length nor coding", post(""), ["POST /body 0:"]),
  served(
    "9110 8.6",
    "a length with zeros before",
    post("hello", "Content-Length: 005"),
    SEEN_HELLO,
  ),
  served(
    "9112 5",
    "a length between white space",
    post("hello", "Content-Length: \t5 \t"),
    SEEN_HELLO,
  ),
  // A Request of GET has no body; that it is not read as the next request is what matters.
  served("9110 9.3.1", "a body of GET", `${LINE}${H}Content-Length: 5\r\n\r\nhello`, SEEN_X),
  served("9110 9.3.1", "chunks of GET", get("Transfer-Encoding: chunked") + "0\r\n\r\n", SEEN_X),
  served(
    "9112 6.2",
    "a request in a body",
    post(INNER, `Content-Length: ${INNER.length}`),
    [
      `POST /body ${INNER.length}:${INNER}`,
    ],
  ),
  ...["+5", "-5", "5 5", "0x5", "", "5.0", "5e0", "5;", "\x0b5", "\xb25", "five", "5,", ",5"].map((
    length,
  ) =>
    refused(
      "9112 6.3",
      `Content-Length: ${JSON.stringify(length)}`,
      post("hello", `Content-Length: ${length}`),
    )
  ),
  refused(
    "9112 6.3",
    "a length beyond every number",
    post("hello", `Content-Length: ${"9".repeat(30)}`),
    [400, 413],
  ),
  refused(
    "9112 6.3",
    "a length beyond 2^64 by 5",
    post("hello", "Content-Length: 18446744073709551621"),
    [400, 413],
  ),
  refused(
    "9112 6.3",
    "two different lengths",
    post("hello", "Content-Length: 5", "Content-Length: 6"),
  ),
  refused("9112 6.3", "two different lengths in one field", post("hello", "Content-Length: 5, 6")),
  refused(
    "9112 6.3",
    "the same length twice",
    post("hello", "Content-Length: 5", "Content-Length: 5"),
  ),
  refused("9112 6.3", "the same length twice in one field", post("hello", "Content-Length: 5, 5")),
  refused("9112 6.1", "a coding after a length", chunked("0\r\n\r\n", "Content-Length: 5")),
  refused(
    "9112 6.1",
    "a coding before a length",
    post("0\r\n\r\n", "Content-Length: 5", "Transfer-Encoding: chunked"),
  ),
  refused(
    "9112 6.1",
    "a coding beside a length of zero",
    chunked("0\r\n\r\n", "Content-Length: 0"),
  ),
  served("9112 6.1", "chunks", chunked("5\r\nhello\r\n0\r\n\r\n"), SEEN_HELLO),
  served(
    "9112 6.1",
    "a coding in capitals",
    post("5\r\nhello\r\n0\r\n\r\n", "TRANSFER-ENCODING: CHUNKED"),
    SEEN_HELLO,
  ),
  ...[
    "gzip",
    "gzip, chunked",
    "identity",
    "chunked, identity",
    "chunked, chunked",
    "identity, chunked",
    "xchunked",
    "chunkedx",
    '"chunked"',
    "chunked;q=1",
    "chunked,",
    ",chunked",
    "",
    "\x0bchunked",
    "chunked\x00",
    "cow",
  ].map((coding) =>
    refused(
      "9112 6.1",
      `Transfer-Encoding: ${JSON.stringify(coding)}`,
      post("5\r\nhello\r\n0\r\n\r\n", `Transfer-Encoding: ${coding}`),
      [400, 501],
    )
  ),
  ...["chunked", "identity", "gzip"].map((second) =>
    refused(
      "9112 6.1",
      `a second Transfer-Encoding: ${second}`,
      chunked("5\r\nhello\r\n0\r\n\r\n", `Transfer-Encoding: ${second}`),
      [400, 501],
    )
  ),
  refused("9112 6.1", "a coding of GET that is unknown", get("Transfer-Encoding: cow"), [400, 501]),
];

/** Chunks: RFC 9112 7.1. */
const chunks: readonly Row[] = [
  served(
    "9112 7.1",
    "several chunks",
    chunked("2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n\r\n"),
    SEEN_HELLO,
  ),
  served("9112 7.1", "no chunk but the last", chunked("0\r\n\r\n"), ["POST /body 0:"]),
  served("9112 7.1", "a size in small letters", chunked(`a\r\n${long(10)}\r\n0\r\n\r\n`), [
    `POST /body 10:${long(10)}`,
  ]),
  served("9112 7.1", "a size in capitals", chunked(`A\r\n${long(10)}\r\n0\r\n\r\n`), [
    `POST /body 10:${long(10)}`,
  ]),
  served(
    "9112 7.1",
    "a size with zeros before",
    chunked("0005\r\nhello\r\n000\r\n\r\n"),
    SEEN_HELLO,
  ),
  served("9112 7.1.1", "an extension", chunked("5;a=b\r\nhello\r\n0;c\r\n\r\n"), SEEN_HELLO),
  served(
    "9112 7.1.1",
    "an extension in quotes",
    chunked('5;a="b;c"\r\nhello\r\n0\r\n\r\n'),
    SEEN_HELLO,
  ),
  served("9112 7.1.2", "trailers", chunked("5\r\nhello\r\n0\r\nX: y\r\nZ: z\r\n\r\n"), SEEN_HELLO),
  served(
    "9112 7.1",
    "a request in a chunk",
    chunked(
      `${INNER.length.toString(16)}\r\n${INNER}\r\n0\r\n\r\n`,
    ),
    [`POST /body ${INNER.length}:${INNER}`],
  ),
  ...[
    " 5",
    "5 ",
    "\t5",
    "+5",
    "-5",
    "0x5",
    "5g",
    "g",
    "",
    "5.0",
    "5,",
    '"5"',
    "\xb25",
    "5\x00",
    "5\x0b",
  ].map(
    (size) =>
      brokenBody("9112 7.1", `a size of ${JSON.stringify(size)}`, `${size}\r\nhello\r\n0\r\n\r\n`),
  ),
  brokenBody("9112 7.1", "a size of 17 digits", "10000000000000005\r\nhello\r\n0\r\n\r\n", [
    400,
    413,
  ]),
  brokenBody("9112 7.1", "a size of 16 digits", "ffffffffffffffff\r\nhello\r\n0\r\n\r\n", [
    400,
    413,
  ]),
  brokenBody("9112 7.1", "a size of 10,000 zeros", `${"0".repeat(10_000)}5\r\nhello\r\n0\r\n\r\n`),
  brokenBody("9112 7.1", "a bare LF after a size", "5\nhello\r\n0\r\n\r\n"),
  brokenBody("9112 7.1", "a bare CR after a size", "5\rhello\r\n0\r\n\r\n"),
  brokenBody("9112 7.1", "a bare LF after a chunk", "5\r\nhello\n0\r\n\r\n"),
  brokenBody("9112 7.1", "a chunk longer than its size", "5\r\nhelloo\r\n0\r\n\r\n"),
  brokenBody("9112 7.1", "two bytes more than the size", "5\r\nhelloxx0\r\n\r\n"),
  brokenBody("9112 7.1", "a bare LF after the last chunk", "5\r\nhello\r\n0\n\r\n"),
  brokenBody("9112 7.1", "no CR at the end of the body", "5\r\nhello\r\n0\r\n\n"),
  brokenBody("9112 7.1.1", "a bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
  brokenBody("9112 7.1.1", "a bare CR in an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n"),
  brokenBody("9112 7.1.1", "a NUL in an extension", "5;a\x00b\r\nhello\r\n0\r\n\r\n"),
  brokenBody("9112 7.1.1", "an extension of 100 kB", `5;${long(100_000)}\r\nhello\r\n0\r\n\r\n`, [
    400,
    413,
    431,
  ]),
  brokenBody(
    "9112 7.1.1",
    "extensions of 300 kB beside 300 bytes",
    `${`1;${long(1000)}\r\nx\r\n`.repeat(300)}0\r\n\r\n`,
    [400, 413, 431],
  ),
  brokenBody("9112 7.1.2", "a trailer without a colon", "5\r\nhello\r\n0\r\nX\r\n\r\n"),
  brokenBody(
    "9112 7.1.2",
    "a trailer with a space before its colon",
    "5\r\nhello\r\n0\r\nX : y\r\n\r\n",
  ),
  brokenBody("9112 7.1.2", "a folded trailer", "5\r\nhello\r\n0\r\nX: y\r\n z\r\n\r\n"),
  brokenBody("9112 7.1.2", "a trailer that ends with LF", "5\r\nhello\r\n0\r\nX: y\n\r\n"),
  brokenBody("9112 7.1.2", "a trailer with a NUL", "5\r\nhello\r\n0\r\nX: \x00\r\n\r\n"),
  brokenBody("9112 7.1.2", "trailers of 100 kB", `5\r\nhello\r\n0\r\nX: ${long(100_000)}\r\n\r\n`, [
    400,
    413,
    431,
  ]),
  brokenBody("9112 7.1.2", "5,000 trailers", `5\r\nhello\r\n0\r\n${"X: y\r\n".repeat(5000)}\r\n`, [
    400,
    413,
    431,
  ]),
];

/** Bodies that are not wanted: RFC 9110 10.1.1, 15.5.14. The limit is 1,000 bytes. */
const unwanted: readonly Row[] = [
  {
    section: "9110 10.1.1",
    name: "100 before a body that is read",
    send: [post("", "Expect: 100-continue", "Content-Length: 5"), "hello" + MARK],
    answers: [100, 200, 200],
    closes: false,
    seen: [...SEEN_HELLO, "GET /mark 0:"],
  },
  {
    section: "9110 10.1.1",
    name: "100 before chunks that are read",
    send: [
      post("", "Expect: 100-Continue", "Transfer-Encoding: chunked"),
      "5\r\nhello\r\n0\r\n\r\n",
    ],
    answers: [100, 200],
    closes: false,
    seen: SEEN_HELLO,
  },
  {
    section: "9110 10.1.1",
    name: "no 100 before a body that is not read",
    send: `POST /ignore HTTP/1.1\r\n${H}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    answers: [200],
    open: true,
  },
  {
    section: "9110 10.1.1",
    name: "a body that comes with its expectation",
    send: post("hello", "Expect: 100-continue", "Content-Length: 5") + MARK,
    answers: [[100, 200], 200, 200],
    closes: false,
    seen: [...SEEN_HELLO, "GET /mark 0:"],
  },
  {
    section: "9110 10.1.1",
    name: "413 instead of 100 when the body is too large",
    send: post("", "Expect: 100-continue", "Content-Length: 1001"),
    answers: [413],
    closes: true,
    seen: [],
  },
  {
    section: "9110 10.1.1",
    name: "an expectation that nobody knows",
    send: post("hello", "Expect: cake", "Content-Length: 5"),
    answers: [[200, 417]],
  },
  {
    section: "9110 15.5.14",
    name: "a body that is too large",
    send: post(long(1001), "Content-Length: 1001"),
    answers: [413],
    seen: [],
  },
  {
    section: "9110 15.5.14",
    name: "a body that is much too large, and never sent",
    send: post("", "Content-Length: 1000000000000"),
    answers: [413],
    closes: true,
    seen: [],
  },
  {
    section: "9110 15.5.14",
    name: "chunks that are too many",
    send: chunked(`${"64\r\n" + long(100) + "\r\n"}`.repeat(11) + "0\r\n\r\n"),
    answers: [413],
  },
  {
    section: "9112 9.3",
    name: "a body that nobody reads is passed over",
    send: `POST /ignore HTTP/1.1\r\n${H}Content-Length: 500\r\n\r\n${
      INNER.repeat(50).slice(0, 500)
    }${MARK}`,
    answers: [200, 200],
    closes: false,
    seen: ["POST /ignore ignored", "GET /mark 0:"],
  },
  {
    section: "9112 9.3",
    name: "chunks that nobody reads are passed over",
    send: `POST /ignore HTTP/1.1\r\n${H}Transfer-Encoding: chunked\r\n\r\n` +
      `c8\r\n${INNER.repeat(50).slice(0, 200)}\r\n0\r\n\r\n${MARK}`,
    answers: [200, 200],
    closes: false,
    seen: ["POST /ignore ignored", "GET /mark 0:"],
  },
  {
    section: "9112 9.6",
    name: "a body that nobody reads and that never ends closes",
    send: `POST /ignore HTTP/1.1\r\n${H}Content-Length: 900\r\n\r\n${long(100)}`,
    answers: [200],
    closes: true,
    unannounced: true,
    seen: ["POST /ignore ignored"],
  },
];

/** Connections: RFC 9112 9, RFC 9110 7.8. */
const connections: readonly Row[] = [
  ...["close", "Close", "keep-alive, close", "close, keep-alive", " close "].map((option): Row => ({
    section: "9112 9.6",
    name: `Connection: ${option}`,
    send: get(`Connection: ${option}`) + MARK,
    answers: [200],
    closes: true,
    seen: SEEN_X,
  })),
  served("9112 9.3", "Connection: keep-alive", get("Connection: keep-alive"), SEEN_X),
  served("9112 9.3", "Connection: not-close", get("Connection: not-close"), SEEN_X),
  served("9112 9.3.2", "ten requests at once", get().repeat(10), Array(10).fill("GET /x 0:")),
  {
    section: "9112 9.3.2",
    name: "a slow answer before quick ones",
    send: `GET /slow HTTP/1.1\r\n${H}\r\n${get()}GET /stream HTTP/1.1\r\n${H}\r\n${get()}`,
    answers: [200, 200, 200, 200],
    closes: false,
  },
  {
    section: "9112 9.3.2",
    name: "a bad request behind a good one",
    send: `${get()}${get("X : y")}${MARK}`,
    answers: [200, 400],
    closes: true,
    seen: SEEN_X,
  },
  {
    section: "9112 9.3.2",
    name: "a bad request behind a slow one",
    send: `GET /slow HTTP/1.1\r\n${H}\r\n\x00${MARK}`,
    answers: [200, 400],
    closes: true,
  },
  {
    section: "9112 9.3.2",
    name: "POST behind POST",
    send: post("hello", "Content-Length: 5") + chunked("5\r\nhello\r\n0\r\n\r\n") + MARK,
    answers: [200, 200, 200],
    closes: false,
    seen: [...SEEN_HELLO, ...SEEN_HELLO, "GET /mark 0:"],
  },
  served(
    "9110 7.8",
    "an offer of HTTP/2",
    get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
    SEEN_X,
  ),
  served(
    "9110 7.8",
    "an offer of HTTP/2 beside a body",
    post(
      "hello",
      "Connection: Upgrade, HTTP2-Settings",
      "Upgrade: h2c",
      "HTTP2-Settings: AAMAAABk",
      "Content-Length: 5",
    ),
    SEEN_HELLO,
  ),
  served(
    "9110 7.8",
    "an offer of something else",
    get("Connection: Upgrade", "Upgrade: foo/2, bar"),
    SEEN_X,
  ),
  served("9110 7.8", "an Upgrade without Connection", get("Upgrade: websocket"), SEEN_X),
];

/** Answers: RFC 9110 6.4.1, 9.3.2, 15.3.5, 15.4.5. */
const answers: readonly Row[] = [
  {
    section: "9110 9.3.2",
    name: "HEAD",
    send: `HEAD /x HTTP/1.1\r\n${H}\r\n${MARK}`,
    methods: ["HEAD", "GET"],
    answers: [200, 200],
    closes: false,
    seen: ["HEAD /x 0:", "GET /mark 0:"],
  },
  {
    section: "9110 9.3.2",
    name: "HEAD of a body without a length",
    send: `HEAD /stream HTTP/1.1\r\n${H}\r\n${MARK}`,
    methods: ["HEAD", "GET"],
    answers: [200, 200],
    closes: false,
  },
  {
    section: "9110 15.3.5",
    name: "204",
    send: `GET /204 HTTP/1.1\r\n${H}\r\n${MARK}`,
    answers: [204, 200],
    closes: false,
  },
  {
    section: "9110 15.4.5",
    name: "304",
    send: `GET /304 HTTP/1.1\r\n${H}\r\n${MARK}`,
    answers: [304, 200],
    closes: false,
  },
  {
    section: "9110 15.3.6",
    name: "205",
    send: `GET /205 HTTP/1.1\r\n${H}\r\n${MARK}`,
    answers: [205, 200],
    closes: false,
  },
  {
    section: "9112 7",
    name: "a body without a length",
    send: `GET /stream HTTP/1.1\r\n${H}\r\n${MARK}`,
    answers: [200, 200],
    closes: false,
  },
  {
    section: "9110 15.6.1",
    name: "an application that throws",
    send: `GET /throw HTTP/1.1\r\n${H}\r\n`,
    answers: [500],
  },
];

/** All of them. */
export const ROWS: readonly Row[] = [
  ...requestLines,
  ...methods,
  ...targets,
  ...older,
  ...fields,
  ...lengths,
  ...chunks,
  ...unwanted,
  ...connections,
  ...answers,
];
