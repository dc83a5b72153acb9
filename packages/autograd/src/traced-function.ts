import { checkFunction, invariant, type Tape, type Tensor, trace } from "@dzdt/tensor";
import { checkFloats, flatten, type Flat, isTree, type NumberKind } from "./leaves";

/** A function of trees that has been traced, and the values it was traced for. */
export interface TracedFunction {
  readonly tape: Tape;
  /** A tensor for every input of the tape: the leaves of the traced arguments, then what the function closed over. */
  readonly ins: readonly Tensor[];
  /** Marks the leaves of the traced arguments among `ins`. */
  readonly wanted: readonly boolean[];
  /** The traced arguments, in the order in which they were named. */
  readonly args: readonly Flat[];
  readonly result: Flat;
}

/** What to trace a function with. */
export interface TraceOptions {
  readonly where: string;
  /** The arguments whose leaves become inputs; the others are passed as they are. All trees, if absent. */
  readonly argnums?: readonly number[];
  /** Every leaf must be a float. */
  readonly floats?: boolean;
  readonly numbers?: NumberKind;
}

/**
 * Records what a function of trees does. Numbers can be read while it runs, where they are known, so branches of the host language
 * are those of the given arguments.
 */
export function traceFunction(
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  {
    where,
    floats = false,
    numbers = "float32",
    argnums = args.flatMap((x, n) => (floats || isTree(x) ? [n] : [])),
  }: TraceOptions,
): TracedFunction {
  checkFunction(where, f);
  const flat = argnums.map((n) => {
    if (floats) checkFloats(where, args[n], `argument ${n}`);
    return flatten(args[n], numbers);
  });
  const inputs = flat.flatMap((x) => x.leaves);
  const target = inputs[0]?.target;
  let result: Flat | undefined;
  const { tape, captured } = trace(
    where,
    (...ins) => {
      const given = [...args];
      let from = 0;
      flat.forEach((x, k) => {
        given[argnums[k]!] = x.rebuild(ins.slice(from, (from += x.leaves.length)));
      });
      result = flatten(f(...(given as never[])), "float32", target);
      return result.leaves;
    },
    inputs.map((x) => x.aval),
    { primals: inputs, target },
  );
  invariant(result, "a traced function was called");
  return {
    tape,
    ins: inputs.concat(captured),
    wanted: [...inputs.map(() => true), ...captured.map(() => false)],
    args: flat,
    result,
  };
}

/** Splits a list into runs of the lengths of the trees' leaves, and rebuilds the trees. */
export function rebuildAll(flats: readonly Flat[], leaves: readonly unknown[]): unknown[] {
  let from = 0;
  return flats.map((x) => x.rebuild(leaves.slice(from, (from += x.leaves.length))));
}
