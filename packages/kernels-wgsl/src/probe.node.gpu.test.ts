import { expect, test } from "vitest";
import { create } from "webgpu";
import { requestDeviceFrom } from "./device";

// Kept until the process ends, as devices of it may live.
let idle: GPU;

test("an adapter that computes nothing is refused", async () => {
  idle = create(["backend=null"]);
  const source = { name: "idle", load: () => Promise.resolve(idle) };
  await expect(requestDeviceFrom([source], {}, "webgpu")).rejects.toThrow(/idle: computes wrong numbers/);
});
