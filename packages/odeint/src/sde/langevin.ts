import {
  cast,
  concat,
  printShape,
  sameShape,
  type Shape,
  ShapeError,
  sizeOf,
  type Target,
  Tensor,
  tree,
  type Tree,
} from "@dzdt/tensor";
import { realOf, type StateType, traced } from "../vectorField";
import type { SdeMethod } from "./methods/method";
import { phi } from "./methods/phi";
import type { LangevinSolver } from "./solver";

/** A position and a momentum, trees of one structure. */
export interface Phase<Q> {
  readonly q: Q;
  readonly p: Q;
}

/** What {@link langevin} is made of. */
export interface LangevinParts<Q = Tensor, A = undefined> {
  /** −∇V(q): a tree like q. */
  readonly force: (q: Q, args: A) => Tree;
  /** γ > 0, per unit of time: a number, or a tensor that broadcasts with q's only leaf. */
  readonly friction: number | Tensor;
  /** T ≥ 0, in units of energy (k_B = 1): likewise. */
  readonly temperature: number | Tensor;
}

/** An underdamped Langevin equation, for the solvers `align should quicsort baoab`. */
export interface LangevinField<Q = Tensor, A = undefined> extends LangevinParts<Q, A> {
  readonly kind: "langevin";
}

/**
 * The underdamped Langevin equation dq = p dt, dp = (force(q, args) − friction p) dt + √(2 friction temperature) dW of particles with unit mass, to be
 * solved by `sdeint` with a state { q, p } and a solver of its own. Its stationary law is exp(−(V(q) + p·p/2) / temperature). W has the shape of q, or
 * `[n]` for a q of several leaves with n components in all.
 * @throws TypeError for a force that is no function, or parts of other names
 * @example sdeint(langevin({ force: (q) => q.neg(), friction: 1, temperature: 1 }), { q: tensor(0), p: tensor(1) }, [0, 10], { key, dt: 0.1 })
 */
export function langevin<Q = Tensor, A = undefined>(parts: LangevinParts<Q, A>): LangevinField<Q, A> {
  const { force, friction, temperature } = parts;
  if (typeof force !== "function")
    throw new TypeError(`langevin: force is ${String(force)}; give a function (q, args) => −∇V(q)`);
  for (const [name, value] of Object.entries({ friction, temperature }))
    if (!(value instanceof Tensor) && !(typeof value === "number" && value >= 0 && value < Infinity))
      throw new RangeError(
        `langevin: ${name} is ${String(value)}; give a finite number that is not negative, or a tensor`,
      );
  return Object.freeze<LangevinField<Q, A>>({ kind: "langevin", force, friction, temperature });
}

/** A Langevin equation on vectors. */
export interface LangevinProblem {
  readonly shape: Shape;
  method(solver: LangevinSolver): SdeMethod;
}

/** @throws ShapeError when the state is no { q, p }, or the force is not like q */
export function langevinProblem(
  { force, friction, temperature }: LangevinField<never, unknown>,
  args: unknown,
  state: StateType,
  target: Target,
): LangevinProblem {
  const { structure, paths, leaves } = state;
  const parts = structure as { readonly q?: tree.Structure; readonly p?: tree.Structure } | null;
  const where = (name: string): number[] =>
    paths.flatMap((path, k) =>
      path === `.${name}` || path.startsWith(`.${name}.`) || path.startsWith(`.${name}[`) ? [k] : [],
    );
  const [qs, ps] = [where("q"), where("p")];
  const alike =
    qs.length > 0 &&
    qs.length === ps.length &&
    qs.length + ps.length === leaves.length &&
    qs.every(
      (k, n) => sameShape(leaves[k]!.shape, leaves[ps[n]!]!.shape) && leaves[k]!.dtype === leaves[ps[n]!]!.dtype,
    );
  if (!alike)
    throw new ShapeError(
      `sdeint: a langevin field has a state { q, p } of two trees alike, and y0 has ${paths.join(", ") || "one leaf"} of ` +
        `${leaves.map(({ shape }) => printShape(shape)).join(", ")}; give { q, p }`,
    );
  const dtype = realOf(state);
  const types = qs.map((k) => leaves[k]!);
  const one = types.length === 1;
  const shape: Shape = one ? types[0]!.shape : [types.reduce((n, type) => n + sizeOf(type.shape), 0)];
  const join = (xs: readonly Tensor[]): Tensor =>
    one
      ? xs[0]!
      : concat(
          xs.map((x) => cast(x.reshape([x.size]), dtype)),
          0,
        );
  const split = (x: Tensor): Tensor[] => {
    if (one) return [x];
    let next = 0;
    return types.map((type) => {
      const start = next;
      next += sizeOf(type.shape);
      return cast(x.slice([start], [next]).reshape(type.shape), type.dtype);
    });
  };
  const pushed = (): ((q: Tensor) => Tensor) => {
    const run = traced(
      "force",
      (...q) => {
        const returned = tree.flatten(force(tree.unflatten<never>(parts!.q!, q), args));
        tree.checkStructure("sdeint: force", parts!.q!, returned.structure);
        return types.map((type, k) => {
          const leaf = returned.leaves[k]!;
          const x = leaf instanceof Tensor ? leaf : q[k]!.mul(0).add(Number(leaf));
          if (!sameShape(x.shape, type.shape))
            throw new ShapeError(
              `sdeint: force returned ${printShape(x.shape)} for a position of shape ${printShape(type.shape)}; return a tree like q`,
            );
          return cast(x, type.dtype);
        });
      },
      types,
    );
    return (q) => join(run(split(q)));
  };
  const number = (x: number | Tensor): Tensor =>
    x instanceof Tensor ? cast(x, dtype) : Tensor.scalar(x, dtype, target);
  return {
    shape,
    method: (solver) => {
      const at = pushed();
      const gamma = number(friction);
      const rho = gamma.mul(number(temperature)).mul(2).sqrt();
      const pick = (y: readonly Tensor[], list: readonly number[]): Tensor => join(list.map((k) => y[k]!));
      return {
        begin: (_t, y) => (solver.fsal ? [at(pick(y, qs))] : []),
        evaluations: { begin: solver.fsal ? 1 : 0, step: solver.evaluations },
        step: ({ h: length, y, memory, noise }) => {
          const h = cast(length, dtype);
          const areaOrZero = (x: Tensor | undefined): Tensor => (x ? cast(x, dtype) : h.mul(0));
          const found = solver.step({
            q: pick(y, qs),
            p: pick(y, ps),
            f: memory[0],
            force: at,
            h,
            gamma,
            rho,
            W: areaOrZero(noise.W),
            H: areaOrZero(noise.H),
            K: areaOrZero(noise.K),
            phi: (part) => phi(gamma.mul(h.mul(part))),
          });
          const next = [...y];
          split(found.q).forEach((x, n) => (next[qs[n]!] = x));
          split(found.p).forEach((x, n) => (next[ps[n]!] = x));
          return { y: next, memory: found.f ? [found.f] : [] };
        },
      };
    },
  };
}
