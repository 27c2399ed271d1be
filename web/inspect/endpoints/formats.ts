// The endpoints with documents in several formats and content codings.

import { promisify } from "node:util";
import { brotliCompress, deflate, gzip } from "node:zlib";
import type { ParsedRequest } from "../parsed_request.ts";
import { GET, type InspectEndpoint } from "../endpoint.ts";
import { jsonAnswer, jsonText } from "../json_answer.ts";
import { echoFields } from "./echo.ts";

const HTML = "text/html; charset=utf-8";
const PLAIN = "text/plain";

function page(title: string, body: string): string {
  return `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n` +
    `<meta name="viewport" content="width=device-width">\n<title>${title}</title>\n${body}\n</html>\n`;
}

const HTML_PAGE = page(
  "Moorings",
  `<h1>Moorings</h1>
<p>A boat comes in on the evening tide, takes the berth that is free, and makes fast with three
lines: one ahead, one astern, and a spring between them that keeps her from surging.</p>
<p>In the morning the <a href="/links/10/0">other boats</a> are gone, and the water is still.</p>`,
);

const XML = `<?xml version="1.0" encoding="utf-8"?>
<!-- Who lies where in a small harbour. -->
<harbour name="Northquay">
  <berth number="1" depth="3.5"><boat>Ada</boat></berth>
  <berth number="2" depth="2.0"/>
  <berth number="3" depth="4.0"><boat flag="NL">Nieuwe Zon &amp; Co.</boat></berth>
</harbour>
`;

const JSON_DOCUMENT = {
  harbour: {
    name: "Northquay",
    open: true,
    depth: 4.25,
    berths: [
      { number: 1, boat: "Ada" },
      { number: 2, boat: null },
      { number: 3, boat: "Nieuwe Zon & Co." },
    ],
  },
};

const UTF8_PAGE = page(
  "UTF-8",
  `<h1>UTF-8, from one byte to four</h1>
<dl>
<dt>One byte</dt><dd>The quay is 4 m deep.</dd>
<dt>Two bytes</dt><dd>Ærø, Ñuñoa, Łódź, Ωρωπός, Одесса, יפו, جدة</dd>
<dt>Three bytes</dt><dd>港, みなと, 항구, बंदरगाह, ท่าเรือ, ⚓, €, ≤</dd>
<dt>Four bytes</dt><dd>🚢, 🛟, 𝄞, 𐍈</dd>
<dt>Composed</dt><dd>e\u0301 is é, and 👩🏽‍✈️ is several</dd>
</dl>`,
);

const ROBOTS = "User-agent: *\nDisallow: /deny\n";

const DENIED = `
      ______
     / STOP \\      Robots were asked
    |        |     not to come here.
     \\______/
        ||
        ||
`;

const FORM = page(
  "Berth",
  `<h1>Ask for a berth</h1>
<form method="post" action="/post">
<p><label>Boat <input name="boat"></label></p>
<p><label>Arrival <input name="arrival" type="date"></label></p>
<p><label>Length <select name="length"><option>up to 8 m</option><option>up to 12 m</option>
<option>longer</option></select></label></p>
<p><label><input type="checkbox" name="needs" value="water"> Water</label>
<label><input type="checkbox" name="needs" value="power"> Power</label></p>
<p><label>Remarks <textarea name="remarks"></textarea></label></p>
<p><button>Ask</button></p>
</form>`,
);

function document(path: string, summary: string, type: string, text: string): InspectEndpoint {
  return {
    group: "Formats",
    path,
    methods: GET,
    summary,
    handle: () => new Response(text, { headers: { "content-type": type } }),
  };
}

type Compress = (bytes: Uint8Array) => Promise<Uint8Array<ArrayBuffer>>;

function compressed(
  path: string,
  coding: string,
  field: string,
  compress: Compress,
): InspectEndpoint {
  return {
    group: "Formats",
    path,
    methods: GET,
    summary: `What you sent, with the content coding ${coding}`,
    async handle(request: ParsedRequest) {
      const said = await echoFields(request, ["headers", "method", "origin"]);
      const bytes = await compress(new TextEncoder().encode(jsonText({ [field]: true, ...said })));
      return new Response(bytes, {
        headers: { "content-type": "application/json", "content-encoding": coding },
      });
    },
  };
}

export const formats: readonly InspectEndpoint[] = [
  {
    group: "Formats",
    path: "/json",
    methods: GET,
    summary: "A document in JSON",
    handle: () => jsonAnswer(JSON_DOCUMENT),
  },
  document("/html", "A page", HTML, HTML_PAGE),
  document("/xml", "A document in XML", "application/xml", XML),
  document("/encoding/utf8", "A page with characters of one to four bytes", HTML, UTF8_PAGE),
  document("/robots.txt", "What robots are asked", PLAIN, ROBOTS),
  document("/deny", "Where robots are asked not to go", PLAIN, DENIED),
  document("/form", "A form to fill in, sent to /post", HTML, FORM),
  document("/forms/post", "The same form, under httpbin's name", HTML, FORM),
  compressed("/gzip", "gzip", "gzipped", promisify(gzip) as Compress),
  compressed("/deflate", "deflate", "deflated", promisify(deflate) as Compress),
  compressed("/brotli", "br", "brotli", promisify(brotliCompress) as Compress),
];
