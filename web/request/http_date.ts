// Reads and writes the dates of HTTP (RFC 9110 5.6.7), which have whole seconds.

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun"].concat(
  ["jul", "aug", "sep", "oct", "nov", "dec"],
);

/** `Sun, 06 Nov 1994 08:49:37 GMT`. */
const IMF = /^\w{3}, (?<day>\d{2}) (?<month>\w{3}) (?<year>\d{4}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/;
/** `Sunday, 06-Nov-94 08:49:37 GMT`, as RFC 850 had it. */
const RFC_850 =
  /^\w{6,9}, (?<day>\d{2})-(?<month>\w{3})-(?<year>\d{2}) (?<time>\d{2}:\d{2}:\d{2}) GMT$/;
/** `Sun Nov  6 08:49:37 1994`, as asctime of C. */
const ASCTIME = /^\w{3} (?<month>\w{3}) (?<day>[ \d]\d) (?<time>\d{2}:\d{2}:\d{2}) (?<year>\d{4})$/;

/** Seconds since the epoch, or null when the text is none of the three forms of a date. */
export function parseHttpDate(text: string, nowMs: number): number | null {
  const fields = (IMF.exec(text) ?? RFC_850.exec(text) ?? ASCTIME.exec(text))?.groups;
  if (fields === undefined) return null;
  const month = MONTHS.indexOf(fields["month"]!.toLowerCase());
  const day = Number(fields["day"]);
  const year = fields["year"]!.length === 2
    ? fullYear(Number(fields["year"]), nowMs)
    : Number(fields["year"]);
  const [hour = 0, minute = 0, second = 0] = fields["time"]!.split(":").map(Number);
  if (month < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return null;
  const ms = Date.UTC(year, month, day, hour, minute, second);
  return Number.isNaN(ms) ? null : ms / 1000;
}

/** A date in the form that servers send. */
export function httpDate(ms: number): string {
  return new Date(ms).toUTCString();
}

/** A two-digit year that would lie more than 50 years ahead is one of the century before. */
function fullYear(short: number, nowMs: number): number {
  const thisYear = new Date(nowMs).getUTCFullYear();
  const year = thisYear - thisYear % 100 + short;
  return year > thisYear + 50 ? year - 100 : year;
}
