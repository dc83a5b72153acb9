import { type DType, DTypeError, dtypes, isFloat, ops, ShapeError, sizeOf, type Tensor, tensor } from "@dzdt/tensor";
import fc from "fast-check";
import type { Operation, Scope, Step } from "./operations";

export interface Input {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly seed: number;
}
export interface Program {
  readonly inputs: readonly Input[];
  readonly steps: readonly Step[];
  readonly outs: readonly number[];
}

const largest = 400;
/** Operations that transform their body. */
const transformNames = ["kept", "mapped", "gradient", "pushed", "pulled", "curved", "ruledBack", "ruledAhead"];

function runSteps(
  table: Readonly<Record<string, Operation>>,
  steps: readonly Step[],
  given: readonly Tensor[],
): Tensor[] {
  const values = [...given];
  for (const step of steps) {
    const operation = table[step.op]!;
    const at = (k: number): Tensor => values[(step.picks[k]! + values.length - 1) % values.length]!;
    const scope: Scope = {
      values,
      step,
      at,
      axis: (x) => {
        if (x.ndim === 0) throw new ShapeError("no axis");
        return step.n % x.ndim;
      },
      run: (own, alone = false) => runSteps(table, step.body, alone ? own : [...values.slice(-4), ...own]),
    };
    try {
      const result = operation(scope);
      const made: readonly Tensor[] = Array.isArray(result) ? (result as readonly Tensor[]) : [result as Tensor];
      for (const x of made) if (sizeOf(x.shape) <= largest && x.ndim <= 5) values.push(x);
    } catch (error) {
      if (!(error instanceof ShapeError) && !(error instanceof DTypeError)) throw error;
    }
  }
  return values;
}

/** The program as a function of its inputs. */
export const functionOf =
  ({ steps, outs }: Program, table: Readonly<Record<string, Operation>>) =>
  (...inputs: Tensor[]): Tensor[] => {
    const values = runSteps(table, steps, inputs);
    return [values.at(-1)!, ...outs.map((k) => values[k % values.length]!)];
  };

/** Values of an input: small, with halves among floats. */
export function inputOf({ dtype, shape, seed }: Input): Tensor {
  let state = (seed + 1) * 2654435761;
  const values = Array.from({ length: sizeOf(shape) }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return ((state >>> 8) % 64) / 8 - 4;
  });
  const drawn = values.map((x) =>
    dtype === "bool"
      ? Number(x > 0)
      : isFloat(dtype)
        ? x
        : dtype === "uint32"
          ? Math.abs(Math.round(x))
          : Math.round(x),
  );
  const array = new {
    float32: Float32Array,
    float64: Float64Array,
    int32: Int32Array,
    uint32: Uint32Array,
    bool: Uint8Array,
  }[dtype](drawn);
  return ops.reshape(tensor(array, { dtype }), shape);
}

const shapes = fc.oneof(
  { weight: 6, arbitrary: fc.array(fc.constantFrom(2, 3, 1, 0), { maxLength: 3 }) },
  // Beyond the widths of vectors and of the blocks that sums go in.
  { weight: 1, arbitrary: fc.array(fc.constantFrom(17, 9), { maxLength: 2 }) },
  { weight: 1, arbitrary: fc.constant([130]) },
);

/** Random programs over a table of operations. Shapes shrink towards [], programs towards none. */
export function programs(
  table: Readonly<Record<string, Operation>>,
  options: { readonly dtypes?: readonly DType[]; readonly steps?: number } = {},
): fc.Arbitrary<Program> {
  const control = new Set(["fori", "scan", "while", "cond", "compiled", "twiceCalled", ...transformNames]);
  const names = Object.keys(table);
  const plain = fc.constantFrom(...names.filter((name) => !control.has(name)));
  const nested = fc.constantFrom(...names.filter((name) => control.has(name)));
  const picks = fc.array(fc.nat({ max: 7 }), { minLength: 5, maxLength: 5 });
  const level = (depth: number): fc.Arbitrary<Step> => {
    const leaf = fc.record({ op: plain, picks, n: fc.nat({ max: 5 }), body: fc.constant<Step[]>([]) });
    if (depth === 0) return leaf;
    const branch = fc.record({
      op: nested,
      picks,
      n: fc.nat({ max: 5 }),
      body: fc.array(level(depth - 1), { maxLength: 5 }),
    });
    return fc.oneof({ weight: 4, arbitrary: leaf }, { weight: 1, arbitrary: branch });
  };
  const input = fc.record({
    dtype: fc.constantFrom(...(options.dtypes ?? dtypes)),
    shape: shapes,
    seed: fc.nat({ max: 99 }),
  });
  return fc.record({
    inputs: fc.array(input, { minLength: 1, maxLength: 3 }),
    steps: fc.array(level(3), { maxLength: options.steps ?? 12 }),
    outs: fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
  });
}
