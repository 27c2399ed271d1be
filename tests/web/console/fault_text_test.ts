/** Faults as sliders and as text. */

import { assertEquals } from "@std/assert";
import {
  faultTexts,
  moved,
  otherFaults,
  SLIDERS,
  sliderValues,
} from "../../../web/console/page/fault_text.js";
import { serve } from "../../../dock/serve.ts";
import { echo } from "../../../protocols/echo.ts";

Deno.test("faults become sliders, and what has no slider stays as it is", () => {
  const faults = ["in.loss=20%,latency=50ms,loss=3%", "latency=1s,share=50%", "blackout=2s"];
  const values = sliderValues(faults);
  assertEquals(values, { "in.loss": "20%", latency: "50ms" });
  const others = otherFaults(faults);
  assertEquals(others, ["loss=3%", "latency=1s,share=50%", "blackout=2s"]);
  assertEquals(faultTexts({ ...values, "in.loss": "" }, others), ["latency=50ms", ...others]);
  assertEquals(faultTexts({ loss: "" }, []), []);
});

Deno.test("every step of every slider is a fault that a server takes", async () => {
  await using stream = await serve("tcp://127.0.0.1:0", echo);
  await using datagrams = await serve("udp://127.0.0.1:0", echo);
  for (const { name, steps, ...slider } of SLIDERS) {
    for (const step of steps) {
      for (const direction of ["", "in.", "out."]) {
        const [fault = ""] = faultTexts(moved({}, direction, name, step), []);
        if (fault === "") continue;
        if (!("datagrams" in slider)) stream.setFaults(fault);
        if (!("streams" in slider)) datagrams.setFaults(fault);
      }
    }
  }
});

Deno.test("a jitter takes the latency along, and a latency the jitter", () => {
  assertEquals(moved({}, "in.", "jitter", "20ms"), { "in.jitter": "20ms", "in.latency": "20ms" });
  const both = { latency: "50ms", jitter: "20ms" };
  assertEquals(moved(both, "", "latency", "10ms"), { latency: "10ms", jitter: "10ms" });
  assertEquals(moved(both, "", "jitter", "50ms"), { latency: "50ms", jitter: "50ms" });
  assertEquals(moved(both, "", "loss", "1%"), { ...both, loss: "1%" });
});
