import { assertEquals } from "@std/assert";
import { DeliveryRate } from "../../../../layers/reliable/recovery/delivery_rate.ts";

Deno.test("a sample is what was delivered over the longer of the times to send and to acknowledge", () => {
  const delivery = new DeliveryRate();
  const first = delivery.sent(1000, 0, 0);
  const second = delivery.sent(1000, 1000, 10);
  delivery.acknowledged(first, 1000, 50);
  assertEquals(delivery.take(50)?.rate, 1000 / 50);
  // Acknowledged right after the first, though sent 10 ms later: they were held back together.
  delivery.acknowledged(second, 1000, 52);
  const sample = delivery.take(40)!;
  assertEquals([sample.deliveredBytes, sample.rate], [2000, 2000 / 52]);
  assertEquals(delivery.take(40), undefined);
});

Deno.test("a time shorter than a round trip tells no rate", () => {
  const delivery = new DeliveryRate();
  delivery.acknowledged(delivery.sent(1000, 0, 0), 1000, 1);
  assertEquals(delivery.take(50)?.rate, 0);
});

Deno.test("samples are marked until what was on its way is delivered that the application left short", () => {
  const delivery = new DeliveryRate();
  const [first, second] = [delivery.sent(1000, 0, 0), delivery.sent(1000, 1000, 0)];
  delivery.limitByApplication(2000);
  const third = delivery.sent(1000, 2000, 10);
  assertEquals([second, third].map((state) => state.isApplicationLimited), [false, true]);
  for (const state of [first, second, third]) delivery.acknowledged(state, 1000, 60);
  assertEquals(delivery.take(10)?.isApplicationLimited, true);
  assertEquals(delivery.sent(1000, 0, 70).isApplicationLimited, false);
});

Deno.test("a sample says what was lost since its packet was sent, and what was on its way", () => {
  const delivery = new DeliveryRate();
  delivery.lost(500);
  const state = delivery.sent(1000, 3000, 0);
  delivery.lost(200);
  delivery.acknowledged(state, 1000, 60);
  const { lostBytes, inFlightBytes, newBytes } = delivery.take(10)!;
  assertEquals([lostBytes, inFlightBytes, newBytes], [200, 4000, 1000]);
});
