// Errors as Toxiproxy's API says them.

export class ToxiproxyError extends Error {
  override readonly name = "ToxiproxyError";

  constructor(readonly status: number, message: string) {
    super(message);
  }

  toResponse(): Response {
    const { status, message: error } = this;
    return new Response(`${JSON.stringify({ error, status })}\n`, {
      status,
      headers: { "content-type": "application/json", "x-content-type-options": "nosniff" },
    });
  }
}
