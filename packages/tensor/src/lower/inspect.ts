import { formatColumns, formatCount, type Printed, printedAs, typeOf } from "../format";
import type { Node, Tape } from "../tape";
import { sizeOf } from "../shape";
import { type CallAttributes, type CondAttributes, isDynamic, type LoopAttributes, splitOutputs } from "./control";
import { isComputedLater } from "./elements";
import { blockBytes } from "./frame";
import { loopOf } from "./operands";
import { bytesOf, type Callees, type FunctionPlan, type Plan } from "./plan";
import { isMultiplied } from "./product";
import { pruned } from "./registers/evaluate";
import type { RowLoop } from "./row-loops";
import { layRows } from "./rows";

/** What a piece of code costs; `depends` says that it depends on the numbers that a program is given. */
interface Cost {
  readonly flops: number;
  readonly bytes: number;
  /** The most bytes that its loops take for rows whose number only the numbers say. */
  readonly kept: number;
  readonly depends: boolean;
}

const nothing: Cost = { flops: 0, bytes: 0, kept: 0, depends: false };

const both = (a: Cost, b: Cost): Cost => ({
  flops: a.flops + b.flops,
  bytes: a.bytes + b.bytes,
  kept: a.kept + b.kept,
  depends: a.depends || b.depends,
});

const larger = (a: Cost, b: Cost): Cost => ({
  flops: Math.max(a.flops, b.flops),
  bytes: Math.max(a.bytes, b.bytes),
  kept: Math.max(a.kept, b.kept),
  depends: true,
});

/** All iterations of a loop, or one where only the numbers say how many there are; each gives back what it took for rows. */
const repeated = (a: LoopAttributes, cost: Cost): Cost =>
  isDynamic(a) ? { ...cost, depends: true } : { ...cost, flops: a.length * cost.flops, bytes: a.length * cost.bytes };

/**
 * How a plan is computed, for people: a line for each piece of code, with the nodes that it computes, an estimate of the floating-point operations
 * (elementwise: one for each element, whatever the operation; products: two for each term; kernels such as sorting: none) and of the bytes read and
 * written; then where the frame's bytes go, and how many loops may take beyond it. What a call holds is listed once. Where a number begins with ~, a branch counts as the larger of its sides, and a loop whose number of
 * iterations is known only at run time as one iteration.
 */
export function inspectPlan(plan: Plan, frameBytes: number, callees: Callees): string {
  const rows: string[][] = [["code", "computes", "result", "FLOPs", "bytes"]];
  const known = new Map<FunctionPlan, Cost & Printed>();

  const add = (depth: number, code: string, computes: string, result: string, cost: Cost): void => {
    const number = (x: number): string => `${cost.depends ? "~" : ""}${formatCount(x)}`;
    rows.push([" ".repeat(2 * depth) + code, computes, result, number(cost.flops), number(cost.bytes)]);
  };
  /** Lists what is inside a node, then puts the node's own line, which has the sum, before it. */
  const around = (depth: number, node: Node, at: Plan, code: string, inner: () => Cost, note = ""): Cost => {
    const from = rows.length;
    const cost = inner();
    add(depth, code, named(node) + note, results(at.tape, [node]), cost);
    rows.splice(from, 0, rows.pop()!);
    return cost;
  };
  const listPlan = (at: Plan, depth: number): Cost => {
    return at.tape.nodes.reduce(
      (sum, node, n) =>
        at.inlined[n] || node.op.alias || isComputedLater(at, node) ? sum : both(sum, listNode(at, node, depth)),
      nothing,
    );
  };
  const listElements = (at: Plan, node: Node, members: readonly Node[], depth: number): Cost => {
    const { op } = node;
    const loop = loopOf(at, members);
    const nodes = at.tape.nodes.filter((each) => loop.nodes.includes(each));
    const cost: Cost = {
      ...nothing,
      flops: nodes.reduce((sum, each) => sum + flopsOf(at.tape, each).flops, 0),
      bytes: bytesOfAll(at.tape, [...loop.reads, ...members.flatMap(({ outs }) => outs)]),
    };
    const code = isMultiplied(at, node) ? "product" : op.fusion === "reduce" ? "fold" : "map";
    add(depth, code, listed(nodes.map(named)), results(at.tape, members), cost);
    return cost;
  };
  const listRows = (at: Plan, node: Node, { rows: count, kernels, passing }: RowLoop, depth: number): Cost => {
    const from = rows.length;
    const made = new Set(kernels.flat().flatMap(({ outs }) => outs));
    const reads = new Set<number>();
    let flops = 0;
    for (const members of kernels) {
      flops += listElements(at, members.at(-1)!, members, depth + 1).flops;
      for (const id of loopOf(at, members).reads) if (!made.has(id)) reads.add(id);
    }
    const results = [...made].filter((id) => !passing.has(id));
    const cost = { ...nothing, flops, bytes: bytesOfAll(at.tape, [...reads, ...results]) };
    add(
      depth,
      `rows, ${formatCount(count)} ×`,
      named(node),
      listed(
        results.map((id) => typeOf(at.tape, id)),
        2,
      ),
      cost,
    );
    rows.splice(from, 0, rows.pop()!);
    return cost;
  };
  const listNode = (at: Plan, node: Node, depth: number): Cost => {
    const { op } = node;
    const rows = at.rowLoops.get(node);
    if (rows) return listRows(at, node, rows, depth);
    if (op.element) return listElements(at, node, at.groups.get(node) ?? [node], depth);
    const moved = bytesOfAll(at.tape, [...node.ins, ...node.outs]);
    if (op.control === "call") {
      const called = callees((node.attributes as CallAttributes).tape);
      const before = known.get(called);
      if (before) return around(depth, node, at, "call", () => before, ` ${printedAs(at.tape, before)}`);
      return around(depth, node, at, "call", () => {
        const cost = listPlan(called.plan, depth + 1);
        known.set(called, { ...cost, tape: at.tape, id: node.outs[0]! });
        return cost;
      });
    }
    if (op.control === "cond")
      return around(depth, node, at, "branch", () =>
        at.inner
          .get(node)!
          .map((branch) => listPlan(branch, depth + 1))
          .reduce(larger),
      );
    if (op.control === "loop") {
      const a = node.attributes as unknown as LoopAttributes;
      const count = `${isDynamic(a) ? "≤ " : ""}${formatCount(a.length)} ×`;
      const mode = at.inRegisters.get(node);
      const kept = keptBytes(at.tape, node, a);
      if (mode === undefined)
        return around(depth, node, at, `loop in memory, ${count}`, () => {
          const bodies = at.inner.get(node)!.map((body) => listPlan(body, depth + 1));
          return both({ ...nothing, kept }, repeated(a, bodies.reduce(both)));
        });
      const where = mode === "steps" ? "registers" : `${mode.count} lanes`;
      // What loops within an iteration keep, lanes that are side by side do at the same time.
      const within = mode === "steps" ? 0 : mode.count * keptWithin(a.single?.loop.body ?? a.body);
      return around(depth, node, at, `loop in ${where}, ${count}`, () => ({
        ...flopsOf(at.tape, node),
        bytes: moved,
        kept: kept + within,
      }));
    }
    const cost = { ...nothing, bytes: moved };
    add(depth, "kernel", named(node), results(at.tape, [node]), cost);
    return cost;
  };

  const all = listPlan(plan, 0);
  add(0, "in all", "", "", all);
  const beyond = all.kept > 0 ? `, and up to ${formatCount(all.kept)} of rows that loops keep` : "";
  const { tape, places } = plan;
  const own = (ids: readonly number[]): number =>
    [...new Set(ids)].reduce((sum, id) => sum + (places[id] ? blockBytes(bytesOf(tape.avals[id]!)) : 0), 0);
  const inputs = own(tape.inputs);
  const outputs = own(tape.outputs.filter((id) => !tape.inputs.includes(id)));
  return [
    formatColumns(rows, 3),
    `memory ${formatCount(frameBytes)} bytes: inputs ${formatCount(inputs)}, results ${formatCount(outputs)}, temporaries ${formatCount(frameBytes - inputs - outputs)}${beyond}`,
  ].join("\n");
}

