import type { Shape } from "../shape";
import type { DType } from "../dtype";
import { int, type Site } from "./addressing";
import type { Index, Value } from "./emitter";
import type { LaneEmitter } from "./machine";
import { comparisons, type BinaryOp } from "./math/scalar";
import { elementsWith } from "./operands";
import { Measure } from "./registers/measure";
import { startOf } from "./runs";
import { eachOuter, type Nest } from "./stretch";

/** Rows of so few elements are unrolled: each position has code of its own. */
const shortest = 8;
/** Code for so many nodes at most, over all positions or stretches that have their own. */
const mostNodes = 160;

/**
 * Elements whose code asks where along the last axis they are, as those of arrays that are put together or padded do: stretches between the positions where
 * the answer changes have code of their own, without the question. Gives false where there are none, or it would be long.
 */
export function emitSeams(site: Site, nest: Nest): boolean {
  const { k } = site;
  const { loop, shape, rank, part } = nest;
  if (rank === 0 || part.axes !== 1 || !k.lanes(4) || !loop.nodes.some(({ op }) => op.seams)) return false;
  const length = shape[rank - 1]!;
  const seams = seamsOf(nest);
  if (seams.length === 0) return false;
  if (length < shortest) return rank > 1 && loop.nodes.length * length <= mostNodes && emitColumns(site, nest, length);
  if (loop.nodes.length * (seams.length + 1) > mostNodes || (rank === 1 && part.length !== length)) return false;
  emitStretches(site, nest, [0, ...seams, length]);
  return true;
}

/** Short rows: of so many rows at a time the first elements, then the second, … */
function emitColumns(site: Site, { shape, rank, part, elements, lanesFor }: Nest, length: number): boolean {
  const { k } = site;
  const [run, from] = rank === 2 ? [part.length, part.from] : [shape[rank - 2]!, int(k, 0)];
  const count = lanesFor(run);
  const lanes = run >= shortest && k.lanes(count);
  if (!lanes) return false;
  const ones = shape.slice(rank).map(() => int(k, 0));
  eachOuter(site, rank === 2 ? [] : shape.slice(0, rank - 2), part, (at) =>
    k.loop(Math.ceil(run / count), (n) => {
      const row = lanes.ramp(k.add(from, startOf(k, n, count, run)), 1);
      for (let column = 0; column < length; column++)
        elements(lanes)(lanes.index(shape, [...at, row, int(k, column), ...ones]));
    }),
  );
  return true;
}

/** Long rows: stretch after stretch. */
function emitStretches(site: Site, nest: Nest, bounds: readonly number[]): void {
  const { k } = site;
  const { loop, prepared, shape, rank, part, elements, lanesFor } = nest;
  const ones = shape.slice(rank).map(() => int(k, 0));
  const outer = shape.slice(0, rank - 1);
  const stretch = (at: readonly Value[], low: number, high: number): void => {
    const length = high - low;
    const count = lanesFor(length);
    const lanes = length >= 4 && k.lanes(count);
    if (!lanes) {
      for (let i = low; i < high; i++) elements(k)(k.index(shape, [...at, int(k, i), ...ones]));
      return;
    }
    k.loop(Math.ceil(length / count), (n) => {
      const first = k.add(k.mul(n, int(k, count)), int(k, low));
      const position = lanes.ramp(length % count === 0 ? first : k.min(first, int(k, high - count)), 1);
      const known = within(lanes, position, { low, high });
      elementsWith(known, loop, prepared)(known.index(shape, [...at, position, ...ones]));
    });
  };
  const all = (at: readonly Value[]): void => {
    for (let s = 0; s + 1 < bounds.length; s++) stretch(at, bounds[s]!, bounds[s + 1]!);
  };
  if (rank === 1) all([]);
  else eachOuter(site, outer, part, all);
}

interface Range {
  readonly low: number;
  /** Beyond the last. */
  readonly high: number;
}

