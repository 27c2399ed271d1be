/** The types of the library's options are those of the option tables. */

import { assertEquals } from "@std/assert";
import { optionTypeFiles } from "../.ci/option_types.ts";
import type { clientKinds } from "../clients/index.ts";
import type { fetchOptions } from "../clients/http/options.ts";
import type { FetchValues } from "../clients/http/option_types.ts";
import type { Intersection, OptionTable, OptionValues } from "../core/options/option.ts";
import type { serveOptions } from "../dock/applicable.ts";
import type { layerStackOptions } from "../dock/layer_stack.ts";
import type { DialOptions, LayerOptions, ListenOptions } from "../dock/option_types.ts";
import type { layers } from "../layers/index.ts";
import type { chatOptions, clusterOptions } from "../protocols/chat/options.ts";
import type { inboxOptions } from "../protocols/inbox/options.ts";
import type {
  ChatProtocolOptions,
  ClusterOptions,
  InboxProtocolOptions,
} from "../protocols/option_types.ts";
import type { serverKinds } from "../servers/index.ts";
import type { options as filesOptions } from "../web/files/options.ts";
import type { inspectOptions } from "../web/inspect/options.ts";
import type { FilesAppOptions, InspectAppOptions } from "../web/option_types.ts";

Deno.test("the written types are those that the tables give; else: deno task option-types", async () => {
  for (const [path, text] of await optionTypeFiles()) {
    assertEquals(await Deno.readTextFile(new URL(`../${path}`, import.meta.url)), text, path);
  }
});

/** What a table gives, as a caller may write it. */
type Given<Table extends OptionTable> = {
  readonly [Key in keyof Table]?: OptionValues<Table>[Key];
};

type Flat<T> = { [Key in keyof T]: T[Key] };

/** True for two types that are the same to TypeScript, modifiers included. */
type Same<One, Other> = (<T>() => T extends Flat<One> ? 1 : 2) extends
  (<T>() => T extends Flat<Other> ? 1 : 2) ? true : false;

type TableOfAll<Kinds extends readonly { readonly options: OptionTable }[]> = Intersection<
  Kinds[number]["options"]
>;

/** TypeScript compares; nothing is left to do when the test runs. */
const same: {
  readonly listen: Same<
    ListenOptions,
    Given<TableOfAll<typeof serverKinds> & typeof serveOptions>
  >;
  readonly dial: Same<DialOptions, Given<TableOfAll<typeof clientKinds>>>;
  readonly layers: Same<LayerOptions, Given<TableOfAll<typeof layers> & typeof layerStackOptions>>;
  readonly fetch: Same<FetchValues, Given<typeof fetchOptions>>;
  readonly chat: Same<ChatProtocolOptions, OptionValues<typeof chatOptions>>;
  readonly cluster: Same<ClusterOptions, OptionValues<typeof clusterOptions>>;
  readonly inbox: Same<InboxProtocolOptions, OptionValues<typeof inboxOptions>>;
  readonly files: Same<FilesAppOptions, OptionValues<typeof filesOptions>>;
  readonly inspect: Same<InspectAppOptions, OptionValues<typeof inspectOptions>>;
} = {
  listen: true,
  dial: true,
  layers: true,
  fetch: true,
  chat: true,
  cluster: true,
  inbox: true,
  files: true,
  inspect: true,
};

Deno.test("to TypeScript the written types and those of the tables are the same", () => {
  assertEquals([...new Set(Object.values(same))], [true]);
});
