import { invariant, isFloat, type Node, type Tape, type Tensor, withinRule } from "@dzdt/tensor";
import { contributors, dependents, touches, type ValueSet } from "./activity";
import { checkDerivative, checkResults } from "./check";
import {
  define,
  derivativeOf,
  filled,
  type Replay,
  replay,
  replayLiterals,
  replayNode,
  type Rules,
  valuesOf,
} from "./replay";

/** The forward and the backward computation of a tape on one tape, and where what is found on it. */
export interface ThereAndBack {
  readonly tape: Tape;
  readonly ins: readonly number[];
  readonly outs: readonly number[];
  /** Inputs that stand for the cotangents of the active outputs. */
  readonly cotangents: readonly number[];
  /** Cotangents of the wanted inputs. */
  readonly results: readonly number[];
  /** How many nodes the forward computation has; they come first. */
  readonly forwardNodes: number;
}

/** What a node's `forward` kept for its `backward`. */
type Kept = Map<number, { readonly saved: readonly Tensor[]; readonly note?: unknown }>;

/**
 * Reverse mode. Nodes that do not lie between a wanted input and an active output are replayed and not differentiated.
 * @param unit the cotangents of active outputs are ones rather than inputs
 */
export function reverse(
  o: Rules,
  tape: Tape,
  wanted: readonly boolean[],
  active: readonly boolean[],
  unit = false,
): ThereAndBack {
  const reached = contributors(tape, dependents(tape, wanted), active);
  const state = replay(tape);
  const { onto, values } = state;
  const seeds = tape.outputs.map((id, k) => {
    if (!active[k]) return undefined;
    const type = derivativeOf(tape.avals[id]!);
    invariant(isFloat(type.dtype), "active outputs are floats");
    return unit ? filled(onto, 1, type) : onto.input(type);
  });
  replayLiterals(tape, state);

  const kept = replayForward(o, tape, reached, state);
  const forwardNodes = onto.nodes.length;
  const cotangents = new Array<Tensor | undefined>(tape.avals.length);
  tape.outputs.forEach((id, k) => {
    if (seeds[k] && reached[id]) accumulate(o, cotangents, id, seeds[k]);
  });
  replayBackward(o, tape, reached, values, kept, cotangents);

  const results = tape.inputs.flatMap((id, k) => (wanted[k] ? [cotangents[id] ?? zerosOf(o, values[id]!)] : []));
  const outs = valuesOf(tape.outputs, values);
  onto.seal(outs.concat(results));
  return {
    tape: onto,
    ins: tape.inputs.map((id) => values[id]!.id),
    outs: onto.outputs.slice(0, outs.length),
    cotangents: unit ? [] : seeds.flatMap((seed) => (seed ? [seed.id] : [])),
    results: onto.outputs.slice(outs.length),
    forwardNodes,
  };
}

function replayForward(o: Rules, tape: Tape, reached: ValueSet, state: Replay): Kept {
  const kept: Kept = new Map();
  tape.nodes.forEach((node, n) => {
    const { op, attributes } = node;
    if (!op.forward || !touches(node.outs, reached)) {
      replayNode(node, state);
      return;
    }
    const ins = valuesOf(node.ins, state.values);
    const { outs, ...rest } = withinRule(() => op.forward!(o, ins, attributes, wantedBy(node, reached)));
    checkResults(
      `forward rule of ${op.name}`,
      outs,
      node.outs.map((id) => tape.avals[id]!),
    );
    define(node, outs, state.values);
    kept.set(n, rest);
  });
  return kept;
}

function replayBackward(
  o: Rules,
  tape: Tape,
  reached: ValueSet,
  values: readonly Tensor[],
  kept: Kept,
  cotangents: (Tensor | undefined)[],
): void {
  for (let n = tape.nodes.length - 1; n >= 0; n--) {
    const node = tape.nodes[n]!;
    if (!touches(node.outs, reached)) continue;
    const given = node.outs.map((id) => cotangents[id]);
    if (!given.some((ct) => ct)) continue;
    const wanted = wantedBy(node, reached);
    const found = cotangentsOfInputs(o, node, given, wanted, values, kept.get(n));
    invariant(
      found.length <= node.ins.length,
      `vjp of ${node.op.name} returned ${found.length} cotangents for ${node.ins.length} inputs`,
    );
    found.forEach((ct, j) => {
      if (!ct || !wanted[j]) return;
      const id = node.ins[j]!;
      checkDerivative(`vjp of ${node.op.name}`, `the cotangent of input ${j}`, ct, tape.avals[id]!);
      accumulate(o, cotangents, id, ct);
    });
    for (const id of node.outs) cotangents[id] = undefined;
  }
}

function cotangentsOfInputs(
  o: Rules,
  { op, attributes, ...node }: Node,
  given: readonly (Tensor | undefined)[],
  wanted: readonly boolean[],
  values: readonly Tensor[],
  saved: { readonly saved: readonly Tensor[]; readonly note?: unknown } | undefined,
): readonly (Tensor | undefined)[] {
  const ins = valuesOf(node.ins, values);
  const outs = valuesOf(node.outs, values);
  return withinRule(() =>
    saved && op.backward
      ? op.backward(o, given, ins, outs, attributes, wanted, saved)
      : op.vjp(o, given, ins, outs, attributes, wanted),
  );
}

const zerosOf = (o: Rules, x: Tensor): Tensor => withinRule(() => o.zerosLike(x));

const wantedBy = (node: Node, reached: ValueSet): boolean[] => node.ins.map((id) => reached[id] === 1);

function accumulate(o: Rules, cotangents: (Tensor | undefined)[], id: number, ct: Tensor): void {
  const before = cotangents[id];
  cotangents[id] = before ? o.add(before, ct) : ct;
}