/** What is known of values: which are numbers, and which are so much more than a position. */
class Knowledge {
  readonly #numbers = new WeakMap<Value, number>();
  readonly #offsets: WeakMap<Value, number>;

  constructor(position: Value) {
    this.#offsets = new WeakMap([[position, 0]]);
  }

  number(value: Value, number: number): Value {
    this.#numbers.set(value, number);
    return value;
  }

  /** The result of a + b, or of a − b, for a sign. */
  moved(result: Value, a: Value, b: Value, sign: 1 | -1): Value {
    const [offset, by] = [this.#offsets.get(a), this.#numbers.get(b)];
    if (offset !== undefined && by !== undefined) this.#offsets.set(result, offset + sign * by);
    return result;
  }

  /** The first position at which a comparison has another answer than `before` it. */
  seam(name: Ordering, a: Value, b: Value): { readonly at: number; readonly before: boolean } | undefined {
    const more = name === "less" ? 0 : 1;
    const [left, right] = [this.#offsets.get(a), this.#offsets.get(b)];
    const [x, y] = [this.#numbers.get(a), this.#numbers.get(b)];
    if (left !== undefined && y !== undefined) return { at: y + more - left, before: true };
    if (right !== undefined && x !== undefined) return { at: x + 1 - more - right, before: false };
    return undefined;
  }
}

type Ordering = "less" | "lessEqual";

/** An emitter that knows between what bounds a position is, and so the answers to some comparisons. */
function within(k: LaneEmitter, position: Value, { low, high }: Range): LaneEmitter {
  const known = new Knowledge(position);
  const compare = (name: Ordering, a: Value, b: Value): Value => {
    const seam = known.seam(name, a, b);
    if (!seam || (low < seam.at && seam.at < high)) return k[name](a, b);
    return k.literal("bool", Number(seam.before === high <= seam.at));
  };
  return {
    ...k,
    literal: (dtype, number) => known.number(k.literal(dtype, number), number),
    add: (a, b) => known.moved(k.add(a, b), a, b, 1),
    sub: (a, b) => known.moved(k.sub(a, b), a, b, -1),
    less: (a, b) => compare("less", a, b),
    lessEqual: (a, b) => compare("lessEqual", a, b),
  };
}

/** Positions along the last axis where a comparison in the loop's code changes its answer, ascending. */
function seamsOf({ loop, prepared, shape, rank }: Nest): number[] {
  const finder = new SeamFinder();
  const at = shape.map((_, axis) => (axis === rank - 1 ? finder.position : finder.literal("int32")));
  elementsWith(finder, loop, prepared)(finder.index(shape, at));
  return [...finder.seams].filter((seam) => seam > 0 && seam < shape[rank - 1]!).sort((a, b) => a - b);
}

/** Emits nothing, and follows a position through sums and differences to comparisons. */
class SeamFinder extends Measure {
  readonly seams: Set<number> = new Set();
  readonly position: Value = { dtype: "int32" };
  readonly #known = new Knowledge(this.position);

  constructor() {
    super(Infinity);
  }

  override readonly literal = (dtype: DType, number?: number): Value =>
    number === undefined ? { dtype } : this.#known.number({ dtype }, number);

  protected override binary(name: BinaryOp, a: Value, b: Value): Value {
    const result: Value = { dtype: comparisons.has(name) ? "bool" : a.dtype };
    if (name === "add" || name === "sub") return this.#known.moved(result, a, b, name === "add" ? 1 : -1);
    const seam = name === "less" || name === "lessEqual" ? this.#known.seam(name, a, b) : undefined;
    if (seam) this.seams.add(seam.at);
    return result;
  }

  override readonly index = (shape: Shape, axes: readonly Value[]): Index => ({
    shape,
    axes: () => axes,
    flat: () => ({ dtype: "int32" }),
  });
  override readonly flatIndex = (shape: Shape, flat: Value): Index => ({
    shape,
    axes: () => shape.map(() => ({ dtype: "int32" as const })),
    flat: () => flat,
  });
}
