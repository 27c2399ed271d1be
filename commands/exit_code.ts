// The exit codes of all commands.

export const exitCodes = {
  ok: 0,
  /** The network or the peer failed. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** A check or threshold was not met. */
  checkFailed: 3,
  timedOut: 4,
  /** Ended by Ctrl-C (128 + SIGINT). */
  interrupted: 130,
  /** Ended by SIGTERM. */
  terminated: 143,
} as const;
