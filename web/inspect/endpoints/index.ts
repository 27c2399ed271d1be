// The list of all endpoints, for the router, the index page, the reference and the tests.

import { authentication } from "./authentication.ts";
import { caching } from "./caching.ts";
import { cookies } from "./cookies.ts";
import type { InspectEndpoint } from "../endpoint.ts";
import { formats } from "./formats.ts";
import { images } from "./images.ts";
import { dynamicData } from "./dynamic_data.ts";
import { redirects } from "./redirects.ts";
import { echo } from "./echo.ts";
import { status } from "./status.ts";
import { streams } from "./streams.ts";

/** The endpoint that waits and then answers as the rest of its path does. The application serves
 * it, because the rest has to be routed again; the entry below is its documentation. */
export const DELAYED_PATH = "/delay/:seconds/*path";

const delayed: InspectEndpoint = {
  group: "Made to order",
  path: DELAYED_PATH,
  methods: "any",
  summary: "Waits, then answers as the rest of the path does",
  parameters: [
    { name: "seconds", in: "path", example: "1", help: "at most 10" },
    { name: "path", in: "path", example: "status/503", help: "the path of any other endpoint" },
  ],
  status: 503,
  handle: () => {
    throw new Error("the application answers this path");
  },
};

/** All endpoints, in the order of the index page. */
export const endpoints: readonly InspectEndpoint[] = [
  ...echo,
  ...status,
  ...redirects,
  ...cookies,
  ...authentication,
  ...dynamicData.flatMap((endpoint) =>
    endpoint.path === "/delay/:seconds" ? [endpoint, delayed] : [endpoint]
  ),
  ...streams,
  ...formats,
  ...images,
  ...caching,
];
