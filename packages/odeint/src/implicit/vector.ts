import { transforms } from "@dzdt/autograd";
import {
  type Aval,
  applyTape,
  broadcastTo,
  cast,
  concat,
  DTypeError,
  eye,
  isFloat,
  printShape,
  sameShape,
  ShapeError,
  sizeOf,
  stack,
  Tensor,
  trace,
  transpose,
  tree,
  type Tree,
  zerosLike,
} from "@dzdt/tensor";
import { realOf, type StateType } from "../vectorField";

/** The Jacobian of a field as a user gives it: of a tensor `[…y, …y]`; of a tree, at each leaf of dy a tree like y of such. */
export type JacobianFunction<Y, A> = (t: Tensor, y: Y, args: A) => Tree;

/** States as vectors, for linear algebra: all leaves in a row, in the widest of their dtypes. */
export interface Vectors {
  readonly n: number;
  readonly dtype: "float32" | "float64";
  /** The narrowest of the leaves' dtypes: fields round to it, at least in part. */
  readonly narrowest: "float32" | "float64";
  readonly ravel: (leaves: readonly Tensor[]) => Tensor;
  readonly unravel: (vector: Tensor) => Tensor[];
}

/** A field on vectors, with its derivatives. */
export interface VectorSystem extends Vectors {
  readonly field: (t: Tensor, y: Tensor) => Tensor;
  /** ∂f/∂y, `[n, n]`, and ∂f/∂t, undefined where the field does not depend on time. */
  readonly linearize: (t: Tensor, y: Tensor) => { readonly jacobian: Tensor; readonly inTime: Tensor | undefined };
  /** M of M dy/dt = f, `[n, n]`; undefined for the identity. */
  readonly mass: Tensor | undefined;
}

/** How states of a type become vectors. */
export function vectorsOf(state: StateType): Vectors {
  const dtype = realOf(state);
  const sizes = state.leaves.map(({ shape }) => sizeOf(shape));
  const n = sizes.reduce((sum, size) => sum + size, 0);
  return {
    n,
    dtype,
    narrowest: state.leaves.some((leaf, k) => leaf.dtype === "float32" && sizes[k]! > 0) ? "float32" : dtype,
    ravel: (leaves) => {
      const parts = leaves.map((x, k) => cast(x, dtype).reshape([sizes[k]!]));
      return parts.length === 1 ? parts[0]! : concat(parts, 0);
    },
    unravel: (vector) => {
      let from = 0;
      return state.leaves.map((leaf, k) => {
        const part = vector.slice([from], [(from += sizes[k]!)]);
        return cast(part, leaf.dtype).reshape(leaf.shape);
      });
    },
  };
}

/** A field on leaves. */
export type Field = (t: Tensor, y: readonly Tensor[]) => Tensor[];

/** How well stages are solved. */
export interface StageAccuracy {
  /** Tolerances by leaves; undefined: to rounding, as for steps that nothing else controls. */
  readonly rtol: readonly Tensor[];
  readonly atol: readonly Tensor[];
  readonly exact: boolean;
}

/** Functions of a solve with an implicit method. */
export interface SystemOptions {
  readonly field: Field;
  readonly state: StateType;
  /** The Jacobian's blocks by leaves of dy and then of y, each `[…dy, …y]`; undefined: by differentiation. */
  readonly jacobian: ((t: Tensor, y: readonly Tensor[]) => Tree) | undefined;
  readonly mass: Tensor | undefined;
}

/** A field as a function of vectors. To be called while tracing. */
export function vectorSystem({ field: given, state, jacobian, mass }: SystemOptions): VectorSystem {
  const vectors = vectorsOf(state);
  const { n, dtype, ravel, unravel } = vectors;
  const real: Aval = { dtype, shape: [] };
  const field = (t: Tensor, y: Tensor): Tensor => ravel(given(t, unravel(y)));
  const { tape, captured } = trace("jacobian", (t, y) => [field(t, y)], [real, { dtype, shape: [n] }]);
  const still = captured.map(() => false);
  const byState = transforms.jvp(tape, [false, true, ...still]);
  const count = 2 + captured.length;
  const columns =
    n > 0 && byState.movedOuts[0]
      ? transforms.batch(
          byState.tape,
          byState.tape.inputs.map((_, k) => k === count),
          n,
          [false, true],
        )
      : undefined;
  const byTime = transforms.jvp(tape, [true, false, ...still]);

  const differentiated = (t: Tensor, y: Tensor): Tensor => {
    if (!columns) return broadcastTo(y.tape!.literal(0, dtype), [n, n]);
    const ins = [cast(t, dtype), y, ...captured, identityLike(y, n), ...byState.captured, ...columns.captured];
    return transpose(applyTape(columns.tape, ins)[1]!);
  };
  const written = (t: Tensor, y: Tensor): Tensor =>
    matrixOf(jacobian!(cast(t, dtype), unravel(y)), state, dtype, "jacobian");
  return {
    ...vectors,
    mass,
    field,
    linearize: (t, y) => ({
      jacobian: (jacobian ? written : differentiated)(t, y),
      inTime: byTime.movedOuts[0]
        ? applyTape(byTime.tape, [
            cast(t, dtype),
            y,
            ...captured,
            cast(zerosLike(t), dtype).add(1),
            ...byTime.captured,
          ])[1]
        : undefined,
    }),
  };
}

/** The largest identity that is written out, so that programs for small states know its numbers. */
const writtenOut = 8;

/** The identity matrix on the tape and of the dtype of `x`. */
export function identityLike(x: Tensor, n: number): Tensor {
  const dtype = x.dtype as "float32" | "float64";
  if (!x.tape || n === 0 || n > writtenOut) return eye(n, { dtype, target: x.target });
  const [zero, one] = [x.tape.literal(0, dtype), x.tape.literal(1, dtype)];
  const entries = Array.from({ length: n * n }, (_, k) => (k % (n + 1) === 0 ? one : zero));
  return stack(entries).reshape([n, n]);
}

/** A matrix from its blocks, by leaves of the rows' tree and in each by leaves of the columns'. @throws ShapeError, DTypeError */
export function matrixOf(blocks: Tree, state: StateType, dtype: "float32" | "float64", what: string): Tensor {
  const { leaves: given } = tree.flatten(blocks);
  const { leaves, paths } = state;
  if (given.length !== leaves.length ** 2)
    throw new ShapeError(
      `odeint: ${what} has ${given.length} leaves for a state of ${leaves.length}; give, at each leaf of dy, a tree like y`,
    );
  const rows = leaves.map((row, i) => {
    const parts = leaves.map((column, j) => {
      const block = given[i * leaves.length + j]!;
      const shape = [...row.shape, ...column.shape];
      const where = `${what}${paths[i]!}${paths[j]!}`;
      if (!(block instanceof Tensor) || !sameShape(block.shape, shape))
        throw new ShapeError(
          `odeint: ${where} is ${block instanceof Tensor ? `of shape ${printShape(block.shape)}` : String(block)}; ` +
            `give ${printShape(shape)}, rows by dy and columns by y`,
        );
      if (!isFloat(block.dtype)) throw new DTypeError(`odeint: ${where} is ${block.dtype}; give floats`);
      return cast(block, dtype).reshape([sizeOf(row.shape), sizeOf(column.shape)]);
    });
    return parts.length === 1 ? parts[0]! : concat(parts, 1);
  });
  return rows.length === 1 ? rows[0]! : concat(rows, 0);
}
