import {
  type Aval,
  bind,
  call,
  cast,
  type DType,
  DTypeError,
  inlineTape,
  innermost,
  isFloat,
  printShape,
  sameShape,
  ShapeError,
  Tensor,
  trace,
  tree,
  type Tree,
} from "@dzdt/tensor";

/** dy/dt as a function of time, state and arguments; `Y` is the state's tree. Traced once for each solve. */
export type VectorField<Y, A> = (t: Tensor, y: Y, args: A) => Tree;

/** The same, where y may be typed by interfaces, which have no index signatures and so are no {@link Tree} to the compiler. */
export type StateField<Y, A> = (t: Tensor, y: Y, args: A) => Tree | Y;

/** What a state's type may be: a tree, also one of interfaces. To be used as in `Y extends StateLike<Y>`. */
export type StateLike<Y> = Tree | (object & { readonly [K in keyof Y]: Nodes<Y[K]> });

type Nodes<T> = [Tree] extends [T]
  ? Tree
  : T extends Tensor | number | boolean
    ? T
    : T extends object
      ? { readonly [K in keyof T]: Nodes<T[K]> }
      : never;

/** The leaves of a state without its numbers. */
export interface StateType {
  readonly structure: tree.Structure;
  readonly leaves: readonly Aval[];
  /** Where each leaf is in the tree, as in `.q[0]`. */
  readonly paths: readonly string[];
}

/** A traced function of leaves: one function of the program, however often it is called. */
export type Leafwise = (ins: readonly Tensor[]) => Tensor[];

/** Fields of so few nodes are copied into each stage, which costs less than a call. */
const inlineLimit = 32;

/** Traces a function of leaves, to be recorded as a call. Give it tensors of `types`. */
export function traced(where: string, fn: (...ins: Tensor[]) => readonly Tensor[], types: readonly Aval[]): Leafwise {
  const { tape, captured } = trace(where, fn, types);
  return (ins) => {
    const all = [...ins, ...captured];
    return tape.nodes.length <= inlineLimit ? inlineTape(tape, all, innermost(all)!) : bind(call, all, { tape });
  };
}

/** The dtype in which a field sees time: the state's widest. */
export const realOf = (state: StateType): "float32" | "float64" =>
  state.leaves.some(({ dtype }) => dtype === "float64") ? "float64" : "float32";

/** Has a field receive times in a dtype of its own: for fields that jump, which must know times exactly. */
export const withTime = <F extends object>(field: F, time: DType): F => Object.assign(field, { time });

/** The dtype of times that a field asked for. */
export const timeOf = (field: object): DType | undefined => ("time" in field ? (field.time as DType) : undefined);

/** A field as a call: (t: float64, leaves of y) → leaves of dy. It receives t in the widest dtype of the state, or as told. */
export function traceField(
  where: string,
  field: (t: Tensor, y: unknown) => Tree,
  state: StateType,
  real: DType = realOf(state),
): (t: Tensor, y: readonly Tensor[]) => Tensor[] {
  const run = traced(
    "field",
    (t, ...leaves) => derivative(where, field(t, tree.unflatten(state.structure, leaves)), state, t),
    [{ dtype: real, shape: [] }, ...state.leaves],
  );
  return (t, y) => run([cast(t, real), ...y]);
}

/** What a field returned as leaves of the state's types, numbers beside what it was given. @throws ShapeError, DTypeError when it is something else */
export function derivative(where: string, returned: Tree, state: StateType, given: Tensor): Tensor[] {
  if (returned === undefined || returned === null)
    throw new TypeError(`${where}: vector field returned ${String(returned)}; return dy/dt, a tree like y`);
  const dy = tree.flatten(returned);
  tree.checkStructure(`${where}: vector field`, state.structure, dy.structure);
  return state.leaves.map(({ dtype, shape }, k) => {
    const leaf = dy.leaves[k]!;
    const x = leaf instanceof Tensor ? leaf : Tensor.scalar(Number(leaf), dtype, given.target);
    const path = state.paths[k]!;
    if (!sameShape(x.shape, shape))
      throw new ShapeError(
        `${where}: vector field returned ${printShape(x.shape)} for a state of shape ${printShape(shape)}${path && ` at y${path}`}; ` +
          `return one derivative per component of y`,
      );
    if (!isFloat(x.dtype) || (x.dtype === "float64" && dtype === "float32" && !x.weak))
      throw new DTypeError(
        `${where}: vector field returned ${x.dtype} for a ${dtype} state${path && ` at y${path}`}; ` +
          `cast what makes it ${x.dtype} to ${dtype}, or start from a ${isFloat(x.dtype) ? x.dtype : "float"} state`,
      );
    return cast(x, dtype);
  });
}
