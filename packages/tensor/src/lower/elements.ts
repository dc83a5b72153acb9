import { byteSize } from "../dtype";
import { invariant } from "../errors";
import type { Aval } from "../primitive";
import { sizeOf } from "../shape";
import type { Node } from "../tape";
import { type Address, addressOf, int, memoryAt, readSlot, rowSlots, type Site, writeSlot } from "./addressing";
import type { Index, Operand, Value } from "./emitter";
import { takeBytes } from "./heap";
import type { Plan } from "./plan";
import { lowerProduct } from "./product";

/** Elements of the result, one after the other; operands that are inlined are computed on the way. */
export function lowerElements(site: Site, plan: Plan, node: Node): void {
  const { k } = site;
  const { op, attributes } = node;
  const out = plan.tape.avals[node.outs[0]!]!;
  const place = plan.places[node.outs[0]!]!;
  if (op.product && lowerProduct(site, plan, node)) return;
  if (place.kind === "rows") return emitRows(site, plan, node, place.slot);
  const target = memoryAt(site, out, addressOf(site, place));
  const operands = operandsOf(site, plan, node);
  const emit = (index: Index): void => {
    const value = op.alias
      ? operands[0]!.at(k.flatIndex(operands[0]!.shape, index.flat()))
      : op.element!(k, operands, index, attributes);
    target.store(index.flat(), value);
  };
  if (isFlat(plan, node)) k.loop(sizeOf(out.shape), (i) => emit(k.flatIndex(out.shape, i)));
  else {
    const nest = (axis: number, at: readonly Value[]): void => {
      if (axis === out.shape.length) emit(k.index(out.shape, at));
      else k.loop(out.shape[axis]!, (i) => nest(axis + 1, [...at, i]));
    };
    nest(0, []);
  }
}

/** An elementwise operation on dynamic values: as many rows as its operands have. */
function emitRows(site: Site, plan: Plan, node: Node, slot: number): void {
  const { k } = site;
  const out = plan.tape.avals[node.outs[0]!]!;
  const rowType: Aval = { dtype: out.dtype, shape: out.shape.slice(1) };
  const rowSize = sizeOf(rowType.shape);
  const bytes = Math.ceil((rowSize * byteSize(out.dtype)) / 16) * 16;
  const ins = node.ins.map((id) => {
    const place = plan.places[id];
    invariant(place?.kind === "rows", `${node.op.name} mixes dynamic values with others`);
    return { aval: plan.tape.avals[id]!, slots: rowSlots(place.slot) };
  });
  const own = rowSlots(slot);
  const rows = readSlot(site, ins[0]!.slots.rows);
  writeSlot(site, own.address, takeBytes(site, k.mul(rows, int(k, bytes))));
  writeSlot(site, own.stride, int(k, bytes));
  writeSlot(site, own.rows, rows);
  k.loop(rows, (r) => {
    const rowOf = (slots: ReturnType<typeof rowSlots>): Address => ({
      base: k.add(readSlot(site, slots.address), k.mul(r, readSlot(site, slots.stride))),
      offset: 0,
    });
    const operands = ins.map(({ aval, slots }): Operand => {
      const memory = memoryAt(site, { dtype: aval.dtype, shape: aval.shape.slice(1) }, rowOf(slots));
      return { ...memory, at: (index) => memory.load(index.flat()) };
    });
    const target = memoryAt(site, rowType, rowOf(own));
    k.loop(rowSize, (i) =>
      target.store(i, node.op.element!(k, operands, k.flatIndex(rowType.shape, i), node.attributes)),
    );
  });
}

/** Operands of a node: memory, literals, or the code of inlined nodes. */
function operandsOf(site: Site, plan: Plan, node: Node): Operand[] {
  const { k } = site;
  const { tape, places } = plan;
  const literals = new Map(tape.literals.map(({ id, value }) => [id, value]));
  const producers = producersOf(plan);
  const known = new Map<number, Operand>();
  const operand = (id: number): Operand => {
    let made = known.get(id);
    if (made) return made;
    const { dtype, shape } = tape.avals[id]!;
    const place = places[id];
    const literal = literals.get(id);
    const producer = producers.get(id);
    if (place) {
      const memory = memoryAt(site, tape.avals[id]!, addressOf(site, place));
      made = { dtype, shape, at: (index) => memory.load(index.flat()) };
    } else if (literal !== undefined) made = { dtype, shape, at: () => k.literal(dtype, literal) };
    else {
      invariant(producer, "an operand is in memory, a literal, or inlined");
      const ins = producer.ins.map(operand);
      const { op, attributes } = producer;
      made = op.alias
        ? { dtype, shape, at: (index) => ins[0]!.at(k.flatIndex(ins[0]!.shape, index.flat())) }
        : { dtype, shape, at: (index) => op.element!(k, ins, index, attributes) };
    }
    known.set(id, made);
    return made;
  };
  return node.ins.map(operand);
}

const producers = new WeakMap<Plan, Map<number, Node>>();

function producersOf(plan: Plan): Map<number, Node> {
  let map = producers.get(plan);
  if (!map) {
    map = new Map();
    for (const node of plan.tape.nodes) for (const id of node.outs) map.set(id, node);
    producers.set(plan, map);
  }
  return map;
}

/** Do all operations that make up the node's code go element by element, so that one flat loop serves? */
function isFlat(plan: Plan, node: Node): boolean {
  const { avals } = plan.tape;
  const map = producersOf(plan);
  const todo: Node[] = [node];
  for (let at = todo.pop(); at; at = todo.pop()) {
    if (!at.op.alias && at.op.fusion !== "map" && sizeOf(avals[at.outs[0]!]!.shape) !== 1) {
      // A repeated scalar needs no position.
      if (!(at.op.fusion === "view" && at.ins.every((id) => sizeOf(avals[id]!.shape) === 1))) return false;
    }
    for (const id of at.ins) {
      const producer = map.get(id);
      if (producer && !plan.places[id]) todo.push(producer);
    }
  }
  return true;
}
