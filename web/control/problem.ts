// Errors as problem details (RFC 9457).

/** Thrown by whatever answers a request; becomes the answer. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly option: string | undefined;

  /** @param detail a sentence with the value and the remedy
   * @param about the option, by the name of its flag, that the sentence is about */
  constructor(
    status: number,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
    about?: string,
  ) {
    super(detail);
    this.status = status;
    this.headers = headers;
    this.option = about;
  }

  toResponse(): Response {
    const { status, message: detail, option } = this;
    const title = TITLES[status] ?? "Error";
    const problem = { type: "about:blank", title, status, detail, option };
    const body = JSON.stringify(problem, null, 2);
    return new Response(`${body}\n`, {
      status,
      headers: {
        "content-type": "application/problem+json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        ...this.headers,
      },
    });
  }
}

/** For `about:blank`, the title is that of the status (RFC 9457 4.2.1). */
const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  409: "Conflict",
  413: "Content Too Large",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  502: "Bad Gateway",
  504: "Gateway Timeout",
};