/** The most bytes that a loop takes beyond the frame. */
function keptBytes({ avals }: Tape, { outs }: Node, a: LoopAttributes): number {
  const ys = splitOutputs(a, outs, "loop").ys.filter((_, k) => a.ys[k] === "each");
  return isDynamic(a) ? a.length * layRows(ys.map((id) => avals[id]!)).stride : 0;
}

/** The most bytes that the loops of a tape take beyond the frame. */
function keptWithin(source: Tape): number {
  const tape = pruned(source);
  return tape.nodes.reduce((sum, node) => {
    if (node.op.control === "call") return sum + keptWithin((node.attributes as CallAttributes).tape);
    if (node.op.control !== "loop") return sum;
    const a = node.attributes as unknown as LoopAttributes;
    return sum + keptBytes(tape, node, a) + keptWithin(a.body);
  }, 0);
}

const named = ({ op, outs }: Node): string => `%${outs[0] ?? ""} ${op.name}`;

/** The first of some words, and how many more there are. */
const listed = (words: readonly string[], most = 4): string =>
  words.length <= most ? words.join(", ") : `${words.slice(0, most).join(", ")} and ${words.length - most} more`;

const results = (tape: Tape, nodes: readonly Node[]): string =>
  listed([...new Set(nodes.flatMap(({ outs }) => outs.map((id) => typeOf(tape, id))))], 2);

const bytesOfAll = (tape: Tape, ids: readonly number[]): number => {
  const inTape = [...new Set(ids)].filter((id) => !tape.literals.some((x) => x.id === id));
  return inTape.reduce((sum, id) => sum + bytesOf(tape.avals[id]!), 0);
};

/** Operations on floats that a node takes. */
function flopsOf(tape: Tape, { op, ins, outs, attributes }: Node): Cost {
  const avals = ins.map((id) => tape.avals[id]!);
  const size = outs.length > 0 ? sizeOf(tape.avals[outs[0]!]!.shape) : 0;
  const exactly = (flops: number): Cost => ({ ...nothing, flops });
  if (op.product) {
    const { contracted } = op.product(avals, attributes);
    return exactly(2 * size * contracted.reduce((terms, [axis]) => terms * avals[0]!.shape[axis]!, 1));
  }
  if (op.element && !op.alias) {
    if (op.fusion === "map") return exactly(size);
    if (op.fusion === "reduce") return exactly(sizeOf(avals[0]!.shape));
  }
  if (op.control === "call") return flopsOfTape((attributes as CallAttributes).tape);
  if (op.control === "cond") {
    const { onTrue, onFalse } = attributes as CondAttributes;
    return larger(flopsOfTape(onTrue), flopsOfTape(onFalse));
  }
  if (op.control === "loop") {
    const a = attributes as unknown as LoopAttributes;
    return repeated(a, a.condition ? both(flopsOfTape(a.body), flopsOfTape(a.condition)) : flopsOfTape(a.body));
  }
  return nothing;
}

function flopsOfTape(source: Tape): Cost {
  const tape = pruned(source);
  return tape.nodes.reduce((sum, node) => both(sum, flopsOf(tape, node)), nothing);
}
