import { type Aval, type Mapped, type Tensor, tree } from "@dzdt/tensor";
import type { Carry } from "../problem";
import type { Part } from "./program";

/** Where everything is in the flat list of a carry's leaves. */
export interface CarryLayout {
  readonly types: readonly Aval[];
  readonly places: Mapped<Carry, number>;
  readonly rebuild: (leaves: readonly Tensor[]) => Carry;
}

/** The layout of what a part returns. */
export function carryLayout({ structure, outs }: Part<Carry>): CarryLayout {
  return {
    types: outs,
    places: tree.unflatten(
      structure,
      outs.map((_, k) => k),
    ),
    rebuild: (leaves) => tree.unflatten<Carry>(structure, leaves),
  };
}
