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

/** What each means, for the man page. */
export const exitCodeMeanings: readonly (readonly [code: number, meaning: string])[] = [
  [exitCodes.ok, "All went well."],
  [exitCodes.failed, "The network or the peer failed."],
  [exitCodes.usage, "The command line or the configuration is wrong."],
  [exitCodes.checkFailed, "A check or threshold was not met."],
  [exitCodes.timedOut, "No answer came in time, or what was sent was not acknowledged."],
  [exitCodes.interrupted, "Ended by Ctrl-C."],
  [exitCodes.terminated, "Ended by SIGTERM."],
];
