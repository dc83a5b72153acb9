import { foldWidth } from "@dzdt/tensor/lower";
import { compute } from "./probe";
import { teamSizeOf } from "./schedule/team";
import { enableSets, numberAcross, numberOfFirst, placeInSet } from "./wgsl/sets";

/** A fold has so many lanes, and exchanges numbers among no more invocations. */
const most = foldWidth("float32");

/** Sizes of the workgroups that fold. */
function* sizesOf(device: GPUDevice): Generator<number> {
  for (let size = foldWidth("float64"); size <= teamSizeOf(device); size *= 2) yield size;
}

/**
 * How many invocations side by side may tell each other numbers on a device: a power of two, 1 if none may. These are as many as the smallest of its
 * subgroups has, if the device has the feature `subgroups`, and if the numbers are right in workgroups of all sizes in use, as WGSL does not say
 * which invocations are of one subgroup.
 */
export async function setOf(device: GPUDevice): Promise<number> {
  const set = device.features.has("subgroups") ? Math.min(most, device.adapterInfo.subgroupMinSize ?? 1) : 1;
  if (set === 1) return 1;
  const right = await Promise.all(Array.from(sizesOf(device), (size) => tells(device, size, Math.min(set, size))));
  return right.every((each) => each) ? set : 1;
}

/** Do the invocations of a workgroup hear what they should? */
async function tells(device: GPUDevice, size: number, set: number): Promise<boolean> {
  const distances = Array.from({ length: Math.log2(set) }, (_, level) => 2 ** level);
  const texts = [...distances.map((distance) => numberAcross("own", distance)), numberOfFirst("own", set)];
  const heard = [...distances.map((distance) => (i: number) => i ^ distance), (i: number) => i - (i % set)];
  const found = await compute(device, shader(size, texts), new Float32Array(size * texts.length), 1).catch(() => []);
  return heard.every((from, k) =>
    Array.from({ length: size }, (_, i) => found[k * size + i] === from(i) + 0.5).every((each) => each),
  );
}

const shader = (size: number, texts: readonly string[]): string => /* wgsl */ `${enableSets}
@group(0) @binding(0) var<storage, read_write> found: array<f32>;
${placeInSet}
@compute @workgroup_size(${size})
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(subgroup_invocation_id) subgroup: u32) {
  in_set = subgroup;
  let own = f32(local.x) + 0.5f;
${texts.map((text, k) => `  found[${k * size}u + local.x] = ${text};`).join("\n")}
}`;
