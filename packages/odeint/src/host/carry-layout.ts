import type { Aval, Mapped, Tensor } from "@dzdt/tensor";
import type { Carry } from "../problem";
import type { Part } from "./program";

/** Where everything is in the flat list of a carry's leaves. */
export interface CarryLayout {
  readonly types: readonly Aval[];
  readonly places: Mapped<Carry, number>;
  readonly rebuild: (leaves: readonly Tensor[]) => Carry;
}

/** The layout of what a part returns. */
export const carryLayout = ({ outs, rebuild }: Part<Carry>): CarryLayout => ({
  types: outs,
  places: rebuild(outs.map((_, k) => k)) as unknown as CarryLayout["places"],
  rebuild,
});
