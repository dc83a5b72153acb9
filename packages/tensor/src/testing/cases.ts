import { type DType, dtypes, isFloat } from "../dtype";
import type { Attributes, Aval, Domain, Primitive } from "../primitive";
import { lu } from "../primitives/lu";
import { evaluate } from "../run";
import type { Shape } from "../shape";
import type { Target } from "../targets/target";
import type { Tensor } from "../tensor";
import { fromNumbers, sample, uniforms } from "./samples";

/** An input of a case: drawn from a domain (the primitive's, unless another is given), or these numbers. */
export interface CaseInput {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly from?: Domain | readonly number[] | ((target: Target, seed: number, before: readonly Tensor[]) => Tensor);
}

/** A primitive with attributes and inputs that it accepts. */
export interface Case {
  readonly op: Primitive;
  readonly attributes: Attributes;
  readonly ins: readonly CaseInput[];
  /** Why derivatives are not checked here. */
  readonly noDerivatives?: string;
}

type Of<A> = (attributes: A, ...ins: readonly CaseInput[]) => Omit<Case, "op">;
const of: Of<Attributes> = (attributes, ...ins) => ({ attributes, ins });
const f32 = (...shape: number[]): CaseInput => ({ dtype: "float32", shape });
const f64 = (...shape: number[]): CaseInput => ({ dtype: "float64", shape });
const ints = (values: readonly number[], ...shape: number[]): CaseInput => ({ dtype: "int32", shape, from: values });
const everyDtype = (f: (dtype: DType) => Omit<Case, "op">, accepted: readonly DType[] = dtypes): Omit<Case, "op">[] =>
  accepted.map(f);
const floats: readonly DType[] = ["float32", "float64"];
const numbers: readonly DType[] = [...floats, "int32", "uint32"];
/** The same case for each dtype of its first input; inputs of that dtype follow. */
const each = (
  accepted: readonly DType[],
  attributes: Attributes,
  ...shapes: readonly (Shape | CaseInput)[]
): Omit<Case, "op">[] =>
  everyDtype((dtype) => of(attributes, ...shapes.map((x) => ("dtype" in x ? x : { dtype, shape: x }))), accepted);

const along = (accepted: readonly DType[], name: "axis" | "axes", more: Attributes = {}): Omit<Case, "op">[] => {
  const at = (axis: number): Attributes => ({ [name]: name === "axis" ? axis : [axis], ...more });
  return [
    ...each(accepted, at(1), [2, 3]),
    of(at(0), f64(1)),
    of(at(0), f64(3, 0)),
    of(at(0), f64(200, 2)),
    of(at(1), f32(2, 1, 3)),
  ];
};
/** Over axis 0 of many elements too, where sums go in blocks. */
const reductions = (accepted: readonly DType[], empty: boolean): Omit<Case, "op">[] => [
  ...along(accepted, "axes"),
  of({ axes: [] }, f64()),
  of({ axes: [0, 2] }, f64(2, 3, 4)),
  of({ axes: [0] }, f32(300)),
  ...(empty ? [of({ axes: [0] }, f64(0, 3)), of({ axes: [1] }, f32(0, 0))] : []),
];
const diagonallyDominant = (...shape: number[]): CaseInput => ({
  dtype: "float64",
  shape,
  from: (target, seed) => {
    const random = uniforms(seed);
    const n = shape.at(-1)!;
    const size = shape.reduce((product, length) => product * length, 1);
    const values = Array.from(
      { length: size },
      (_, i) => random() + (Math.floor(i / n) % shape.at(-2)! === i % n ? n + 1 : 0),
    );
    return fromNumbers(values, "float64", shape, target);
  },
});
const packedFactors = (part: number, dtype: DType, ...shape: number[]): CaseInput => ({
  dtype,
  shape,
  from: (_target, _seed, [a]) => evaluate(lu, [a!], {})[part]!,
});
const [m23, m45]: [Shape, Shape] = [
  [2, 3],
  [4, 5],
];

