// Where everything stands in the picture of the overview: plain numbers, so that a test can hold that
// nothing overlaps or leaves the picture, however narrow it is and however many servers there are.

/** Height of a box of one line, and of one with a second line below it. */
const BOX = 34;
const TALL_BOX = 48;
/** Room for what passes, written above and below the arrows. */
const BETWEEN_ROWS = 12;
const BETWEEN_DOCKS = 18;
/** Room for the heads of the columns. */
const HEADS = 30;
const CLIENTS = 56;
const PROTOCOL = 124;
/** Room for arrows, with what passes written beside them. */
const ARROWS = 92;
/** Between the layers and the server. */
const SHORT_ARROWS = 36;
const CURVE = 56;
/** The narrowest box in which a URL can be read. */
const URL_BOX = 190;
const UPSTREAM = 240;
/** How far arrows in and out are from the middle of their row. */
const APART = 7;
/** What a letter takes, roughly, and the sides of a box. */
const LETTER = 7.3;
const PADDING = 16;

/** @param passing by the number of a server the bytes a second that come in and go out
 * @param width of the picture, in pixels
 * @returns its height, and all boxes, arrows and curves; `heads` where there are columns */
export function layOut(servers, passing, width) {
  const docks = [...Map.groupBy(servers, ({ dock }) => dock).values()];
  const columns = columnsFor(servers, width);
  const picture = { height: 0, heads: [], boxes: [], arrows: [], curves: [] };
  if (columns !== undefined) picture.heads = headsOf(columns);
  let y = columns === undefined ? 0 : HEADS;
  for (const ways of docks) {
    y = columns === undefined
      ? stack(picture, ways, passing, { y, width })
      : row(picture, ways, passing, { y, columns });
    y += BETWEEN_DOCKS;
  }
  picture.height = Math.max(y - BETWEEN_DOCKS + 2, 0);
  return picture;
}

/** Beside each other from the left: clients, layers, servers, protocols, upstreams. Undefined where
 * there is no room for that. */
function columnsFor(servers, width) {
  const hasLayers = servers.some((server) => layersOf(server) !== "");
  const hasUpstreams = servers.some(({ upstream }) => upstream !== null);
  const letters = Math.max(...servers.map((server) => layersOf(server).length));
  const chip = Math.min(Math.max(letters * LETTER + PADDING, 64), 180);
  const layers = hasLayers ? chip + SHORT_ARROWS : 0;
  const rest = hasUpstreams ? ARROWS + UPSTREAM : 0;
  const url = width - CLIENTS - ARROWS - layers - CURVE - PROTOCOL - rest;
  if (url < URL_BOX) return undefined;
  const start = CLIENTS + ARROWS + layers;
  // A URL needs no more than this, and the rest keeps the picture together.
  const wide = Math.min(url, 380);
  const protocols = start + wide + CURVE;
  return {
    clients: { x: 0, width: CLIENTS },
    layers: hasLayers ? { x: CLIENTS + ARROWS, width: chip } : undefined,
    urls: { x: start, width: wide },
    protocols: { x: protocols, width: PROTOCOL },
    upstreams: hasUpstreams
      ? {
        x: protocols + PROTOCOL + ARROWS,
        width: Math.min(width - protocols - PROTOCOL - ARROWS, 380),
      }
      : undefined,
  };
}

function headsOf({ clients, layers, urls, protocols, upstreams }) {
  return [
    { x: clients.x, word: "clients" },
    ...layers === undefined ? [] : [{ x: layers.x, word: "layers" }],
    { x: urls.x, word: "servers" },
    { x: protocols.x, word: "protocol" },
    ...upstreams === undefined ? [] : [{ x: upstreams.x, word: "upstream" }],
  ];
}

/** What was started together, in columns. Returns where it ends. */
function row({ boxes, arrows, curves }, ways, passing, { y, columns }) {
  const { clients, layers, urls, protocols, upstreams } = columns;
  const [{ upstream }] = ways;
  const height = ways.length * (BOX + BETWEEN_ROWS) - BETWEEN_ROWS;
  const middle = y + height / 2;
  boxes.push({ kind: "protocol", server: ways[0], ...protocols, y, height });
  ways.forEach((server, at) => {
    const top = y + at * (BOX + BETWEEN_ROWS);
    const center = top + BOX / 2;
    const flow = passing.get(server.id);
    boxes.push({ kind: "clients", server, ...clients, y: top, height: BOX });
    const meets = layersOf(server) !== "";
    if (meets) boxes.push({ kind: "layers", server, ...layers, y: top + 3, height: BOX - 6 });
    arrows.push(...arrowsBetween(server, flow, {
      ...{ from: clients.width, to: meets ? layers.x : urls.x, center },
    }));
    if (meets) {
      arrows.push(...arrowsBetween(server, flow, {
        ...{ from: layers.x + layers.width, to: urls.x, center, isShort: true },
      }));
    }
    boxes.push({ kind: "url", server, ...urls, y: top, height: BOX });
    curves.push({
      ...{ server, bytes: flow.in + flow.out },
      ...{ x1: urls.x + urls.width, y1: center, x2: protocols.x, y2: middle },
    });
  });
  if (upstream !== null) {
    const from = protocols.x + protocols.width;
    arrows.push(...arrowsBetween(ways[0], sumOf(ways, passing), {
      ...{ from, to: upstreams.x, center: middle },
    }));
    boxes.push({
      kind: "upstream",
      server: ways[0],
      ...upstreams,
      y: middle - BOX / 2,
      height: BOX,
    });
  }
  return y + height;
}

