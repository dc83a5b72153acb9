import { type Aval, sizeOf } from "@dzdt/tensor";
import type { Emitter, KnownKernel, Memory, Value, Variable } from "@dzdt/tensor/lower";
import type { Memories, Pass, Passes } from "./passes";
import { divided, endOf, linesAlong } from "./positions";

/** Runs of so many elements are sorted by comparing all, and so many are merged by one invocation. A power of two. */
const few = 16;

/** Shorter lines are sorted by one invocation each. */
const shortest = 128;

/** Lines of positions to be sorted by their keys. */
export interface Sorting {
  readonly lines: number;
  readonly length: number;
  /** Where position i of a line is in an array of positions. */
  readonly at: (k: Emitter, line: Value, i: Value) => Value;
  readonly key: (k: Emitter, memories: Memories, line: Value, i: Value) => Value;
  readonly before: (k: Emitter, a: Value, b: Value) => Value;
  /** Two arrays of positions; the first is the result. */
  readonly arrays: (memories: Memories) => readonly [Memory, Memory];
}

/** Sorting along an axis. */
export function sortPasses(x: Aval, { axis, before }: KnownKernel & { readonly kind: "sort" }): Passes | undefined {
  const { lines, length, at } = linesAlong(x.shape, axis);
  if (length < shortest) return undefined;
  const list = sorted({
    lines,
    length,
    at,
    before,
    key: (k, { ins }, line, i) => ins[0]!.load(at(k, line, i)),
    arrays: ({ out, scratch }) => [out, scratch[0]!],
  });
  return { list, scratch: [{ dtype: "int32", shape: [sizeOf(x.shape)] }] };
}

/**
 * Passes of a stable merge sort. In runs of a few, each element finds its place by comparing itself with the others. Then each two neighbouring
 * runs are merged, in parts: where a part begins in both runs is found by bisection (merge path; Odeh, Green, Mwassi, Shmueli and Birk 2012).
 */
export function sorted(sorting: Sorting): Pass[] {
  const { lines, length } = sorting;
  const merges = Math.max(0, Math.ceil(Math.log2(length / few)));
  const run = mergingRuns(sorting);
  // They write to one array and the other, and the last one to the result.
  const passes = Array.from({ length: merges }, (_, done) => ({
    count: lines * Math.ceil(length / few),
    run,
    number: few * 2 ** done * ((merges - done) % 2 === 1 ? 1 : -1),
  }));
  return [{ count: lines * length, run: sortingRuns(sorting, merges % 2) }, ...passes];
}

/** Sorts runs of a few elements into one of the arrays. */
const sortingRuns =
  ({ lines, length, at, key, before, arrays }: Sorting, to: number): Pass["run"] =>
  (k, here, memories) => {
    const int = (value: number): Value => k.literal("int32", value);
    const [line, i] = divided(k, here, length, lines);
    const first = k.and(i, int(-few));
    const mine = key(k, memories, line, i);
    const place = k.variable(first);
    k.loop(k.min(int(few), k.sub(int(length), first)), (n) => {
      const j = k.add(first, n);
      const other = key(k, memories, line, j);
      // One that stands before this one comes before it unless it must come after it.
      const stood = k.less(j, i);
      const earlier = k.xor(stood, before(k, k.select(stood, mine, other), k.select(stood, other, mine)));
      place.set(k.add(place.get(), k.cast(earlier, "int32")));
    });
    arrays(memories)[to]!.store(at(k, line, place.get()), i);
  };

/**
 * Merges each two neighbouring runs of some elements, a power of two, into the result, or, where their number is negated, from there into the other array:
 * each invocation a few elements.
 */
const mergingRuns =
  ({ lines, length, at, key, before, arrays }: Sorting): Pass["run"] =>
  (k, here, memories, number) => {
    const int = (value: number): Value => k.literal("int32", value);
    const [result, other] = arrays(memories);
    const toResult = k.less(int(0), number);
    const [to, from] = [memories.either(toResult, result, other), memories.either(toResult, other, result)];
    const width = k.max(number, k.neg(number));
    const read = (i: Value): readonly [Value, Value] => {
      const position = from.load(at(k, line, k.min(i, int(length - 1))));
      return [position, key(k, memories, line, position)];
    };
    const [line, part] = divided(k, here, Math.ceil(length / few), lines);
    const start = k.mul(part, int(few));
    const begin = k.and(start, k.neg(k.add(width, width)));
    const middle = k.min(k.add(begin, width), int(length));
    const end = k.min(k.add(middle, width), int(length));
    // What comes before this part: of the left run, elements that need not come after that of the right run which would be there instead.
    const least = k.max(begin, k.sub(start, k.sub(end, middle)));
    const last = k.sub(k.add(start, middle), int(1));
    const isBefore = (i: Value): Value => k.not(before(k, read(k.sub(last, i))[1], read(i)[1]));
    const first = endOf(k, least, k.min(start, middle), isBefore);
    const left = headOf(k, first, read);
    const right = headOf(k, k.sub(k.add(start, middle), first), read);
    k.loop(k.min(int(few), k.sub(int(length), start)), (n) => {
      const [l, r] = [left.at.get(), right.at.get()];
      const isNext = k.or(k.lessEqual(middle, l), before(k, right.key.get(), left.key.get()));
      const onRight = k.and(k.less(r, end), isNext);
      const position = k.select(onRight, right.position.get(), left.position.get());
      to.store(at(k, line, k.add(start, n)), position);
      const next = k.add(k.select(onRight, r, l), int(1));
      const values = [next, ...read(next)] as const;
      left.advance(k.not(onRight), values);
      right.advance(onRight, values);
    });
  };

/** The element of a run that is next to be merged. */
interface Head {
  readonly at: Variable;
  readonly position: Variable;
  readonly key: Variable;
  readonly advance: (whether: Value, values: readonly [at: Value, position: Value, key: Value]) => void;
}

function headOf(k: Emitter, first: Value, read: (i: Value) => readonly [Value, Value]): Head {
  const variables = [first, ...read(first)].map((value) => k.variable(value));
  const [at, position, key] = variables as [Variable, Variable, Variable];
  return {
    at,
    position,
    key,
    advance: (whether, values) =>
      variables.forEach((variable, j) => variable.set(k.select(whether, values[j]!, variable.get()))),
  };
}
