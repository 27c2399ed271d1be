// Why an upload is refused, and which failures of the disk are no fault of the server.

import { type DiskFailure, diskRefusal } from "../../../core/files/disk_refusal.ts";

/** An upload that is refused. The message is for whoever sent it. */
export class UploadError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "UploadError";
    this.status = status;
  }
}

/** Runs what touches the disk.
 *
 * @throws {UploadError} for what may happen to any disk
 * @throws {unknown} what else goes wrong */
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
