import type { Node } from "@dzdt/tensor";
import type { Lowering, Plan } from "@dzdt/tensor/lower";
import type { WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import type { Kernel } from "./kernel";
import { mostWords, moveKernel, moveTogether } from "./moves";
import { type Move, PhaseEmitter } from "./phases";
import { emitNodes, type Room, within } from "./single";
import { mostOperations, type Small, type Step } from "./steps";

/** What one invocation does to set something up, and words that many move then. */
export function openingSteps(
  module: WgslModule,
  name: string,
  emit: (k: WgslEmitter, moves: Move[]) => void,
): readonly Step[] {
  const moves: Move[] = [];
  const open: Kernel = { ...module.kernel({ workgroup: "1" }, (k) => emit(k, moves)), name, groups: [1, 1] };
  const move = moves.length > 0 ? [moveKernel(module, moves)] : [];
  const widest = Math.max(1, mostWords(moves));
  const together = widest <= mostOperations;
  const small: Small = {
    name,
    widest: together ? widest : 1,
    emit: (k) => {
      const own: Move[] = [];
      k.one((one) => emit(one, own));
      if (together && own.length > 0) moveTogether(k, own);
    },
    alone: () => (together ? [open, ...move] : [open]),
  };
  return together ? [small] : [small, ...move];
}

/** What sets a loop up that is then run by several dispatches. */
export const openingOf = (
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  room: Room,
): readonly Step[] =>
  openingSteps(module, `${node.op.name} begins`, (k, moves) =>
    within(k, room, () =>
      emitNodes(lowering, plan, [node], new PhaseEmitter(k.callees, k.code, { kind: "open", moves }, room.words)),
    ),
  );
