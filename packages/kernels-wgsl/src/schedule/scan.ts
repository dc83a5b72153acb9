import type { Aval, Shape } from "@dzdt/tensor";
import type { Emitter, KnownKernel, Memory, Value } from "@dzdt/tensor/lower";
import type { Memories, Pass, Passes } from "./passes";
import { divided, flat, linesAlong } from "./positions";

/** An invocation has so many elements of a line. */
const few = 64;

/** So many runs are put together by one invocation. */
const fewRuns = 256;

/** Shorter lines are one invocation's each. */
const shortest = 512;

/** As many lines occupy a device with an invocation each. */
const many = 2 ** 14;

type Scan = KnownKernel & { readonly kind: "scan" };

/** A level of a scan: lines of elements of the inputs, or of what runs of elements of the level below come to. */
interface Level extends Pick<Scan, "scaled" | "next"> {
  readonly length: number;
  readonly at: (k: Emitter, line: Value, i: Value) => Value;
  readonly elements: (memories: Memories) => readonly Memory[];
  readonly result: (memories: Memories) => Memory;
}

/**
 * A scan along an axis: what each run of elements comes to, likewise what runs of runs do, and down again with what comes before each run. So
 * sums of runs are rounded apart from each other, and the product of a run may be too large or too small for a number where results are not.
 */
export function scanPasses(ins: readonly Aval[], known: Scan): Passes | undefined {
  const { shape, dtype } = ins[0]!;
  const { lines, length } = linesAlong(shape, known.axis);
  if (length < shortest || lines >= many) return undefined;
  const levels = [inputLevel(shape, known)];
  const scratch: Aval[] = [];
  do {
    const runs = Math.ceil(levels.at(-1)!.length / few);
    levels.push(runLevel(runs, known.scaled, scratch.length));
    const numbers = { dtype, shape: [lines, runs] };
    scratch.push(...(known.scaled ? [numbers, numbers] : [numbers]));
  } while (levels.at(-1)!.length > fewRuns);
  const top = levels.pop()!;
  const up = levels.map((level, l) => gathering(level, levels[l + 1] ?? top, lines));
  const down = levels.map((level, l) => running(level, few, lines, levels[l + 1] ?? top));
  return { list: [...up, running(top, top.length, lines), ...down.reverse()], scratch };
}

function inputLevel(shape: Shape, { axis, reverse, scaled, next }: Scan): Level {
  const { length, at } = linesAlong(shape, axis);
  return {
    length,
    at: (k, line, i) => at(k, line, reverse ? k.sub(k.literal("int32", length - 1), i) : i),
    elements: ({ ins }) => ins,
    result: ({ out }) => out,
    scaled,
    next,
  };
}

/** What runs come to: the product of their factors, if there are any, and what they make of 0. Results take its place. */
function runLevel(length: number, scaled: boolean, first: number): Level {
  const elements = ({ scratch }: Memories): Memory[] => scratch.slice(first, first + (scaled ? 2 : 1));
  return {
    length,
    at: (k, line, i) => flat(k, line, length, i),
    elements,
    result: (memories) => elements(memories).at(-1)!,
    scaled,
    next: (k, before, numbers) => {
      const ofZero = numbers.at(-1)!;
      if (!before) return ofZero;
      if (!scaled) return k.add(before, ofZero);
      // The product may be infinite though no factor is.
      const isZero = k.equal(before, k.literal(before.dtype, 0));
      return k.select(isZero, ofZero, k.add(k.mul(numbers[0]!, before), ofZero));
    },
  };
}

/** What each run of a level comes to. */
const gathering = (level: Level, above: Level, lines: number): Pass => ({
  count: lines * above.length,
  run: (k, here, memories) => {
    const { scaled, next } = level;
    const int = (value: number): Value => k.literal("int32", value);
    const [line, r] = divided(k, here, above.length, lines);
    const [elementsAt, rest] = elementsOf(k, level, few, memories, line, r);
    const first = elementsAt(int(0));
    const value = k.variable(next(k, undefined, first));
    const factors = scaled ? [k.variable(first[0]!)] : [];
    if (scaled) k.if(k.less(int(0), r), () => value.set(next(k, k.literal(first[0]!.dtype, 0), first)));
    k.loop(rest, (i) => {
      const elements = elementsAt(k.add(i, int(1)));
      value.set(next(k, value.get(), elements));
      for (const factor of factors) factor.set(k.mul(factor.get(), elements[0]!));
    });
    const at = above.at(k, line, r);
    above.elements(memories).forEach((memory, j) => memory.store(at, (factors[j] ?? value).get()));
  },
});

/** The results of each run of a level, if those of the runs before it are known. */
const running = (level: Level, length: number, lines: number, above?: Level): Pass => ({
  count: lines * Math.ceil(level.length / length),
  run: (k, here, memories) => {
    const { next } = level;
    const int = (value: number): Value => k.literal("int32", value);
    const [line, r] = divided(k, here, Math.ceil(level.length / length), lines);
    const [elementsAt, rest, at] = elementsOf(k, level, length, memories, line, r);
    const first = elementsAt(int(0));
    const last = k.variable(next(k, undefined, first));
    if (above)
      k.if(k.less(int(0), r), () => {
        const before = above.result(memories).load(above.at(k, line, k.sub(r, int(1))));
        last.set(next(k, before, first));
      });
    const result = level.result(memories);
    result.store(at(int(0)), last.get());
    k.loop(rest, (i) => {
      const own = k.add(i, int(1));
      last.set(next(k, last.get(), elementsAt(own)));
      result.store(at(own), last.get());
    });
  },
});

/** Elements of a run by their number in it, how many there are beside the first, and where they are. */
function elementsOf(
  k: Emitter,
  { length, at, elements }: Level,
  size: number,
  memories: Memories,
  line: Value,
  r: Value,
): readonly [elementsAt: (i: Value) => Value[], rest: Value, at: (i: Value) => Value] {
  const int = (value: number): Value => k.literal("int32", value);
  const first = k.mul(r, int(size));
  const rest = k.sub(k.min(int(size), k.sub(int(length), first)), int(1));
  const place = (i: Value): Value => at(k, line, k.add(first, i));
  return [(i) => elements(memories).map((memory) => memory.load(place(i))), rest, place];
}
