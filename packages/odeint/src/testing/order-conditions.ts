import type { DenseOutput, ExplicitSolver, SymplecticSolver } from "../tableau";

/** A rooted tree, as in Butcher's theory: each stands for one elementary differential of the vector field. */
export interface RootedTree {
  /** Number of vertices. */
  readonly order: number;
  /** γ: the product of the orders of all its subtrees. */
  readonly density: number;
  readonly children: readonly RootedTree[];
}

/** The weights of a step and the stages that they weigh. */
export interface WeightedStages {
  /** Row i holds the weights of stages 0 … i−1 (or more) in stage i. */
  readonly a: readonly (readonly number[])[];
  readonly b: readonly number[];
}

const forests = (vertices: number, candidates: readonly RootedTree[]): RootedTree[][] => {
  if (vertices === 0) return [[]];
  return candidates.flatMap((tree, i) =>
    tree.order > vertices
      ? []
      : forests(vertices - tree.order, candidates.slice(i)).map((rest): RootedTree[] => [tree, ...rest]),
  );
};

const join = (children: readonly RootedTree[]): RootedTree => {
  const order = children.reduce((sum, child) => sum + child.order, 1);
  return { order, children, density: children.reduce((product, child) => product * child.density, order) };
};

/** All trees found so far; those of one order are complete before a larger one begins. */
const known: RootedTree[] = [];

/** All rooted trees with 1 to `order` vertices: 1, 1, 2, 4, 9, 20, 48, 115, 286, 719 of each size. */
export function rootedTrees(order: number): RootedTree[] {
  for (let vertices = (known.at(-1)?.order ?? 0) + 1; vertices <= order; vertices++)
    known.push(...forests(vertices - 1, known.slice()).map((children) => join(children)));
  return known.filter((tree) => tree.order <= order);
}

const dot = (x: readonly number[], y: readonly number[]): number =>
  x.reduce((sum, value, i) => sum + (value === 0 ? 0 : value * (y[i] ?? 0)), 0);

/** The elementary weights of a tree without its root's factor b: one number per stage. */
export const elementaryWeights = (a: WeightedStages["a"], tree: RootedTree): number[] => weigher(a)(tree);

/** Elementary weights of many trees: they share branches, which are weighed once. */
function weigher(a: WeightedStages["a"]): (tree: RootedTree) => number[] {
  const branches = new Map<RootedTree, number[]>();
  const weigh = (tree: RootedTree): number[] => {
    const below = tree.children.map((child) => {
      const before = branches.get(child);
      if (before) return before;
      const weights = weigh(child);
      const found = a.map((row) => dot(row, weights));
      branches.set(child, found);
      return found;
    });
    return a.map((_, i) => below.reduce((product, branch) => product * branch[i]!, 1));
  };
  return weigh;
}

/** A condition on the weights: Σ bᵢ φᵢ(tree) = θ^order / γ. */
export interface OrderCondition {
  readonly tree: RootedTree;
  /** Left side minus right side. */
  readonly residual: number;
  /** Σ |bᵢ φᵢ(tree)|, against which the rounding of the residual is measured. */
  readonly scale: number;
}

/** Evaluates every order condition through `order` at the point θ of the step. */
export function orderConditions({ a, b }: WeightedStages, order: number, theta = 1): OrderCondition[] {
  const weigh = weigher(a);
  return rootedTrees(order).map((tree) => {
    const weights = weigh(tree);
    const scale = b.reduce((sum, weight, i) => sum + Math.abs(weight * (weights[i] ?? 0)), 0);
    return { tree, residual: dot(b, weights) - theta ** tree.order / tree.density, scale };
  });
}

/** The largest residual of the conditions through `order`, relative to the size of their terms where that is above 1. */
export const orderResidual = (method: WeightedStages, order: number, theta = 1): number =>
  Math.max(
    ...orderConditions(method, order, theta).map(({ residual, scale }) => Math.abs(residual) / Math.max(1, scale)),
  );

/** The weights of an embedded method, b minus the weights of the error estimate. */
export const embeddedWeights = ({ b }: ExplicitSolver, bError: readonly number[] = []): number[] =>
  b.map((weight, i) => weight - (bError[i] ?? 0));

function hermite({ a, b, fsal, stages }: ExplicitSolver, theta: number): WeightedStages {
  const end = fsal ? stages - 1 : stages;
  const step = theta + theta * (theta - 1) * (1 - 2 * theta);
  const weights = [...b, ...(fsal ? [] : [0])].map((weight) => step * weight);
  weights[0]! += theta * (theta - 1) ** 2;
  weights[end]! += theta ** 2 * (theta - 1);
  return { a: fsal ? a : [...a, b], b: weights };
}

function nested(solver: ExplicitSolver, dense: DenseOutput & { kind: "nested" }, theta: number): WeightedStages {
  const first = (i: number): number => (i === 0 ? 1 : 0);
  const last = (i: number): number => (i === solver.stages - 1 ? 1 : 0);
  const weight = (i: number): number => {
    const step = solver.b[i] ?? 0;
    const levels = [step, first(i) - step, 2 * step - first(i) - last(i), ...dense.d.map((row) => row[i] ?? 0)];
    return levels.reduceRight((sum, level, k) => (sum + level) * (k % 2 === 0 ? theta : 1 - theta), 0);
  };
  return {
    a: [...solver.a, ...dense.a],
    b: Array.from({ length: solver.stages + dense.c.length }, (_, i) => weight(i)),
  };
}

/** The dense output at θ as a method of its own: its weights, and stages that may go beyond the step's. */
export function denseWeights(solver: ExplicitSolver, theta: number): WeightedStages {
  const { dense } = solver;
  if (dense === undefined) return hermite(solver, theta);
  if (dense.kind === "nested") return nested(solver, dense, theta);
  const b = dense.coefficients.map((row) => row.reduceRight((sum, coefficient) => (sum + coefficient) * theta, 0));
  return { a: solver.a, b };
}

/** The order that the dense output is declared to have. */
export const denseOrder = ({ dense, order }: ExplicitSolver): number => dense?.order ?? Math.min(order, 3);

const drifts = (tree: RootedTree, root: "kick" | "drift"): RootedTree[] => {
  const below = root === "kick" ? "drift" : "kick";
  return [...(root === "drift" ? [tree] : []), ...tree.children.flatMap((child) => drifts(child, below))];
};

/**
 * The largest residual of the order conditions of a splitting method, as a partitioned Runge–Kutta method on q′ = v(p),
 * p′ = f(q): every tree counts twice, once with each root, and kicks and drifts alternate along its branches.
 */
export function splittingResidual({ sequence, rkn }: SymplecticSolver, order: number): number {
  const a = sequence.map(([part], i) => sequence.slice(0, i).map(([other, weight]) => (other === part ? 0 : weight)));
  const residuals = (["kick", "drift"] as const).flatMap((root) => {
    const b = sequence.map(([part, weight]) => (part === root ? weight : 0));
    return (
      orderConditions({ a, b }, order)
        // Where v is linear, its second derivatives vanish, and with them the trees that branch at a drift.
        .filter(({ tree }) => !rkn || drifts(tree, root).every(({ children }) => children.length <= 1))
        .map(({ residual, scale }) => Math.abs(residual) / Math.max(1, scale))
    );
  });
  return Math.max(...residuals);
}
