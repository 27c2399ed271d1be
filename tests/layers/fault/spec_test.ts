import { assertEquals, assertThrows } from "@std/assert";
import type { Carrier } from "../../../core/layer.ts";
import { UsageError } from "../../../core/usage_error.ts";
import { parseFaults } from "../../../layers/fault/spec.ts";

Deno.test("faults are read with their units, from one text or several", () => {
  const { in: one, out: other } = parseFaults(
    ["loss=5%,reorder=0.02", " duplicate=.5 , corrupt=100%", "latency=20ms~5ms,bandwidth=1m/s"],
    "datagram",
  );
  assertEquals(one, other);
  assertEquals([one.loss, one.reorder, one.duplicate, one.corrupt], [0.05, 0.02, 0.5, 1]);
  assertEquals([one.latencyMs, one.jitterMs, one.bandwidthBytesPerSecond], [20, 5, 1_048_576]);
  const stream = parseFaults(
    ["slice=1@5ms,reset=1%,reset-after=10k,close-after=2,jitter=0s"],
    "stream",
  );
  assertEquals(stream.in.slice, { bytes: 1, varyBytes: 0, pauseMs: 5 });
  assertEquals([stream.in.reset, stream.in.resetAfterBytes], [0.01, 10_240]);
  const dark = parseFaults(["blackout=2s@5s"], "stream");
  assertEquals(dark.out.blackout, { lengthMs: 2000, startMs: 5000 });
});

Deno.test("a fault for one direction leaves the other alone, and wins over the one for both", () => {
  const { in: inward, out } = parseFaults(["loss=1%,in.loss=5%,out.latency=1s"], "datagram");
  assertEquals([inward.loss, out.loss], [0.05, 0.01]);
  assertEquals([inward.latencyMs, out.latencyMs], [undefined, 1000]);
});

Deno.test("the same fault in several texts is met one after the other", () => {
  const { in: inward, out } = parseFaults([
    "in.latency=1s~10ms,bandwidth=2k,in.slice=64~32@5ms,close-after=9,out.timeout=0s,slow-close=1s",
    "in.latency=20ms~5ms,bandwidth=1k,in.slice=100@7ms,close-after=8,out.timeout=3s,slow-close=2s",
    "out.timeout=4s,reset-after=7,reset-in=3s",
    "out.latency=1s,reset-after=6,reset-in=2s",
  ]);
  assertEquals([inward.latencyMs, inward.jitterMs, out.latencyMs], [1020, 15, 1000]);
  assertEquals(inward.slice, { bytes: 64, varyBytes: 32, pauseMs: 7 });
  assertEquals([inward.closeAfterBytes, inward.resetAfterBytes, inward.resetInMs], [8, 6, 2000]);
  assertEquals([out.bandwidthBytesPerSecond, out.timeoutMs, out.slowCloseMs], [1024, 3000, 3000]);
  const longest = parseFaults(Array(1000).fill("latency=1h~1h,slow-close=1h"));
  assertEquals([longest.in.latencyMs, longest.in.jitterMs], [3_600_000, 3_600_000]);
  assertThrows(() => parseFaults(["loss=1%", "loss=2%"]), UsageError, "loss stands there twice");
});

const WRONG: readonly [spec: string, carrier: Carrier, message: string][] = [
  ["los=5%", "datagram", 'unknown fault "los" (did you mean loss?)'],
  ["up.loss=5%", "datagram", 'unknown fault "up.loss"'],
  ["constructor=1", "datagram", 'unknown fault "constructor"'],
  ["loss", "datagram", "loss needs a value, such as loss=5%"],
  [
    "loss=101%",
    "datagram",
    '--fault loss: expected a share from 0% to 100%, such as 5% or 0.05, got "101%"',
  ],
  ["loss=5", "datagram", "a share from 0% to 100%"],
  ["loss=-1%", "datagram", "a share from 0% to 100%"],
  ["loss=1%,loss=2%", "datagram", "loss stands there twice"],
  ["latency=fast", "stream", "--fault latency: expected a duration"],
  ["latency=2h", "stream", "a duration of at most 1h"],
  ["latency=1ms~2ms", "stream", "a jitter of 2 ms needs a latency of at least as much, got 1 ms"],
  ["jitter=2ms", "stream", "such as latency=2ms"],
  ["latency=1ms~1ms~1ms", "stream", "a latency such as 20ms"],
  ["bandwidth=0", "stream", "a size of at least 1"],
  ["queue=1k", "stream", "queue has no effect without bandwidth or latency"],
  ["blackout=1s@2s@3s", "datagram", "a blackout such as 2s@5s"],
  ["slice=1@2s@3s", "stream", "a size such as 1, 10@5ms or 64~32@5ms"],
  ["", "datagram", "the layer fault needs to know which"],
  [
    "slice=1",
    "datagram",
    "slice cannot be had on a datagram transport: datagrams have no connection",
  ],
  ["reset=1%", "datagram", "reset cannot be had on a datagram transport"],
  [
    "loss=1%",
    "stream",
    "loss cannot be had on a stream transport: a stream repairs what the network",
  ],
  ["in.corrupt=1%", "stream", "corrupt cannot be had on a stream transport"],
  ["duplicate=1%", "stream", "would falsify the data"],
  ["out.reorder=1%", "stream", "use latency, bandwidth, slice, reset, reset-after or close-after"],
];

for (const [spec, carrier, message] of WRONG) {
  Deno.test(`--fault ${spec || "of nothing"} is refused on a ${carrier}`, () => {
    assertThrows(() => parseFaults([spec], carrier), UsageError, message);
  });
}
