import { transforms } from "@dzdt/autograd";
import {
  type Aval,
  cast,
  DTypeError,
  isFloat,
  printShape,
  sameShape,
  type Shape,
  ShapeError,
  sizeOf,
  type Target,
  Tensor,
  trace,
  tree,
  type Tree,
} from "@dzdt/tensor";
import { realOf, type StateType, traced } from "../vectorField";
import type { Noise, Sde } from "./sde";

/** Shape of the noise: a tree like the state, one number, or a list. */
export type Form = "elementwise" | "scalar" | "matrix";

/** An equation as functions of leaves, each one function of the program. */
export interface SdeFields {
  readonly state: StateType;
  readonly noise: Noise;
  readonly form: Form;
  /** Shape of W. */
  readonly shape: Shape;
  drift(t: Tensor, y: readonly Tensor[]): Tensor[];
  diffusion(t: Tensor, y: readonly Tensor[]): Tensor[];
  /** diffusion · W, as leaves of the state. */
  times(diffusion: readonly Tensor[], w: Tensor): Tensor[];
}

/**
 * Traces an equation.
 * @throws ShapeError, DTypeError, TypeError when a field returns something else than its noise type says, or additive noise depends on the state
 */
export function traceSde(where: string, sde: Sde<never, unknown>, args: unknown, state: StateType): SdeFields {
  const { noise = "diagonal" } = sde;
  const time: Aval = { dtype: realOf(state), shape: [] };
  const rebuild = (leaves: readonly Tensor[]): never => tree.unflatten<never>(state.structure, leaves);
  const drift = traced(
    `${where}: drift`,
    (t, ...y) => driftLeaves(where, sde.drift(t, rebuild(y), args), state, t.target),
    [time, ...state.leaves],
  );
  let found: { form: Form; count: number } = { form: "elementwise", count: 0 };
  const g = (t: Tensor, ...y: Tensor[]): Tensor[] => {
    const leaves = diffusionLeaves(where, sde.diffusion(t, rebuild(y), args), state, noise, t.target);
    found = leaves;
    return leaves.leaves;
  };
  const types = [time, ...state.leaves];
  const diffusion = traced(`${where}: diffusion`, g, types);
  if (noise === "additive") checkAdditive(where, g, types);
  const { form, count } = found;
  const at = (t: Tensor, y: readonly Tensor[]): Tensor[] => [cast(t, time.dtype), ...y];
  return {
    state,
    noise,
    form,
    shape: noiseShape(form, state, count),
    drift: (t, y) => drift(at(t, y)),
    diffusion: (t, y) => diffusion(at(t, y)),
    times: (leaves, w) => product(form, leaves, w, state),
  };
}

/** The shape of W: one number for each component, as the state's only leaf has them, or in a row for several leaves. */
function noiseShape(form: Form, { leaves }: StateType, count: number): Shape {
  if (form === "scalar") return [];
  if (form === "matrix") return [count];
  return leaves.length === 1 ? leaves[0]!.shape : [leaves.reduce((n, { shape }) => n + sizeOf(shape), 0)];
}

function product(form: Form, leaves: readonly Tensor[], w: Tensor, state: StateType): Tensor[] {
  if (form === "matrix")
    return leaves.map((g) => {
      const axes = g.ndim - 1;
      return g.mul(cast(w, g.dtype)).sum(axes);
    });
  const own = form === "scalar" ? leaves.map(() => w) : componentsOf(w, state);
  return leaves.map((g, k) => g.mul(cast(own[k]!, g.dtype)));
}

/** The noise of each leaf. */
export function componentsOf(w: Tensor, { leaves }: StateType): Tensor[] {
  if (leaves.length === 1) return [w];
  if (w.ndim === 0) return leaves.map(() => w);
  let next = 0;
  return leaves.map(({ shape }) => {
    const start = next;
    next += sizeOf(shape);
    return w.slice([start], [next]).reshape(shape);
  });
}

function driftLeaves(where: string, returned: Tree, state: StateType, target: Target): Tensor[] {
  const { leaves, structure } = tree.flatten(returned);
  tree.checkStructure(`${where}: drift`, state.structure, structure);
  return state.leaves.map((type, k) => {
    const x = asTensor(leaves[k]!, type, target);
    if (!sameShape(x.shape, type.shape))
      throw new ShapeError(
        `${where}: drift returned ${printShape(x.shape)} for a state of shape ${printShape(type.shape)}${place(state, k)}; ` +
          `return one derivative per component of y`,
      );
    return ofType(where, "drift", x, type, place(state, k));
  });
}

const place = ({ paths }: StateType, k: number): string => (paths[k] ? ` at y${paths[k]}` : "");

const asTensor = (leaf: Tensor | number | boolean, { dtype }: Aval, target: Target): Tensor =>
  leaf instanceof Tensor ? leaf : Tensor.scalar(Number(leaf), dtype, target);

function ofType(where: string, what: string, x: Tensor, { dtype }: Aval, at: string): Tensor {
  if (!isFloat(x.dtype) || (x.dtype === "float64" && dtype === "float32" && !x.weak))
    throw new DTypeError(
      `${where}: ${what} returned ${x.dtype} for a ${dtype} state${at}; ` +
        `cast what makes it ${x.dtype} to ${dtype}, or start from a ${isFloat(x.dtype) ? x.dtype : "float"} state`,
    );
  return cast(x, dtype);
}

function diffusionLeaves(
  where: string,
  returned: Tree,
  state: StateType,
  noise: Noise,
  target: Target,
): { leaves: Tensor[]; form: Form; count: number } {
  const flat = tree.flatten(returned);
  tree.checkStructure(`${where}: diffusion`, state.structure, flat.structure);
  const xs = state.leaves.map((type, k) =>
    ofType(where, "diffusion", asTensor(flat.leaves[k]!, type, target), type, place(state, k)),
  );
  const like = xs.every((x, k) => sameShape(x.shape, state.leaves[k]!.shape));
  const count = xs[0]!.shape.at(-1) ?? 0;
  const wide = xs.every((x, k) => sameShape(x.shape, [...state.leaves[k]!.shape, count]));
  if (noise !== "general" && like) return { leaves: xs, form: noise === "scalar" ? "scalar" : "elementwise", count };
  if ((noise === "general" || noise === "additive") && wide) return { leaves: xs, form: "matrix", count };
  const got = xs.map((x) => printShape(x.shape)).join(" and ");
  const of = state.leaves.map((x) => printShape(x.shape)).join(" and ");
  throw new ShapeError(
    `${where}: diffusion returned ${got} for a state of ${of} with ${noise} noise; ${wantedBy(noise, wide, like)}`,
  );
}

function wantedBy(noise: Noise, wide: boolean, like: boolean): string {
  const one = "return a tree like y";
  const matrix = "return […leaf, m] for each leaf of y, with one m";
  if (noise === "general") return like ? `${matrix}, or say noise: "diagonal" or "scalar"` : matrix;
  if (noise === "additive") return `${one}, or ${matrix.slice("return ".length)}`;
  return wide ? `${one}, or say noise: "general"` : one;
}

function checkAdditive(where: string, g: (t: Tensor, ...y: Tensor[]) => Tensor[], types: readonly Aval[]): void {
  const { tape } = trace(`${where}: diffusion`, g, types);
  const flags = tape.inputs.map((_, k) => k > 0 && k < types.length);
  if (transforms.jvp(tape, flags).movedOuts.some((moved) => moved))
    throw new TypeError(
      `${where}: the diffusion depends on y, and the noise is said to be additive; say noise: "diagonal", "scalar" or "general"`,
    );
}
