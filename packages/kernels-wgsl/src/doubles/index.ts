import { circular } from "./circular";
import type { Doubles } from "./doubles";
import { helpersWith } from "./helpers";
import { join, split } from "./host";
import { wrongBy } from "./self-test";
import { type Guard, keep, trust } from "./text";
import { DeviceError } from "../errors";

const guarded = (guard: Guard): Doubles => ({ helpers: helpersWith(guard), rule: circular, split, join });

/**
 * float64 as pairs of float32, as fast as the device's compiler allows: where it rearranges sums, as WGSL lets it, these are guarded.
 * @throws DeviceError where even those are not what they should be, with what was measured
 */
export async function doublesOn(device: GPUDevice): Promise<Doubles> {
  let wrong: string | undefined;
  for (const guard of [trust, keep]) {
    const doubles = guarded(guard);
    wrong = await wrongBy(device, doubles.helpers);
    if (wrong === undefined) return doubles;
  }
  throw new DeviceError(
    `webgpu: df64 cannot be had on this adapter: ${wrong}, as its compiler rearranges arithmetic; use the target wasm for float64, or float32 here`,
  );
}
