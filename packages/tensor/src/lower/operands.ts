import { invariant } from "../errors";
import { sameShape, type Shape, sizeOf } from "../shape";
import type { Node } from "../tape";
import { type Address, addressOf, int, memoryAt, type Site } from "./addressing";
import type { Index, Operand, Value } from "./emitter";
import { literalsOf } from "./literals";
import type { MemoryEmitter } from "./machine";
import type { Plan } from "./plan";
import { remembered } from "./remembered";

/** Nodes whose results one loop computes, with what it needs for that. */
export interface Loop {
  readonly plan: Plan;
  readonly members: readonly Node[];
  /** The members and the nodes that are inlined into them. */
  readonly nodes: readonly Node[];
  /** Values that are read from memory. */
  readonly reads: readonly number[];
}

/** The node that gives each value. */
export const producersOf: (plan: Plan) => ReadonlyMap<number, Node> = remembered(({ tape }) => {
  const producers = new Map<number, Node>();
  for (const node of tape.nodes) for (const id of node.outs) producers.set(id, node);
  return producers;
});

export function loopOf(plan: Plan, members: readonly Node[]): Loop {
  const map = producersOf(plan);
  const own = new Set<number>();
  for (const { outs } of members) for (const id of outs) own.add(id);
  const nodes = new Set(members);
  const reads = new Set<number>();
  const todo = [...members];
  for (let node = todo.pop(); node; node = todo.pop())
    for (const id of node.ins) {
      const producer = map.get(id);
      if (own.has(id)) continue;
      if (plan.places[id]) reads.add(id);
      else if (producer && !nodes.has(producer)) {
        nodes.add(producer);
        todo.push(producer);
      }
    }
  return { plan, members, nodes: [...nodes], reads: [...reads] };
}

/**
 * Values that code of a loop may count on: addresses, and what holds one number only. Made before the loop, with the scalar emitter, and read
 * in it by any.
 */
export interface Prepared {
  readonly addresses: ReadonlyMap<number, Address>;
  readonly numbers: ReadonlyMap<number, Value>;
}

export function prepare(site: Site, { plan, members, reads }: Loop): Prepared {
  const addresses = new Map<number, Address>();
  const numbers = new Map<number, Value>();
  for (const { outs } of members) addresses.set(outs[0]!, addressOf(site, plan.places[outs[0]!]!));
  for (const id of reads) {
    const aval = plan.tape.avals[id]!;
    addresses.set(id, addressOf(site, plan.places[id]!));
    if (sizeOf(aval.shape) === 1) numbers.set(id, memoryAt(site, aval, addresses.get(id)!).load(int(site.k, 0)));
  }
  return { addresses, numbers };
}

/** Computes elements of the members of a loop, operands inlined, at an index of their shape: stores them where they belong. */
export function elementsWith(k: MemoryEmitter, { plan, members }: Loop, prepared: Prepared): (index: Index) => void {
  const { avals } = plan.tape;
  const map = producersOf(plan);
  const numbers = literalsOf(plan.tape);
  const own = new Set(members.map(({ outs }) => outs[0]!));
  const operands = new Map<number, Operand>();
  const reshaped = reshaper(k);

  const operand = (id: number): Operand => {
    let made = operands.get(id);
    if (!made) operands.set(id, (made = { dtype: avals[id]!.dtype, shape: avals[id]!.shape, at: reader(id) }));
    return made;
  };
  /** What the rule of a node gives at an index. The rule runs once for an index: the same index is the same place in the code. */
  const computed = (node: Node): ((index: Index) => Value) => {
    const { op, attributes } = node;
    const ins = node.ins.map(operand);
    const known = new WeakMap<Index, Value>();
    return (index) => {
      let value = known.get(index);
      if (!value)
        known.set(
          index,
          (value = op.alias ? ins[0]!.at(reshaped(index, ins[0]!.shape)) : op.element!(k, ins, index, attributes)),
        );
      return value;
    };
  };
  const reader = (id: number): ((index: Index) => Value) => {
    const aval = avals[id]!;
    const number = prepared.numbers.get(id);
    if (number) return () => number;
    const literal = numbers.get(id);
    if (literal !== undefined) return () => k.literal(aval.dtype, literal);
    if (own.has(id) || !plan.places[id]) {
      const node = map.get(id);
      invariant(node, "an operand is in memory, a literal, or inlined");
      return computed(node);
    }
    const memory = memoryAt({ k }, aval, prepared.addresses.get(id)!);
    return (index) => memory.load(index.flat());
  };
  const results = members.map(({ outs }) => ({
    value: operand(outs[0]!),
    target: memoryAt({ k }, avals[outs[0]!]!, prepared.addresses.get(outs[0]!)!),
  }));
  return (index) => {
    // Reads before writes: engines keep their order.
    const values = results.map(({ value }) => value.at(reshaped(index, value.shape)));
    results.forEach(({ target }, j) => target.store(index.flat(), values[j]!));
  };
}

/**
 * The index of the same row-major position in another shape. Axes that both shapes have stay, and only where some merge or split is there arithmetic: on what
 * is the same for a whole run, mostly.
 */
function regrouped(k: MemoryEmitter, index: Index, shape: Shape): Index {
  const axes = (): readonly Value[] => {
    const given = index.axes();
    return groupsOf(index.shape, shape).flatMap(([from, to]) => {
      const lengths = index.shape.slice(...from);
      const values = given.slice(...from);
      const wanted = shape.slice(...to);
      if (sameShape(lengths, wanted)) return values;
      return k.flatIndex(wanted, k.index(lengths, values).flat()).axes();
    });
  };
  return { shape, flat: () => index.flat(), axes };
}

/** Stretches of axes, as short as can be, that have as many elements in one shape as in the other. */
function groupsOf(a: Shape, b: Shape): (readonly [readonly [number, number], readonly [number, number]])[] {
  const groups: (readonly [readonly [number, number], readonly [number, number]])[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const [fromA, fromB] = [i, j];
    let [x, y] = [a[i++] ?? 1, b[j++] ?? 1];
    while (x !== y) {
      if (x < y) x *= a[i++]!;
      else y *= b[j++]!;
    }
    groups.push([
      [fromA, Math.min(i, a.length)],
      [fromB, Math.min(j, b.length)],
    ]);
  }
  return groups;
}

/** The index of the same row-major position in another shape: one and the same object whenever it is asked for. */
function reshaper(k: MemoryEmitter): (index: Index, shape: Shape) => Index {
  const all = new WeakMap<Index, Index[]>();
  return (index, shape) => {
    if (sameShape(index.shape, shape)) return index;
    const forms = all.get(index) ?? [index];
    let form = forms.find((other) => sameShape(other.shape, shape));
    if (!form) forms.push((form = sizeOf(shape) === 0 ? k.flatIndex(shape, index.flat()) : regrouped(k, index, shape)));
    for (const other of forms) all.set(other, forms);
    return form;
  };
}
