import { assertEquals } from "@std/assert";
import { RoundTrip } from "../../../../layers/reliable/recovery/round_trip.ts";
import { SentPackets } from "../../../../layers/reliable/recovery/sent_packets.ts";

/** Packets of a sender, one each millisecond, and what became of them. */
class Sender {
  readonly told: string[] = [];
  readonly roundTrip = new RoundTrip();
  readonly packets = new SentPackets({
    acknowledged: ({ number }) => this.told.push(`acknowledged ${number}`),
    lost: ({ number }) => this.told.push(`lost ${number}`),
    mistaken: ({ number }) => this.told.push(`mistaken ${number}`),
  });

  constructor(count: number) {
    this.roundTrip.measured(100, 0);
    for (let number = 0; number < count; number++) this.add(number, number);
  }

  add(number: number, sentAtMs: number): void {
    const part = { start: 0, end: 0, finish: false, isSizeProbe: false, delivery: undefined };
    this.packets.add({ number, sentAtMs, bytes: 1000, kernelBytes: 2048, ...part });
  }

  acknowledge(start: number, end: number, nowMs: number): void {
    this.packets.acknowledge(start, end);
    this.packets.detectLoss(nowMs, this.roundTrip);
  }
}

Deno.test("without reordering a packet is lost after three later ones, or after a while", () => {
  const sender = new Sender(10);
  sender.acknowledge(1, 3, 102);
  assertEquals(sender.told, ["acknowledged 1", "acknowledged 2"]);
  // A round trip and a quarter after it was sent.
  assertEquals(sender.packets.lossAtMs, 125);
  sender.acknowledge(3, 4, 103);
  assertEquals(sender.told.slice(2), ["acknowledged 3", "lost 0"]);
  sender.acknowledge(5, 6, 105);
  assertEquals(sender.packets.lossAtMs, 129);
  sender.packets.detectLoss(129, sender.roundTrip);
  assertEquals(sender.told.slice(4), ["acknowledged 5", "lost 4"]);
});

Deno.test("once packets were overtaken, time alone tells", () => {
  const sender = new Sender(20);
  sender.acknowledge(1, 2, 101);
  sender.acknowledge(0, 1, 102);
  sender.acknowledge(3, 15, 120);
  assertEquals(sender.told.filter((what) => what.startsWith("lost")), []);
  assertEquals(sender.packets.lossAtMs, 127);
  sender.acknowledge(2, 3, 126);
  assertEquals(sender.packets.lossAtMs, Infinity);
});

Deno.test("a lost packet that arrives after all is told, and widens the window", () => {
  const sender = new Sender(20);
  sender.acknowledge(1, 5, 105);
  assertEquals(sender.told.at(-1), "lost 0");
  assertEquals(sender.packets.oldestOfInterest, 0);
  sender.acknowledge(0, 5, 130);
  assertEquals(sender.told.at(-1), "mistaken 0");
  assertEquals(sender.packets.oldestOfInterest, 5);
  sender.acknowledge(6, 7, 131);
  assertEquals(sender.packets.lossAtMs, 5 + 150);
});

Deno.test("few lost packets are remembered, and not for long", () => {
  const sender = new Sender(100);
  sender.acknowledge(50, 51, 151);
  const lost = () => sender.told.filter((what) => what.startsWith("lost")).length;
  assertEquals([lost(), sender.packets.oldestOfInterest], [48, 32]);
  sender.add(100, 152);
  sender.acknowledge(48, 50, 152);
  assertEquals(sender.packets.oldestOfInterest, 32);
  // Sent after all of them were lost.
  sender.acknowledge(51, 101, 252);
  assertEquals(sender.packets.oldestOfInterest, 101);
  // Whoever was told that may acknowledge them.
  sender.acknowledge(0, 101, 253);
  assertEquals(sender.told.filter((what) => what.startsWith("mistaken")), []);
});
