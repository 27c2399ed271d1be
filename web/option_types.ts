// The options of HTTP applications, as `serve` takes them.
// Written by `deno task option-types` from the option tables; change those.

/** Options of the application `files`; each may be left out in those of `serve`. */
export interface FilesAppOptions {
  /** The folder to serve. Default: `"."`. */
  readonly root: string;
  /** Serve and receive names that begin with a dot too. Default: false. */
  readonly hidden: boolean;
  /** File that stands for its folder, if it is there. Default: `index.html`. */
  readonly index: readonly string[];
  /** Show what is in a folder without an index file. Default: true. */
  readonly listing: boolean;
  /** Let folders be downloaded whole: ?zip and ?tar. Default: true. */
  readonly archive: boolean;
  /** Answer a page that is not there with the root's index file, as single-page apps need.
   * Default: false. */
  readonly spa: boolean;
  /** Let pages of any origin read what is served. Default: false. */
  readonly cors: boolean;
  /** Let pages of this origin read what is served. */
  readonly corsOrigin: readonly string[];
  /** Add this header to every response. */
  readonly responseHeader: readonly string[];
  /** Cache-Control of files, such as max-age=60. */
  readonly cacheControl: string | undefined;
  /** Send FILE.br or FILE.gz, unless older than FILE, to clients that take them. Default: true. */
  readonly precompressed: boolean;
  /** Compress text on its way, up to 1 MiB. Default: true. */
  readonly compress: boolean;
  /** Memory for small and compressed files; changes show within a second all the same. Default:
   * `33_554_432` (32m). */
  readonly fileCacheBytes: number;
  /** Let files be sent here, by the listing's form or PUT. Default: false. */
  readonly upload: boolean;
  /** Let this user alone upload and change things; others read, as `auth` lets them. */
  readonly authUpload: string | undefined;
  /** Let a file that is sent replace one of the same name. Default: false. */
  readonly overwrite: boolean;
  /** Largest file that can be uploaded; `maxBodyBytes` limits the whole request. Default:
   * `1_073_741_824` (1g). */
  readonly maxUploadBytes: number;
}

/** Options of the application `hello`; each may be left out in those of `serve`. */
export interface HelloAppOptions {
  /** What the page says. Default: `"Hello, World!"`. */
  readonly text: string;
  /** Add this header to every response. */
  readonly responseHeader: readonly string[];
}

/** Options of the application `inspect`; each may be left out in those of `serve`. */
export interface InspectAppOptions {
  /** Show every request with its headers and body. Default: false. */
  readonly showRequests: boolean;
  /** Append every request to this file, a JSON object a line. */
  readonly requestLog: string | undefined;
  /** Stop appending to the request log when it is this large. Default: `104_857_600` (100m). */
  readonly requestLogLimit: number;
  /** Log this much of each body. Default: `65_536` (64k). */
  readonly logBody: number;
  /** Answers that are delayed at once; more get 503. Default: `4_096`. */
  readonly maxDelays: number;
  /** The same of one address; more get 429 (default a quarter of `maxDelays`). */
  readonly maxDelaysPerAddress: number | undefined;
  /** Believe X-Forwarded-For and X-Forwarded-Proto, for use behind a proxy. Default: false. */
  readonly trustForwarded: boolean;
  /** Let pages of any origin send cookies and read the answers, as httpbin does. Default: false. */
  readonly allowCredentials: boolean;
}
