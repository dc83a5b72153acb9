import { type Aval, type Node, sizeOf, type Tape } from "@dzdt/tensor";
import {
  bytesOf,
  firstFrame,
  type LoopAttributes,
  type Layout,
  type Lowering,
  Frame,
  type Place,
  placeInputs,
  type Plan,
  planTape,
  prune,
} from "@dzdt/tensor/lower";
import { demote } from "../demote";
import type { Doubles } from "../doubles/doubles";
import { roomFor } from "../runtime/pool";
import { failureBytes } from "../wgsl/failure";
import type { BoundArray } from "../wgsl/arrays";
import { literal } from "../wgsl/fold";
import { WgslModule } from "../wgsl/module";
import { addressIn } from "../wgsl/types";
import { type Apart, apartOf } from "./apart";
import { bindable, boundArrays, type LatePlace, placesOf } from "./bound";
import { closeKernel, openKernel, type Region, regionBytes } from "./dynamic";
import { foldKernel, isFold } from "./fold";
import { gridKernel } from "./grid";
import { heapOfNode } from "./heap";
import { rerecorded, withoutCalls } from "./inlined";
import type { Kernel } from "./kernel";
import { chainSteps } from "./chains";
import { chainOf, isLanes, lanesBytes, lanesSteps } from "./lanes";
import { oneLaneLowering, withOneLane } from "./one-lane";
import { isRows, rowsBytes, rowsKernels, rowSpace } from "./rows";
import { withRowsApart } from "./rows-apart";
import { withOwnWaysBack } from "./ways-back";
import { passesOf } from "./passes";
import { productKernel } from "./product";
import { hasRounds, roundsSteps } from "./rounds";
import { type Room, singleKernel, singleStep, wordsBytes } from "./single";
import { joined, smallStep, widthOf } from "./small";
import type { Step } from "./steps";
import { largestTeam, teamSteps } from "./team";

/** A value that enters or leaves a program. */
export interface Port {
  readonly aval: Aval;
  readonly place: Place | undefined;
  readonly literal: number;
  /** Where the numbers of the value go in and out. */
  readonly at: number;
  /** The buffer that kernels find them in instead. */
  readonly array: BoundArray | undefined;
}

/** The most inputs from different runs whose failures one run takes over. */
export const mostInherited = 16;

/** A tape as kernels over one memory. */
export interface Lowered {
  readonly tape: Tape;
  readonly kernels: readonly Kernel[];
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Where rows of dynamic values begin; memory ends at `bytes`. */
  readonly heap: number;
  /** Do kernels look at the words at 0, the top of the heap and the failure? */
  readonly headed: boolean;
  /** Room for the failures of runs that inputs come from. */
  readonly failures: number;
  readonly bytes: number;
}

/** What programs may use of a device. */
export interface Means {
  /** The most bytes of a buffer. */
  readonly limit: number;
  /** The most bytes of it for rows of unknown number. */
  readonly rowMemory: number;
  /** What float64 needs, if there is any. */
  readonly doubles?: Doubles | undefined;
  /** The most invocations that run a loop together. */
  readonly team?: number;
  /** How many invocations may tell each other numbers without memory. */
  readonly set?: number;
  /** How many arrays a kernel may use beside the memory. */
  readonly arrays?: number;
}

