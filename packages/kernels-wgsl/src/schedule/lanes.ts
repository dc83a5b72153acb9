import { byteSize, type Node, sizeOf } from "@dzdt/tensor";
import { type Lowering, type LoopAttributes, type Plan, splitOutputs, type Value } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import { groupSize, groupsFor, invocation, type Kernel } from "./kernel";
import { moveKernel } from "./moves";
import { type Move, PhaseEmitter } from "./phases";
import { emitNodes, type Room } from "./single";

/** Loops side by side whose values are held in registers: the rows of a map, or the elements of a batch. */
export function isLanes(plan: Plan, node: Node): boolean {
  const mode = plan.inRegisters.get(node);
  if (mode === undefined || mode === "steps") return false;
  const a = node.attributes as unknown as LoopAttributes;
  const avals = node.outs.map((id) => plan.tape.avals[id]!);
  // Bools may share a word, which only one invocation can write.
  return (
    lanesOf(a) > 1 && avals.every(({ dtype, shape, dynamic }) => !dynamic && (dtype !== "bool" || shape.length === 0))
  );
}

const lanesOf = (a: LoopAttributes): number => a.single?.size ?? a.length;

/** Memory of one invocation beside its registers. */
export function roomOf(plan: Plan, node: Node): number {
  const mode = plan.inRegisters.get(node);
  return mode === undefined || mode === "steps" ? 0 : Math.ceil(mode.bytes / 16) * 16;
}

/** Kernels of one invocation for each lane. Their memory begins at `base`. */
export function lanesKernels(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  base: number,
  room: Room,
): Kernel[] {
  const a = node.attributes as unknown as LoopAttributes;
  const count = lanesOf(a);
  const bytes = roomOf(plan, node);
  const [doneSlot, roomSlot] = plan.scratch.get(node)!.slice(-2) as [number, number];
  const outs = splitOutputs(a, node.outs, "loop");
  const [steps] = outs.steps.map((id) => (plan.places[id] as { offset: number }).offset);
  const counter = a.single ? outs.carries[a.single.loop.carries] : undefined;
  const moves: Move[] = [];
  const open = module.kernel({ workgroup: "1" }, (k) =>
    emitNodes(lowering, plan, [node], new PhaseEmitter(k.callees, k.code, { kind: "open", moves }, room.words)),
  );
  const run = module.kernel({ workgroup: String(groupSize) }, (k) => {
    const here = k.code.fresh("int32", invocation);
    k.if(k.less(here, k.literal("int32", count)), () => {
      k.code.line(`lane_done = ${here.text};`);
      k.code.line(`lane_room = ${base}i + lane_done * ${bytes}i;`);
      const dropped = steps !== undefined && counter !== undefined ? new Set([steps]) : new Set<number>();
      module.asLane({ done: doneSlot, room: roomSlot, dropped }, () =>
        emitNodes(lowering, plan, [node], new PhaseEmitter(k.callees, k.code, { kind: "one" }, room.words)),
      );
    });
  });
  const name = `${a.single ? a.single.loop.body.where : a.body.where} of each ${a.single ? "element" : "row"}`;
  const kernels: Kernel[] = [{ ...open, name: "loop begins", groups: [1, 1] }];
  if (moves.length > 0) kernels.push(moveKernel(module, moves));
  kernels.push({ ...run, name, groups: groupsFor(count, groupSize) });
  if (steps !== undefined && counter !== undefined) {
    const from = (plan.places[counter] as { offset: number }).offset;
    kernels.push(mostKernel(module, from, steps, sizeOf(plan.tape.avals[counter]!.shape)));
  }
  return kernels;
}

/** The number of iterations of a batch: the most of its elements. */
function mostKernel(module: WgslModule, from: number, to: number, count: number): Kernel {
  const kernel = module.kernel({ workgroup: "1" }, (k) => {
    const int = (value: number): Value => k.literal("int32", value);
    const most = k.variable(int(0));
    k.loop(count, (i) => most.set(k.max(most.get(), k.load("int32", k.mul(i, int(byteSize("int32"))), from))));
    k.store("int32", int(to), 0, most.get());
  });
  return { ...kernel, name: "steps of all", groups: [1, 1] };
}