/** Examples of the primitives that are not elementwise functions without attributes. */
const table: Readonly<Record<string, readonly Omit<Case, "op">[]>> = {
  argmax: along([...numbers, "bool"], "axis").slice(0, 7),
  argmin: along([...numbers, "bool"], "axis").slice(0, 7),
  argsort: along(numbers, "axis"),
  broadcast: [
    ...each(dtypes, { shape: [2, 3], axes: [1] }, [3]),
    of({ shape: [4, 2, 3], axes: [0, 2] }, f64(4, 1)),
    of({ shape: [2, 0], axes: [] }, f64()),
    of({ shape: [0, 3], axes: [0, 1] }, f64(1, 3)),
  ],
  cast: dtypes.flatMap((dtype) => [...each(dtypes, { dtype }, m23), of({ dtype }, f32()), of({ dtype }, f64(0))]),
  cholesky: [
    of({}, diagonallyDominant(3, 3)),
    of({}, diagonallyDominant(2, 4, 4)),
    of({}, f64(0, 2, 2)),
    of({}, diagonallyDominant(1, 1)),
  ],
  check: [...each(dtypes, {}, [2, 3], ints([0])), of({}, f64(0), ints([0]))],
  concat: [
    ...each(dtypes, { axis: 1 }, [2, 1], [2, 0], [2, 3]),
    of({ axis: 0 }, f64(2), f64(1), f64(4), f64(1), f64(0)),
    of({ axis: 0 }, f64(0), f64(0)),
  ],
  contract: [
    ...each(numbers, { batchA: [], batchB: [], contractA: [1], contractB: [0] }, m23, [3, 5]),
    of({ batchA: [0], batchB: [0], contractA: [2], contractB: [1] }, f32(3, 9, 17), f32(3, 17, 13)),
    of({ batchA: [], batchB: [], contractA: [0], contractB: [1] }, f64(7, 6), f64(5, 7)),
    of({ batchA: [1], batchB: [3], contractA: [3, 2], contractB: [0, 2] }, f64(2, 5, 3, 4), f64(4, 6, 3, 5)),
    of({ batchA: [], batchB: [], contractA: [1], contractB: [0] }, f64(2, 0), f64(0, 3)),
    of({ batchA: [], batchB: [], contractA: [], contractB: [] }, f64(2), f64(3)),
    of({ batchA: [], batchB: [], contractA: [0], contractB: [0] }, f32(1), f32(1)),
    of({ batchA: [], batchB: [], contractA: [0], contractB: [0] }, f64(0), f64(0)),
  ],
  cumprod: [...along(numbers, "axis", { reverse: false }), of({ axis: 1, reverse: true }, f64(2, 4))],
  cumsum: [...along(numbers, "axis", { reverse: false }), of({ axis: 1, reverse: true }, f64(2, 4))],
  dynamicSlice: [
    ...each(dtypes, { axis: 0, length: 3 }, [5, 2], ints([1])),
    of({ axis: 0, length: 3 }, f64(5, 2), ints([9])),
    of({ axis: 1, length: 1 }, f64(5, 2), ints([-4])),
    of({ axis: 0, length: 0 }, f64(0, 2), ints([0])),
  ],
  dynamicUpdate: [
    ...each(dtypes, { axis: 0 }, [5, 2], ints([1]), [2, 2]),
    of({ axis: 1 }, f64(2, 5), ints([9]), f64(2, 2)),
    of({ axis: 1 }, f64(2, 5), ints([-9]), f64(2, 0)),
    of({ axis: 0 }, f64(1), ints([0]), f64(1)),
  ],
  eigh: [of({}, f64(3, 3)), of({}, f64(2, 2, 2)), of({}, f64(1, 1)), of({}, f64(0, 2, 2))],
  flip: [
    ...each(dtypes, { axes: [1] }, m23),
    of({ axes: [0, 1] }, f64(2, 3)),
    of({ axes: [0] }, f64(0, 2)),
    of({ axes: [] }, f64()),
  ],
  gather: [
    ...each(dtypes, { axis: 0, batch: 0 }, [3, 4], ints([0, -1, 1, 7], 2, 2)),
    of({ axis: 1, batch: 0 }, f64(3, 4), ints([2, -4, 0], 3)),
    of({ axis: 2, batch: 1 }, f64(2, 3, 4), ints([0, -1, 1, 7], 2, 2)),
    of({ axis: 0, batch: 0 }, f64(3), ints([-2])),
    of({ axis: 0, batch: 0 }, f64(3, 2), ints([], 0)),
    of({ axis: 0, batch: 0 }, f64(0, 2), ints([], 0)),
  ],
  integerPow: [-3, -1, 0, 1, 2, 3, 7].flatMap((exponent) => [
    ...each(exponent < 0 ? floats : numbers, { exponent }, m23),
    of({ exponent }, f64()),
    of({ exponent }, f64(0)),
  ]),
  logsumexp: reductions(floats, false),
  lu: [of({}, diagonallyDominant(3, 3)), of({}, f64(2, 4, 4)), of({}, f64(1, 1)), of({}, f64(0, 3, 3))],
  luSolve: [true, false]
    .flatMap((transpose) => [
      of(
        { transpose },
        diagonallyDominant(3, 3),
        packedFactors(0, "float64", 3, 3),
        packedFactors(1, "int32", 3),
        f64(3, 2),
      ),
      of(
        { transpose },
        diagonallyDominant(2, 2, 2),
        packedFactors(0, "float64", 2, 2, 2),
        packedFactors(1, "int32", 2, 2),
        f64(2, 2, 1),
      ),
    ])
    .map((x) => ({
      ...x,
      noDerivatives: "its derivatives are those of A, and the factors move with A: see linalg.solve",
    })),
  max: reductions([...numbers, "bool"], false),
  min: reductions([...numbers, "bool"], false),
  pad: [
    ...each(dtypes, { low: [1, 0], high: [0, 2] }, m23, []),
    of({ low: [1, 0], high: [0, 2] }, f64(0, 3), f64()),
    of({ low: [2], high: [0] }, f64(1), f64()),
  ],
  peak: reductions(floats, false),
  permuteRows: [
    of({}, f64(3, 2), ints([2, 0, 1], 3), ints([1, 2, 0], 3)),
    of({}, f32(2, 2, 2), ints([1, 0, 0, 1], 2, 2), ints([1, 0, 0, 1], 2, 2)),
  ],
  positions: [of({ shape: [2, 3] }, f64()), of({ shape: [] }, f64(2)), of({ shape: [0, 2] }, f64())],
  prod: reductions(numbers, true),
  qr: [of({}, diagonallyDominant(3, 3)), of({}, f64(2, 5, 3)), of({}, f64(1, 1))],
  randomBits: ["high", "low", "xor"].flatMap((word) => [
    of({ shape: [2, 3], word }, { dtype: "uint32", shape: [2] }),
    of({ shape: [3], word }, { dtype: "uint32", shape: [4, 2] }),
    of({ shape: [0], word }, { dtype: "uint32", shape: [2] }),
  ]),
  recurrence: [
    ...each(floats, { axis: 1, reverse: false }, m23, m23),
    of({ axis: 0, reverse: true }, f64(3, 2), f64(3, 2)),
    of({ axis: 0, reverse: false }, f64(0), f64(0)),
  ],
  reshape: [...each(dtypes, { shape: [3, 2] }, m23), of({ shape: [1, 1] }, f64()), of({ shape: [0, 7] }, f64(3, 0))],
  scatterAdd: [
    ...each(numbers, { axis: 0, batch: 0 }, [3, 2], ints([0, -1, 0, 7], 2, 2), [2, 2, 2]),
    of({ axis: 2, batch: 1 }, f64(2, 3, 4), ints([0, -1, 1, 1], 2, 2), f64(2, 3, 2)),
    of({ axis: 0, batch: 0 }, f64(3), ints([], 0), f64(0)),
  ],
  shield: [
    of({}, { dtype: "bool", shape: [2, 3], from: [1, 1, 1, 1, 1, 1] }, f64(2, 3)),
    of({}, { dtype: "bool", shape: [0] }, f64(0)),
    { ...of({}, { dtype: "bool", shape: [2, 3] }, f64(2, 3)), noDerivatives: "they are 0 where the mask is false" },
    of({}, { dtype: "bool", shape: [2, 3] }, f32(2, 3)),
  ],
  slice: [
    ...each(dtypes, { starts: [1, 0], limits: [5, 3], strides: [2, 1] }, [5, 4]),
    of({ starts: [1, 2], limits: [1, 3], strides: [2, 1] }, f64(5, 4)),
    of({ starts: [], limits: [], strides: [] }, f64()),
  ],
  stopGradient: [
    ...each(dtypes, {}, m23).map((x) => ({ ...x, noDerivatives: "its derivative is declared to be zero" })),
  ],
  sum: reductions(numbers, true),
  svd: [of({}, diagonallyDominant(3, 3)), of({}, f64(2, 4, 2)), of({}, f64(1, 1))],
  threefry: ["high", "low", "xor"].map((word) =>
    of({ word }, ...new Array<CaseInput>(4).fill({ dtype: "uint32", shape: [2, 3] })),
  ),
  transpose: [
    ...each(dtypes, { permutation: [1, 0] }, m45),
    of({ permutation: [2, 0, 1] }, f64(2, 3, 4)),
    of({ permutation: [1, 0] }, f64(0, 2)),
    of({ permutation: [] }, f64()),
  ],
  triangle: [true, false].flatMap((lower) => [
    ...each(dtypes, { lower, offset: 0 }, m45),
    of({ lower, offset: -1 }, f64(2, 3, 3)),
    of({ lower, offset: 1 }, f64(0, 2)),
  ]),
  triangularSolve: [true, false].flatMap((lower) =>
    [true, false].flatMap((transpose) =>
      [true, false].flatMap((unitDiagonal) => [
        of({ lower, transpose, unitDiagonal }, { ...diagonallyDominant(3, 3) }, f64(3, 2)),
        of({ lower, transpose, unitDiagonal }, { ...diagonallyDominant(2, 2, 2) }, f64(2, 2, 1)),
      ]),
    ),
  ),
  unitFloat: [
    of({ dtype: "float32" }, { dtype: "uint32", shape: [2, 3] }),
    of({ dtype: "float64" }, { dtype: "uint32", shape: [4] }, { dtype: "uint32", shape: [4] }),
  ],
  where: [
    ...each(dtypes, {}, { dtype: "bool", shape: [2, 3] }, m23, m23).map((_, j) =>
      of({}, { dtype: "bool", shape: [2, 3] }, ...new Array<CaseInput>(2).fill({ dtype: dtypes[j]!, shape: [2, 3] })),
    ),
    of({}, { dtype: "bool", shape: [0] }, f64(0), f64(0)),
  ],
  zeroStuff: [
    ...each(dtypes, { shape: [6, 3], starts: [1, 0], strides: [3, 1] }, m23),
    of({ shape: [4], starts: [1], strides: [2] }, f64(0)),
    of({ shape: [], starts: [], strides: [] }, f64()),
  ],
};

