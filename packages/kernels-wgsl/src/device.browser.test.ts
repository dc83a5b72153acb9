import { expect, test } from "vitest";
import { expectedSquares, squares } from "../test/squares";
import { requestDevice } from "./device";

test("a device found in a browser computes", async () => {
  const device = await requestDevice();
  expect(await squares(device)).toEqual(expectedSquares);
  device.destroy();
});

test("tests run cross-origin isolated, so shared memory exists", () => {
  expect(crossOriginIsolated).toBe(true);
});
