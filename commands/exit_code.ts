// What the exit code tells.

/** The exit codes of every command. */
export const exitCodes = {
  ok: 0,
  /** The network or the other side failed. */
  failed: 1,
  /** What was asked for cannot be. */
  usage: 2,
  /** A check or threshold was not met. */
  checkFailed: 3,
  timedOut: 4,
  /** Ended by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;