const shapes: readonly Shape[] = [[], [1], [0], [2, 3], [2, 0], [1, 5]];

/** Every dtype that an elementwise function without attributes takes, in several shapes. */
function elementwiseCases(op: Primitive): Case[] {
  if (op.fusion !== "map") return [];
  const takes = (dtype: DType, arity: number): boolean => {
    try {
      op.shape(new Array<Aval>(arity).fill({ dtype, shape: [] }), {});
      return true;
    } catch {
      return false;
    }
  };
  return [1, 2].flatMap((arity) =>
    dtypes
      .filter((dtype) => takes(dtype, arity))
      .flatMap((dtype) =>
        (isFloat(dtype) ? shapes : shapes.slice(2, 4)).map((shape) => ({
          op,
          attributes: {},
          ins: new Array<CaseInput>(arity).fill({ dtype, shape }),
        })),
      ),
  );
}

/** Examples of a primitive; none where somebody forgot to write any. */
export const casesOf = (op: Primitive): readonly Case[] =>
  table[op.name]?.map((x) => ({ op, ...x })) ?? elementwiseCases(op);

/** Inputs of a case. */
export function inputsOf({ op, ins }: Case, seed: number, target: Target): Tensor[] {
  const made: Tensor[] = [];
  ins.forEach(({ dtype, shape, from }, j) => {
    const domain = "low" in op.domain ? op.domain : (op.domain[j] ?? op.domain[0]!);
    if (typeof from === "function") made.push(from(target, seed + j, made));
    else if (Array.isArray(from)) made.push(fromNumbers(from as number[], dtype, shape, target));
    else made.push(sample((from as Domain | undefined) ?? domain, dtype, shape, seed + 101 * j, target));
  });
  return made;
}

/** What a case is, for people. */
export const nameOf = ({ op, ins, attributes }: Case): string =>
  `${op.name}(${ins.map((x) => `${x.dtype}[${x.shape.join()}]`).join(", ")}) ${JSON.stringify(attributes)}`;
