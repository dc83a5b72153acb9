import { type Node, sizeOf, type Tape } from "@dzdt/tensor";
import type { CallAttributes, Lowering, LoopAttributes, Plan } from "@dzdt/tensor/lower";
import type { WgslModule } from "../wgsl/module";
import type { Kernel } from "./kernel";
import { openingOf } from "./openings";
import type { Phase } from "./phases";
import { emitNodes, type Room, within } from "./single";
import type { Step } from "./steps";
import { type Half, TeamEmitter, teamGlobals } from "./team-emitter";
import { TeamLowering } from "./team-lowering";

/** Arrays of fewer elements are not worth waiting for others. */
const fewestElements = 64;

/** The most invocations of a workgroup that every device allows, and as many as fold the terms of an element. */
export const largestTeam = 256;
const smallestTeam = 16;

/** Invocations that a device runs in step are a set; the more sets, the longer they wait for each other. */
const mostSets = 8;

/** The most invocations that run a loop together on a device. */
export function teamSizeOf({ adapterInfo }: GPUDevice): number {
  const set = adapterInfo?.subgroupMaxSize || largestTeam;
  return Math.max(smallestTeam, Math.min(largestTeam, mostSets * set));
}

/** Operations on elements in one dispatch, about, lest a watchdog takes the GPU to hang. */
const operationsPerDispatch = 2 ** 24;

/** What it costs to wait for each other, in operations. */
const waiting = 256;

/** The most dispatches of one loop; more iterations make them longer. */
const mostDispatches = 256;

/** Iterations of a loop within another that are reckoned with. */
const innerIterations = 64;

/** What nodes do when they run once: elements of its largest array, and operations on elements. */
interface Size {
  readonly widest: number;
  readonly operations: number;
}

/** What some nodes of a plan do, when each runs once. */
export function sizeOfNodes(lowering: Lowering, plan: Plan, nodes: readonly Node[] = plan.tape.nodes): Size {
  let [widest, operations] = [0, 0];
  const take = (size: Size, times = 1): void => {
    widest = Math.max(widest, size.widest);
    operations += times * size.operations;
  };
  const { avals } = plan.tape;
  for (const node of nodes) {
    const { op, ins, outs, attributes } = node;
    if (op.control === "call")
      take(sizeOfFunction(lowering, lowering.callee((attributes as CallAttributes).tape).plan));
    else if (op.control) {
      const { length = 1 } = attributes as Partial<LoopAttributes>;
      for (const inner of plan.inner.get(node) ?? [])
        take(sizeOfNodes(lowering, inner), Math.min(length, innerIterations));
    } else {
      const elements = Math.max(0, ...outs.map((id) => sizeOf(avals[id]!.shape)));
      const read = ins.map((id) => sizeOf(avals[id]!.shape));
      const terms = productTerms(plan.tape, node);
      take({
        widest: elements,
        operations: waiting + (terms === undefined ? Math.max(elements, ...read) : elements * terms),
      });
    }
  }
  return { widest, operations };
}

const sizes = new WeakMap<Plan, Size>();

/** The same of a function, which others may call often. */
function sizeOfFunction(lowering: Lowering, plan: Plan): Size {
  let size = sizes.get(plan);
  if (!size) sizes.set(plan, (size = sizeOfNodes(lowering, plan)));
  return size;
}

/** Of a product, the terms of each element. */
export function productTerms({ avals }: Tape, { op, ins, attributes }: Node): number | undefined {
  const given = ins.map((id) => avals[id]!);
  return op.product?.(given, attributes).contracted.reduce((product, [axis]) => product * given[0]!.shape[axis]!, 1);
}

/** How many iterations of a loop are some operations, where all of it is `operations` as {@link sizeOfNodes} counts. */
export function iterationsWithin(some: number, node: Node, operations: number): number {
  const { length = 1 } = node.attributes as Partial<LoopAttributes>;
  const iteration = operations / Math.max(1, Math.min(length, innerIterations));
  return Math.max(1, Math.floor(some / Math.max(1, iteration)));
}

const powerOfTwo = (least: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, least)));

/** The invocations that share arrays of so many elements. @param most as many as there may be */
export const teamFor = (widest: number, most: number): number => Math.min(most, powerOfTwo(widest));

/** Sets that keep a device busy, for each invocation of one: where sets are wide, there are many. */
const setsWanted = 16;

/** The same where so many teams run side by side. Many need not be large, and those of one set do not wait for each other. */
export function teamAmong(teams: number, widest: number, most: number): number {
  const set = Math.max(1, most / mostSets);
  return teamFor(widest, Math.min(most, set * powerOfTwo((setsWanted * set) / teams)));
}

/** Loops and branches over arrays: a workgroup runs them, whose invocations share the elements. Undefined for others. @param most the most invocations */
export function teamSteps(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  room: Room,
  most: number,
): readonly Step[] | undefined {
  if (!node.op.control || plan.inRegisters.has(node)) return undefined;
  const { widest, operations } = sizeOfNodes(lowering, plan, [node]);
  if (widest < fewestElements) return undefined;
  const size = teamFor(widest, most);
  const part = (name: string, phase: Phase): Kernel =>
    teamKernel(module, lowering, plan, node, room, { size, name, phase });
  const { name } = node.op;
  const { length = 1 } = node.attributes as Partial<LoopAttributes>;
  const fitting = iterationsWithin(operationsPerDispatch, node, operations);
  if (node.op.control !== "loop" || length <= fitting) return [part(`${name} by ${size} together`, { kind: "whole" })];
  const budget = Math.max(fitting, Math.ceil(length / mostDispatches));
  const some = part(`${name} goes on, by ${size} together`, { kind: "some", budget, tells: true });
  return [
    ...openingOf(module, lowering, plan, node, room),
    ...new Array<Kernel>(Math.ceil(length / budget)).fill({ ...some, repeats: true }),
  ];
}

/** What a team does of a node. */
export interface TeamPart {
  readonly size: number;
  readonly name: string;
  readonly phase: Phase;
  /** Of an iteration, only what stands before or after its body. */
  readonly half?: Half;
}

/** A kernel of one workgroup. */
export function teamKernel(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  node: Node,
  room: Room,
  { size, name, phase, half }: TeamPart,
): Kernel {
  const team = new TeamLowering(module, lowering, size);
  const kernel = module.kernel({ workgroup: String(size), globals: teamGlobals(size) }, (plain) => {
    plain.code.line("member = i32(local.x);");
    const k = new TeamEmitter(plain.callees, plain.code, size, phase, room.words, half);
    withinTeam(k, room, () => emitNodes(team, plan, [node], k));
  });
  return { ...kernel, name, groups: [1, 1] };
}

/** The state of the run, as each member holds it. */
function withinTeam(k: TeamEmitter, room: Room, body: () => void): void {
  within(k, room, () => {
    k.code.line("storageBarrier();");
    body();
    k.wait();
  });
}
