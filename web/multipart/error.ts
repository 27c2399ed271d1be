// The error of a body that is not valid multipart/form-data.

/** A body that cannot be taken apart. The message continues "The form cannot be read: ". */
export class MultipartError extends Error {
  /** The status that says so: 400 when it is malformed, 413 when it is too much. */
  readonly status: 400 | 413;

  constructor(message: string, status: 400 | 413 = 400) {
    super(message);
    this.name = "MultipartError";
    this.status = status;
  }
}
