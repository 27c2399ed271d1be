// The endpoints that send a picture in the format of their path, or in one that the client accepts.

import type { ParsedRequest } from "../parsed_request.ts";
import { GET, type InspectEndpoint } from "../endpoint.ts";
import { type ImageKind, pictures } from "./picture.ts";
import { statusAnswer } from "./status.ts";

/** The formats in the order in which httpbin prefers them. */
const PREFERRED: readonly ImageKind[] = ["webp", "svg", "jpeg", "png"];

function picture(kind: ImageKind): Response {
  const { type, body } = pictures[kind];
  return new Response(body, { headers: { "content-type": type } });
}

function accepted(request: ParsedRequest): Response {
  const accept = request.header("accept")?.toLowerCase() ?? "image/*";
  const kind = PREFERRED.find((kind) => accept.includes(pictures[kind].type)) ??
    (/image\/\*|\*\/\*/.test(accept) ? "png" : undefined);
  return kind === undefined ? statusAnswer(406) : picture(kind);
}

export const images: readonly InspectEndpoint[] = [
  {
    group: "Images",
    path: "/image",
    methods: GET,
    summary: "A picture in a format that Accept asks for",
    parameters: [{ name: "Accept", in: "header", example: "image/webp", help: "the formats" }],
    handle: accepted,
  },
  ...(["png", "jpeg", "webp", "svg"] as const).map((kind): InspectEndpoint => ({
    group: "Images",
    path: `/image/${kind}`,
    methods: GET,
    summary: `The picture as ${
      kind === "svg" ? "SVG" : kind === "webp" ? "WebP" : kind.toUpperCase()
    }`,
    handle: () => picture(kind),
  })),
];