/** Lays out a tape and chooses a schedule for each of its nodes. */
export function lower(source: Tape, means: Means): Lowered {
  const { limit, rowMemory, doubles, team = largestTeam, set, arrays = fewestArrays } = means;
  const flat = withoutCalls(prune(doubles ? source : demote(source)));
  const tape = prune(withOpenBodies(withRowsApart(withOwnWaysBack(flat, rowMemory), rowMemory)));
  const planned = new Frame(firstFrame);
  const words = planned.allocate(wordsBytes);
  const mayBeBound = bindable(tape, (node) => isGrid(tape, node), limit);
  const late: LatePlace[] = [];
  const placeLate = (id: number): Place | undefined => {
    if (!mayBeBound(id)) return undefined;
    const place: LatePlace = { kind: "frame", offset: NaN, bytes: bytesOf(tape.avals[id]!) };
    late.push(place);
    return place;
  };
  const places = tape.inputs.map((id) => placeLate(id) ?? placeInputs(planned, [tape.avals[id]!])[0]!);
  const module = new WgslModule(doubles, set);
  const lowering = oneLaneLowering(module);
  const plan = withOneLane(planTape(tape, planned, places, lowering.callee, { ...layout, result: placeLate }));
  const literals = new Map(tape.literals.map(({ id, value }) => [id, value]));
  const nodes = standing(plan);
  const { kernels: sharing, firsts } = sharedKernels(plan, nodes, new Set(late), arrays);
  const bound = boundArrays(plan, sharing, late, arrays);
  const frame = new Frame(planned.bytes);
  for (const place of late) place.offset = bound.has(place) ? 0 : frame.allocate(place.bytes);
  const sideBySide = nodes.filter((node) => isLanes(plan, node));
  const maps = nodes.filter((node) => !isLanes(plan, node) && isRows(plan, node));
  const free = Math.max(0, limit - frame.bytes);
  const heapLimit = Math.min(rowMemory, Math.floor(free / 2));
  const spaces = new Map(
    maps.map((node) => [node, rowSpace(lowering, node, { base: frame.bytes, heapLimit, frameLimit: free / 4 })]),
  );
  const chains = new Map(
    sideBySide.map((node) => [node, chainOf(module, lowering, plan, node, { heapEnd: 0, words })]),
  );
  const rooms = sideBySide.map((node) => lanesBytes(plan, node, chains.get(node)));
  const apart = new Map<Node, Apart>();
  for (const each of [plan, ...nodes.filter(hasRounds).flatMap((node) => plan.inner.get(node) ?? [])])
    for (const node of standing(each)) {
      const found = apartOf(module, lowering, each, node);
      if (found) apart.set(node, found);
    }
  const ofApart = [...apart.values()].map(({ bytes }) => bytes);
  const heap = frame.bytes + Math.max(0, ...[...spaces.values()].map(rowsBytes), ...rooms, ...ofApart);
  const rows = tape.nodes.reduce((sum, node) => (spaces.has(node) ? sum : sum + heapOfNode(tape, node)), 0);
  const heapEnd = heap + Math.min(rows, heapLimit);
  let bytes = heapEnd;
  const room = { heapEnd, words };
  const port = (id: number): Port => {
    const aval = tape.avals[id]!;
    const place = plan.places[id];
    const at = place?.kind === "frame" ? place.offset : bytes;
    if (aval.dynamic) bytes += regionBytes(aval);
    return { aval, place, literal: literals.get(id) ?? 0, at, array: place && bound.get(place) };
  };
  const [inputs, outputs] = [tape.inputs.map(port), tape.outputs.map(port)];
  const failures = bytes;
  bytes += mostInherited * failureBytes(doubles !== undefined);
  // Few lengths, so that programs of nearly one size share kernels.
  bytes = Math.min(roomFor(bytes), Math.max(bytes, limit));
  module.words = Math.floor(bytes / 4);
  module.arrays = new Map([...bound].map(([place, array]) => [place, addressIn(array, literal("int32", 0))]));
  const steps: Step[] = [];
  const [into, from] = [inputs, outputs].map((ports) => ports.filter(isRegion));
  if (into!.length > 0) steps.push(openKernel(module, into!));
  const bodyOf = (body: Plan): Kernel[] => bodyKernels(module, lowering, body, room, apart, frame.bytes);
  /** Undefined where one invocation does it all. */
  const stepsOf = (node: Node): readonly Step[] | undefined => {
    const whole = apart.get(node);
    const widest =
      whole?.shared === false || hasDynamic(tape, node) || node.op.control ? undefined : widthOf(plan, node);
    const alone = (): readonly Kernel[] => {
      if (isGrid(tape, node)) return [arrayKernel(module, plan, node)];
      return whole?.kernels(frame.bytes) ?? [singleKernel(module, lowering, plan, [node], room)];
    };
    if (widest !== undefined) return [smallStep(module, plan, node, { widest, alone, first: firsts.has(node) })];
    if (isGrid(tape, node) || whole) return alone();
    if (spaces.has(node)) return rowsKernels(module, lowering, plan, node, spaces.get(node)!, team);
    if (sideBySide.includes(node)) return lanesSteps(module, lowering, plan, node, frame.bytes, room, chains.get(node));
    return (
      roundsSteps(module, lowering, plan, node, room, team, bodyOf) ??
      teamSteps(module, lowering, plan, node, room, team) ??
      chainSteps(module, lowering, plan, node, room)
    );
  };
  let waiting: Node[] = [];
  const flush = (): void => {
    if (waiting.length > 0) steps.push(singleStep(module, lowering, plan, waiting, room));
    waiting = [];
  };
  for (const node of nodes) {
    if (node.outs.every((id) => sizeOf(plan.tape.avals[id]!.shape) === 0) && !node.op.control) continue;
    const own = stepsOf(node);
    if (own === undefined) waiting.push(node);
    else {
      flush();
      steps.push(...own);
    }
  }
  flush();
  if (from!.length > 0) steps.push(closeKernel(module, from!));
  const kernels = joined(module, lowering, steps, team);
  const headed = kernels.some(({ text }) => /memory\[[01]\]/.test(text));
  return { tape, kernels, inputs, outputs, heap, headed, failures, bytes };
}

