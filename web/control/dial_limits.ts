// The usual limits of sessions that are opened over the control, apart from the code that they are for:
// the command line reads them for controls that it never opens.

export const DIAL_LIMITS = { maxDials: 32, maxBytes: 8 * 1024 * 1024, idleMs: 60_000 } as const;
