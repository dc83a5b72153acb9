import type { Aval } from "../../primitive";
import type { Node, Tape } from "../../tape";
import { type LoopAttributes, splitInputs, splitOutputs } from "../control";
import { type LaneRows, layLaneRows } from "./kept-rows";
import type { LanesPlan } from "./lanes";

// Rows of unknown number that the loops of a batch keep lie as lanes read them, so all who read them must be loops of the same lanes.

const loopOf = ({ attributes }: Node): LoopAttributes => attributes as unknown as LoopAttributes;

/** The loops of batches that keep rows for each other: which of them can run in lanes, and where their rows are. */
export function settlePartners(tape: Tape, plans: Map<Node, LanesPlan>): void {
  const { avals, nodes, outputs } = tape;
  const isRows = (id: number): boolean => avals[id]!.dynamic === true;
  const readers = new Map<number, Node[]>();
  const makers = new Map<number, Node>();
  for (const node of nodes) {
    for (const id of node.ins) if (isRows(id)) readers.set(id, [...(readers.get(id) ?? []), node]);
    for (const id of node.outs) if (isRows(id)) makers.set(id, node);
  }
  const rowsOf = ({ ins, outs }: Node): number[] => [...ins, ...outs].filter(isRows);
  /** Who makes and reads rows; undefined if somebody else has them, too. */
  const partnersOf = (id: number): Node[] | undefined =>
    makers.has(id) && !outputs.includes(id) ? [makers.get(id)!, ...(readers.get(id) ?? [])] : undefined;
  const fits = (node: Node, id: number): boolean => {
    const { single } = loopOf(node);
    const sizes = partnersOf(id)?.map((each) => plans.has(each) && loopOf(each).single?.size);
    const { xs } = splitInputs(loopOf(node), node.ins);
    const same = sizes?.every((size) => size === single!.size) === true;
    return same && !(loopOf(node).reverse && node.outs.includes(id)) && xs.every((x, j) => x !== id || single!.xs[j]!);
  };
  const having = (): Node[] => [...plans.keys()].filter((node) => rowsOf(node).length > 0);
  for (let changed = true; changed;) {
    const apart = having().filter((node) => !rowsOf(node).every((id) => fits(node, id)));
    for (const node of apart) plans.delete(node);
    changed = apart.length > 0;
  }
  // The same lanes for all: how many fit the values of each is known by now, and fewer do.
  for (let changed = true; changed;) {
    changed = false;
    for (const node of having()) {
      const partners = rowsOf(node).flatMap((id) => partnersOf(id)!);
      const count = Math.min(...partners.map((each) => plans.get(each)!.count));
      const plan = plans.get(node)!;
      if (count === plan.count) continue;
      plans.set(node, { ...plan, count });
      changed = true;
    }
  }
  const laid = (node: Node): LaneRows => {
    const { ys } = splitOutputs(loopOf(node), node.outs, "loop");
    // What one element has of a row: without the axes of rows and of the batch.
    const rows = ys.map((id): Aval => ({ dtype: avals[id]!.dtype, shape: avals[id]!.shape.slice(2) }));
    const kept = ys.map((id) => isRows(id) && readers.has(id));
    return layLaneRows(rows, kept, plans.get(node)!.count);
  };
  for (const node of having()) {
    const { xs } = splitInputs(loopOf(node), node.ins);
    const read = xs.map((id) => {
      if (!isRows(id)) return undefined;
      const maker = makers.get(id)!;
      const { within, stride } = laid(maker);
      const { ys } = splitOutputs(loopOf(maker), maker.outs, "loop");
      return { within: within[ys.indexOf(id)]!, stride };
    });
    const keeps = node.outs.some(isRows);
    plans.set(node, { ...plans.get(node)!, rows: { read, kept: keeps ? laid(node) : undefined } });
  }
}
