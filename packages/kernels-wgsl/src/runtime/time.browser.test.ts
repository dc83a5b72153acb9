import { expect, test } from "vitest";
import { timesOfPrograms } from "../../test/times";
import { webgpu } from "../target";

test("programs are timed in a browser", async () => {
  const target = await webgpu();
  expect(target.device.features.has("timestamp-query")).toBe(
    (await navigator.gpu.requestAdapter())!.features.has("timestamp-query"),
  );
  await timesOfPrograms(target);
  target.dispose();
});
