// The names of the congestion controls, apart from what they load.

export const controlNames = ["cubic", "bbr"] as const;

export type ControlName = (typeof controlNames)[number];
