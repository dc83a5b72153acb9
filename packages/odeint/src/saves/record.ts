import { cast, isFloat, scan, Tensor, tree, type Tree, where } from "@dzdt/tensor";
import { atHand } from "../at-hand";
import { beside } from "../rows";
import { realOf, type StateType } from "../vectorField";
import type { SavedLeaves } from "./collect";
import type { GivenSave, GivenSaves } from "./given";
import type { SaveRecord } from "./save";

/** What a solve says of its saves. */
export function savedRecords(
  saves: GivenSaves,
  rows: readonly SavedLeaves[],
  state: StateType,
  args: unknown,
): Readonly<Record<string, SaveRecord<Tree>>> {
  return Object.fromEntries(saves.list.map((save, k) => [save.name, recordOf(save, rows[k]!, state, args)]));
}

function recordOf(save: GivenSave, { t, y, held }: SavedLeaves, state: StateType, args: unknown): SaveRecord<Tree> {
  const count = cast(held, "int32").sum(0);
  const known = count.ndim === 0 ? atHand(count)?.[0] : undefined;
  const shown = (x: Tensor): Tensor => {
    if (known !== undefined) return x.slice([0], [known]);
    const mask = beside(held, x);
    return x.dtype === "bool" ? x.and(mask) : where(mask, x, isFloat(x.dtype) ? NaN : 0);
  };
  return { t: shown(t), y: tree.map(shown, made(save, t, y, state, args)), count };
}

/** What a save makes of states. */
function made({ of }: GivenSave, t: Tensor, y: readonly Tensor[], state: StateType, args: unknown): Tree {
  if (!of) return tree.unflatten<Tree>(state.structure, y);
  const real = realOf(state);
  let structure: tree.Structure = null;
  const one: OfRow = ([time, ...leaves]) => {
    const flat = tree.flatten(of(cast(time!, real), tree.unflatten<never>(state.structure, leaves), args as never));
    structure = flat.structure;
    return flat.leaves.map((x) => (x instanceof Tensor ? x : Tensor.scalar(Number(x), real, t.target)));
  };
  const found = (t.ndim > 1 ? eachRow(eachRow(one)) : eachRow(one))([t, ...y]);
  return tree.unflatten<Tree>(structure, found);
}

type OfRow = (row: readonly Tensor[]) => readonly Tensor[];

/** A function of a row as one of rows along axis 0. */
const eachRow =
  (f: OfRow): OfRow =>
  (rows) =>
    scan<Tensor[], Tensor[], never>((none, row) => [none, f(row) as never], [], [...rows])[1];
