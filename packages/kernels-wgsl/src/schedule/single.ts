import type { Node } from "@dzdt/tensor";
import type { Lowering, Plan, Value } from "@dzdt/tensor/lower";
import type { WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import type { Kernel } from "./kernel";
import type { Small } from "./steps";

/** What kernels of one invocation need to know of the memory. */
export interface Room {
  /** Where the heap ends. */
  readonly heapEnd: number;
  /** Words for variables that live from dispatch to dispatch. */
  readonly words: number;
}

/** Bytes of those words. */
export const wordsBytes = 64;

/** A kernel of one invocation, for nodes that no other schedule takes: loops, branches, kernels that go from one element to the next. */
export function singleKernel(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  nodes: readonly Node[],
  room: Room,
): Kernel {
  const kernel = module.kernel({ workgroup: "1" }, (k) => within(k, room, () => emitNodes(lowering, plan, nodes, k)));
  return { ...kernel, name: nodes.map((node) => node.op.name).join(" "), groups: [1, 1] };
}

/** The same as a step. */
export const singleStep = (
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  nodes: readonly Node[],
  room: Room,
): Small => ({
  name: nodes.map((node) => node.op.name).join(" "),
  widest: 1,
  emit: (k) => k.one((own) => within(own, room, () => emitNodes(lowering, plan, nodes, own))),
  alone: () => [singleKernel(module, lowering, plan, nodes, room)],
});

/** The state of the run that an invocation holds for itself. */
export function within(k: WgslEmitter, { heapEnd }: Room, body: () => void): void {
  k.code.line("heap_top = i32(memory[0]);");
  k.code.line(`heap_end = ${heapEnd}u;`);
  k.code.line("stopped = memory[1] == 0xffffffffu;");
  body();
  k.code.line("memory[0] = u32(heap_top);");
}

/** Emits some nodes of a plan. @param frame where its frame is, if not at 0 */
export function emitNodes(lowering: Lowering, plan: Plan, nodes: readonly Node[], k: WgslEmitter, frame?: Value): void {
  const chosen = new Set(nodes);
  const inlined = plan.tape.nodes.map((node, n) => plan.inlined[n] === true || !chosen.has(node));
  const site = { k, frame: frame ?? k.literal("int32", 0), fixed: frame === undefined };
  lowering.emitPlan(site, { ...plan, inlined });
}