/** The same one below the other, for a phone: the protocol, its endpoints with their clients, and the
 * upstream. Returns where it ends. */
function stack({ boxes, arrows }, ways, passing, { y, width }) {
  const [{ upstream }] = ways;
  const arrowsWidth = Math.min(ARROWS, width * 0.26);
  const url = { x: CLIENTS + arrowsWidth, width: width - CLIENTS - arrowsWidth };
  let top = y;
  boxes.push({ kind: "protocol", server: ways[0], ...url, y: top, height: 28 });
  top += 28 + BETWEEN_ROWS;
  for (const server of ways) {
    const height = layersOf(server) === "" ? BOX : TALL_BOX;
    const center = top + height / 2;
    boxes.push({ kind: "clients", server, x: 0, width: CLIENTS, y: center - BOX / 2, height: BOX });
    arrows.push(...arrowsBetween(server, passing.get(server.id), {
      ...{ from: CLIENTS, to: url.x, center },
    }));
    boxes.push({ kind: "url", server, ...url, y: top, height, hasLayers: height > BOX });
    top += height + BETWEEN_ROWS;
  }
  top += 4 - BETWEEN_ROWS;
  if (upstream !== null) {
    const flow = sumOf(ways, passing);
    top += 18;
    arrows.push({
      ...{ server: ways[0], x1: url.x + 24, x2: url.x + 24, y1: top - 20, y2: top },
      ...{ bytes: flow.in, label: flow.in },
    });
    boxes.push({ kind: "upstream", server: ways[0], ...url, y: top, height: BOX });
    top += BOX + 4;
  }
  return top - 4;
}

/** What comes in and what goes out, above each other. */
function arrowsBetween(server, flow, { from, to, center, isShort }) {
  const [left, right] = [from + 4, to - 4];
  const label = (bytes) => isShort ? 0 : bytes;
  return [
    {
      ...{ server, x1: left, x2: right, y1: center - APART, y2: center - APART },
      ...{ bytes: flow.in, label: label(flow.in) },
    },
    {
      ...{ server, x1: right, x2: left, y1: center + APART, y2: center + APART },
      ...{ bytes: flow.out, label: label(flow.out) },
    },
  ];
}

function sumOf(ways, passing) {
  const flows = ways.map(({ id }) => passing.get(id));
  return {
    in: flows.reduce((sum, flow) => sum + flow.in, 0),
    out: flows.reduce((sum, flow) => sum + flow.out, 0),
  };
}

/** The layers that a client meets, from the wire inward; that of faults while there are some. */
export function layersOf({ layers, faults }) {
  return [...faults !== null && !layers.includes("fault") ? ["fault"] : [], ...layers].join(" · ");
}

/** The thickness of a line: ten times the bytes a second are 1.15 units more. */
export function thickness(bytes) {
  return bytes <= 0 ? 1.25 : Math.min(9, 1.5 + 1.15 * Math.log10(1 + bytes / 10));
}

/** The outline of an arrow, whose head stays larger than its shaft. */
export function arrowPath({ x1, y1, x2, y2, bytes }) {
  const half = thickness(bytes) / 2;
  const head = half + 3;
  const length = Math.hypot(x2 - x1, y2 - y1);
  const neck = Math.max(0, length - head - 4);
  // Along the arrow and across it.
  const [ax, ay] = [(x2 - x1) / length, (y2 - y1) / length];
  const at = (along, across) =>
    `${(x1 + ax * along - ay * across).toFixed(1)} ${(y1 + ay * along + ax * across).toFixed(1)}`;
  const points = [
    [0, -half],
    [neck, -half],
    [neck, -head],
    [length, 0],
    [neck, head],
    [neck, half],
    [0, half],
  ];
  return `M${points.map(([along, across]) => at(along, across)).join("L")}Z`;
}

/** A text that fits in a box: its beginning and its end, which tell most of a URL. */
export function fitted(text, width) {
  const room = Math.max(4, Math.floor((width - PADDING) / LETTER));
  if (text.length <= room) return text;
  const end = Math.ceil((room - 1) * 0.4);
  return `${text.slice(0, room - 1 - end)}\u2026${text.slice(-end)}`;
}