/** What every device allows beside the memory. */
const fewestArrays = 7;

const layout: Layout = {
  epilogues: { within: hasRounds },
  apart: (tape, node) => passesOf({ tape }, node) !== undefined,
};

/**
 * Nodes that the whole device computes, or one workgroup: those of one kernel at most, which may use so many places beside the memory; and those that
 * begin another as they would be too many.
 */
function sharedKernels(
  plan: Plan,
  nodes: readonly Node[],
  late: ReadonlySet<Place>,
  most: number,
): { readonly kernels: readonly (readonly Node[])[]; readonly firsts: ReadonlySet<Node> } {
  const kernels: Node[][] = [];
  const firsts = new Set<Node>();
  let used: ReadonlySet<Place> | undefined;
  for (const node of nodes) {
    if (!isGrid(plan.tape, node)) continue;
    const own = placesOf(plan, node).filter((place) => late.has(place));
    const all: ReadonlySet<Place> = new Set([...(used ?? []), ...own]);
    const alone = widthOf(plan, node) === undefined;
    const joins = !alone && used !== undefined && all.size <= most;
    if (!alone && used && !joins) firsts.add(node);
    if (joins) kernels.at(-1)!.push(node);
    else kernels.push([node]);
    used = alone ? undefined : joins ? all : new Set(own);
  }
  return { kernels, firsts };
}

/** The nodes of a plan that have code of their own. */
function standing(plan: Plan): Node[] {
  const computedLater = new Set([...plan.groups.values()].flatMap((members) => members.slice(0, -1)));
  return plan.tape.nodes.filter((node, n) => !plan.inlined[n] && !sharesMemory(plan, node) && !computedLater.has(node));
}

/** Kernels of an array, or of several that share code. */
const arrayKernel = (module: WgslModule, plan: Plan, node: Node): Kernel =>
  productKernel(module, plan, node) ??
  (isFold(plan, node) ? foldKernel(module, plan, node) : gridKernel(module, plan, node));

/** Kernels of one iteration of a loop, whose body has no control flow. */
function bodyKernels(
  module: WgslModule,
  lowering: Lowering,
  plan: Plan,
  room: Room,
  apart: ReadonlyMap<Node, Apart>,
  base: number,
): Kernel[] {
  return standing(plan).flatMap((node) => {
    if (node.outs.every((id) => sizeOf(plan.tape.avals[id]!.shape) === 0)) return [];
    if (isGrid(plan.tape, node)) return [arrayKernel(module, plan, node)];
    return apart.get(node)?.kernels(base) ?? [singleKernel(module, lowering, plan, [node], room)];
  });
}

const isGrid = (tape: Tape, node: Node): boolean =>
  (node.op.element !== undefined || node.op.alias === true) && !hasDynamic(tape, node);

const hasDynamic = ({ avals }: Tape, { ins, outs }: Node): boolean =>
  [...ins, ...outs].some((id) => avals[id]!.dynamic);

const sharesMemory = (plan: Plan, node: Node): boolean =>
  node.op.alias === true &&
  plan.places[node.ins[0]!] !== undefined &&
  plan.places[node.outs[0]!] === plan.places[node.ins[0]!];

const isRegion = (port: Port): port is Port & Region => port.aval.dynamic === true;

/** The tape with the calls taken apart in bodies of loops that the whole device computes. */
function withOpenBodies(tape: Tape): Tape {
  if (!tape.nodes.some(hasRounds)) return tape;
  return rerecorded(tape, (node, given, result) => {
    const { op, attributes } = node;
    const { body } = attributes as unknown as LoopAttributes;
    return result.record(op, given, hasRounds(node) ? { ...attributes, body: withoutCalls(body) } : attributes);
  });
}
