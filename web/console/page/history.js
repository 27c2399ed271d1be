// The last minutes of every server, a point a second, for as long as the page is open. A server is
// known by its URL here, so that it goes on where it stopped when the program was started anew.

/** Minutes that are kept. */
export const KEPT_MINUTES = 10;
const KEPT_S = KEPT_MINUTES * 60;
/** A pause longer than this, as of a page that nobody could see, is a gap in the lines. */
const GAP_S = 3;
/** What is asked for again so soon, as after a click, is no point of its own. */
const SOON_S = 0.5;

export function createHistory() {
  let points = [];
  let roundTrips = [];

  function push(timeS, values) {
    points.push({ timeS, values });
    const first = points.findIndex((point) => point.timeS > timeS - KEPT_S);
    if (first > 0) points = points.slice(first);
  }

  /** Keeps what the servers did in the last second. */
  function add(timeS, servers, rates) {
    const sinceS = timeS - (points.at(-1)?.timeS ?? -Infinity);
    if (sinceS < SOON_S) return;
    if (sinceS > GAP_S && points.length > 0) gap(timeS - 0.001);
    push(
      timeS,
      new Map(servers.map(({ id, url, counters }) => {
        const { known, bytesIn, bytesOut, messages, drops } = rates.get(id);
        return [url, {
          open: counters.open,
          ...known && { bytesIn, bytesOut, messages, drops },
        }];
      })),
    );
  }

  /** Keeps that nothing is known of this moment. */
  function gap(timeS) {
    if (points.length > 0 && timeS > points.at(-1).timeS) push(timeS, new Map());
  }

  /** The times, and for each function its values of one server, or the sums over all of them.
   *
   * @param newest how many points at most */
  function columns(url, functions, newest = points.length) {
    const chosen = points.slice(Math.max(0, points.length - newest));
    const times = chosen.map((point) => point.timeS);
    const valuesOf = (read) =>
      chosen.map(({ values }) => {
        const all = url === "" ? [...values.values()] : [values.get(url)];
        const known = all.map((one) => one && read(one)).filter((value) => Number.isFinite(value));
        return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0);
      });
    return [times, ...functions.map(valuesOf)];
  }

  /** Begins a round trip, and returns what ends it with its time in milliseconds, or null when
   * nothing came back. */
  function beginRoundTrip(url, timeS) {
    const trip = { url, timeS, ms: undefined };
    roundTrips = [...roundTrips.filter((one) => one.timeS > timeS - KEPT_S), trip];
    return (ms) => trip.ms = ms;
  }

  /** What was measured of a server, in the order in which it was sent. */
  function roundTripsOf(server) {
    return roundTrips.filter(({ url, ms }) => url === server && ms !== undefined);
  }

  return { add, gap, columns, beginRoundTrip, roundTripsOf };
}
