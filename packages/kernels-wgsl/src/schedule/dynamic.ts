import type { Aval } from "@dzdt/tensor";
import { layRows, type Place, rowSlots, type Value } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import type { Kernel } from "./kernel";

/** A dynamic value outside of a program: its number of rows in 16 bytes, then room for as many as there can be. */
export interface Region {
  readonly aval: Aval;
  readonly place: Place;
  /** Where it is in memory. */
  readonly at: number;
}

const headBytes = 16;

export const strideOf = (aval: Aval): number => layRows([aval]).stride;

/** Bytes of a dynamic value outside of a program. */
export const regionBytes = (aval: Aval): number => headBytes + strideOf(aval) * aval.shape[0]!;

/** Points slots at rows that came in. */
export function openKernel(module: WgslModule, regions: readonly Region[]): Kernel {
  const kernel = module.kernel({ workgroup: "1" }, (k) => {
    const int = (value: number): Value => k.literal("int32", value);
    for (const { aval, place, at } of regions) {
      const slots = rowSlots((place as { slot: number }).slot);
      k.store("int32", int(slots.address), 0, int(at + headBytes));
      k.store("int32", int(slots.stride), 0, int(strideOf(aval)));
      k.store("int32", int(slots.rows), 0, k.load("int32", int(at), 0));
    }
  });
  return { ...kernel, name: "rows in", groups: [1, 1] };
}

/** Puts rows where the host finds them. */
export function closeKernel(module: WgslModule, regions: readonly Region[]): Kernel {
  const kernel = module.kernel({ workgroup: "1" }, (k) => {
    const int = (value: number): Value => k.literal("int32", value);
    for (const { aval, place, at } of regions) {
      const slots = rowSlots((place as { slot: number }).slot);
      const slot = (word: number): Value => k.load("int32", int(word), 0);
      const [address, stride, rows] = [slot(slots.address), slot(slots.stride), slot(slots.rows)];
      k.store("int32", int(at), 0, rows);
      k.loop(rows, (r) =>
        k.copy(
          k.add(int(at + headBytes), k.mul(r, int(strideOf(aval)))),
          k.add(address, k.mul(r, stride)),
          int(strideOf(aval)),
        ),
      );
    }
  });
  return { ...kernel, name: "rows out", groups: [1, 1] };
}
