import type { Node } from "@dzdt/tensor";
import type { Lowering, LoopAttributes, Plan, Value } from "@dzdt/tensor/lower";
import type { WgslEmitter } from "../wgsl/emit";
import type { WgslModule } from "../wgsl/module";
import type { Kernel } from "./kernel";
import { moveKernel } from "./moves";
import { type Move, type Phase, PhaseEmitter } from "./phases";

/** A loop that may be long is a chain of dispatches of so many rounds each, lest a watchdog takes the GPU to hang. */
const rounds = { steps: 16, memory: 1024 } as const;

/** Iterations of one round where a loop runs in registers. */
const stepsPerRound = 256;

/** The most dispatches of one loop; more iterations make them longer. */
const mostDispatches = 256;

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

/** Of a loop that one invocation runs, how many rounds there may be, and how many are not worth a dispatch. */
export function roundsOf(plan: Plan, node: Node): { readonly needed: number; readonly least: number } | undefined {
  if (node.op.control !== "loop") return undefined;
  const mode = plan.inRegisters.get(node);
  if (mode !== undefined && mode !== "steps") return undefined;
  const { length } = node.attributes as unknown as LoopAttributes;
  return mode
    ? { needed: Math.ceil(length / stepsPerRound) + 1, least: rounds.steps }
    : { needed: length, least: rounds.memory };
}

/** A loop as what sets it up and a chain of equal dispatches, which do nothing once it has ended. Undefined for short ones. */
export function chainKernels(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  room: Room,
): Kernel[] | undefined {
  const round = roundsOf(plan, node);
  if (!round || round.needed <= round.least) return undefined;
  const { needed, least } = round;
  const budget = Math.max(least, Math.ceil(needed / mostDispatches));
  const moves: Move[] = [];
  const part = (phase: Phase): Omit<Kernel, "name" | "groups"> =>
    module.kernel({ workgroup: "1" }, (k) =>
      within(k, room, () => emitNodes(lowering, plan, [node], new PhaseEmitter(k.callees, k.code, phase, room.words))),
    );
  const one = { groups: [1, 1] as const };
  const { name } = node.op;
  const open = { ...part({ kind: "open", moves }), ...one, name: `${name} begins` };
  const some = { ...part({ kind: "some", budget }), ...one, name: `${name} goes on` };
  const chain = new Array<Kernel>(Math.ceil(needed / budget)).fill(some);
  return [open, ...(moves.length > 0 ? [moveKernel(module, moves)] : []), ...chain];
}

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
