// A request that cannot be answered as it was asked, from anywhere in a handler.

/** Becomes an answer of this status with the message as its text. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a peer sent, cut to a length that is fit for an answer. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}...` : text);
}
