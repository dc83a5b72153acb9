import { byteSize, type Node, sizeOf, type Tape } from "@dzdt/tensor";
import {
  type CallAttributes,
  type Lowering,
  type LoopAttributes,
  type Plan,
  remembered,
  splitOutputs,
  type Value,
} from "@dzdt/tensor/lower";
import { type Chain, hasEnded, isDone } from "../wgsl/chain";
import type { KernelText, WgslModule } from "../wgsl/module";
import { spanOf } from "./hazards";
import { groupSize, groupsFor, invocation, type Kernel, leaveMore } from "./kernel";
import { openingSteps } from "./openings";
import { PhaseEmitter } from "./phases";
import { emitNodes, type Room } from "./single";
import type { Small, Step } from "./steps";

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
function roomOf(plan: Plan, node: Node): number {
  const mode = plan.inRegisters.get(node);
  return mode === undefined || mode === "steps" ? 0 : Math.ceil(mode.bytes / 16) * 16;
}

/** Iterations of a lane in one dispatch, lest a watchdog takes the GPU to hang. */
const fewestSteps = 4096;

/** The most dispatches of one loop; more iterations make them longer. */
const mostDispatches = 64;

/** The most iterations of the longest loop that a lane runs. */
const longestLoop = ({ single, body }: LoopAttributes): number => single?.loop.length ?? longestWithin(body);

const longestWithin: (tape: Tape) => number = remembered(({ nodes }) =>
  Math.max(
    0,
    ...nodes.map(({ op, attributes }) => {
      if (op.control === "loop") return (attributes as unknown as LoopAttributes).length;
      return op.control === "call" ? longestWithin((attributes as CallAttributes).tape) : 0;
    }),
  ),
);

/** How the loop of each lane is spread over dispatches; undefined where it is short, or there is none. */
export function chainOf(module: WgslModule, lowering: Lowering, plan: Plan, node: Node, room: Room): Chain | undefined {
  const longest = longestLoop(node.attributes as unknown as LoopAttributes);
  if (longest <= fewestSteps) return undefined;
  const chain: Chain = {
    budget: Math.max(fewestSteps, Math.ceil(longest / mostDispatches)),
    base: 0,
    words: 0,
    taken: false,
  };
  laneKernel(module, lowering, plan, node, 0, room, chain);
  return chain.words > 0 ? chain : undefined;
}

/** Bytes of the working memory of all lanes. */
export const lanesBytes = (plan: Plan, node: Node, chain: Chain | undefined): number =>
  lanesOf(node.attributes as unknown as LoopAttributes) * (roomOf(plan, node) + 4 * (chain?.words ?? 0));

function laneKernel(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  base: number,
  room: Room,
  chain: Chain | undefined,
): KernelText {
  const a = node.attributes as unknown as LoopAttributes;
  const [doneSlot, roomSlot] = plan.scratch.get(node)!.slice(-2) as [number, number];
  const counted = stepsOf(plan, node);
  const dropped = new Set(counted ? [counted.to] : []);
  return module.kernel({ workgroup: String(groupSize) }, (k) => {
    const here = k.code.fresh("int32", invocation);
    k.if(k.less(here, k.literal("int32", lanesOf(a))), () => {
      k.code.line(`lane_number = ${here.text};`);
      if (chain && chain.words > 0) k.code.line(`if (${isDone(chain)}) { return; }`);
      k.code.line(`lane_done = ${here.text};`);
      k.code.line(`lane_room = ${base}i + lane_done * ${roomOf(plan, node)}i;`);
      module.asLane({ done: doneSlot, room: roomSlot, dropped, ...(chain ? { chain } : {}) }, () =>
        emitNodes(lowering, plan, [node], new PhaseEmitter(k.callees, k.code, { kind: "one" }, room.words)),
      );
      if (chain && chain.words > 0) k.code.line(`if (!(${hasEnded(chain)})) { ${leaveMore} }`);
    });
  });
}

/** Where the numbers of iterations of a batch's elements are, and where the most of them belongs. */
interface Counted {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

function stepsOf(plan: Plan, node: Node): Counted | undefined {
  const a = node.attributes as unknown as LoopAttributes;
  const outs = splitOutputs(a, node.outs, "loop");
  const [to] = outs.steps.map((id) => (plan.places[id] as { offset: number }).offset);
  const counter = a.single ? outs.carries[a.single.loop.carries] : undefined;
  if (to === undefined || counter === undefined) return undefined;
  const { offset } = plan.places[counter] as { offset: number };
  return { from: offset, to, count: sizeOf(plan.tape.avals[counter]!.shape) };
}

/** One invocation for each lane, and what stands before and after. Their memory begins at `base`. */
export function lanesSteps(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  base: number,
  room: Room,
  short: Chain | undefined,
): readonly Step[] {
  const a = node.attributes as unknown as LoopAttributes;
  const count = lanesOf(a);
  const chain = short && { ...short, base: base + count * roomOf(plan, node), taken: false };
  const name = `${a.single ? a.single.loop.body.where : a.body.where} of each ${a.single ? "element" : "row"}`;
  const run: Kernel = {
    ...laneKernel(module, lowering, plan, node, base, room, chain),
    name,
    groups: groupsFor(count, groupSize),
    ...(chain ? { repeats: true } : {}),
  };
  const more = chain ? Math.ceil(longestLoop(a) / chain.budget) - 1 : 0;
  const counted = stepsOf(plan, node);
  return [
    ...openingSteps(module, "loop begins", (k, moves) =>
      emitNodes(lowering, plan, [node], new PhaseEmitter(k.callees, k.code, { kind: "open", moves }, room.words)),
    ),
    run,
    ...new Array<Kernel>(more).fill({ ...run, name: `${name} goes on`, parameters: [1] }),
    ...(counted ? [stepsOfAll(counted)] : []),
  ];
}

/** The number of iterations of a batch: the most of its elements. */
const stepsOfAll = ({ from, to, count }: Counted): Small => ({
  name: "steps of all",
  widest: count,
  emit: (k) => {
    const bytes = byteSize("int32");
    const int = (value: number): Value => k.literal("int32", value);
    const most = k.alone.variable(int(0));
    k.touch([spanOf(int(0), from, bytes * count)], []);
    k.each(count, (own, i) => most.set(own.max(most.get(), own.load("int32", own.mul(i, int(bytes)), from))));
    k.store("int32", int(to), 0, k.largest(most.get()));
  },
});
