// Refused uploads, and the failures of a disk that refuse one instead of counting as server errors.

import { type DiskFailure, diskRefusal } from "../../../core/files/disk_refusal.ts";

/** Thrown to refuse an upload with a status. The client reads the message. */
export class UploadError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "UploadError";
    this.status = status;
  }
}

/** Runs work on the disk.
 *
 * @throws {UploadError} for failures that any disk may have, such as being full
 * @throws {unknown} other failures, as they are */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw refusalFor(error) ?? error;
  }
}

const STATUS: Readonly<Record<DiskFailure, number>> = {
  "full": 507,
  "too-large": 413,
  "bad-name": 400,
  "busy": 503,
  "forbidden": 403,
  "gone": 404,
};

function refusalFor(error: unknown): UploadError | null {
  const refusal = diskRefusal(error);
  return refusal === null ? null : new UploadError(STATUS[refusal.failure], refusal.message);
}
