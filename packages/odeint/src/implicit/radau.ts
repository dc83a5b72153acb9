import { jacfwd } from "@dzdt/autograd";
import { cast, concat, stopGradient, type Tensor } from "@dzdt/tensor";
import { combine } from "../interpolation";
import { type Within, withBetween } from "./between";
import { changed } from "../options";
import type { Method } from "../step";
import { correctionSize, exactness, part } from "./dirk";
import { factorized, reusable } from "./linear";
import { consistentBy } from "./consistent";
import { slopeOf } from "./mass";
import { newton } from "./newton";
import { powers } from "./powers";
import { proportion } from "./proportion";
import { rooted } from "./root";
import { checkRow, checkSum, deepFreeze } from "../tableau";
import type { RadauOptions, RadauSolver } from "./tableau";
import { identityLike, type StageAccuracy, vectorSystem, type VectorSystem } from "./vector";

/**
 * Steps of a Radau IIA method of three stages, in terms of their increments zᵢ = Yᵢ − y. `memory` is the field at the state, then the last step's
 * polynomial and length, from which the next step's increments are guessed.
 */
export function radauMethod(solver: RadauSolver, system: VectorSystem, accuracy: StageAccuracy): Method {
  const { a, c, stages, transform, inverseTransform, eigenvalues, e, order, embeddedOrder, between } = solver;
  const { n, dtype, narrowest, ravel, unravel, field, linearize, mass } = system;
  const { exact } = accuracy;
  const vector = { dtype, shape: [n] };
  const times = (x: Tensor): Tensor => (mass ? mass.matmul(x) : x);
  const weights = collocation(c);
  const place = farthest(c);
  const parts = (x: Tensor): Tensor[] => Array.from({ length: stages }, (_, i) => x.slice([i * n], [(i + 1) * n]));
  const at = (t: Tensor, y: readonly Tensor[]): Tensor => field(t, ravel(y));
  const slopeAt = slopeOf(system);
  return {
    name: solver.name,
    errorOrder: embeddedOrder + 1,
    derivative: mass === undefined,
    dense: weights.map(() => vector),
    counted: true,
    evaluations: { begin: 1, attempt: 0, interpolate: 0 },
    begin: (t, y) => {
      const slope = at(t, y);
      const none = stopGradient(slope).mul(0);
      return [...unravel(slope), ...weights.map(() => none), cast(stopGradient(t).mul(0).add(1), dtype)];
    },
    slope: (t, y) => unravel(slopeAt(t, ravel(y))),
    consistent: consistentBy(system),
    attempt: (t, tNext, h, y, memory) => {
      const start = ravel(y);
      const slope = ravel(memory.slice(0, y.length));
      const [before, last] = [memory.slice(y.length, -1), memory.at(-1)!];
      const step = cast(h, dtype);
      const nodes = c.map((node) => (node === 1 ? tNext : t.add(h.mul(node))));
      const slopes = (from: Tensor, z: readonly Tensor[], when: readonly Tensor[]): Tensor[] =>
        z.map((increment, i) => field(when[i]!, from.add(increment)));
      const residual = (z: Tensor): Tensor => {
        const f = slopes(start, parts(z), nodes);
        return concat(
          parts(z).map((increment, i) => times(increment).sub(combine(a[i]!, f)!.mul(step))),
          0,
        );
      };
      const still = stopGradient(start);
      const when = nodes.map((node) => stopGradient(node));
      const length = stopGradient(step);
      const rate = length.mul(0).add(1).div(length);
      const { gamma, alpha, beta } = eigenvalues;
      const jacobian = stopGradient(linearize(t, start).jacobian);
      const weight = stopGradient(mass ?? identityLike(start, n));
      const shifted = (by: number): Tensor => weight.mul(rate.mul(by)).sub(jacobian);
      const one = factorized(shifted(gamma));
      const correction = exact ? fullCorrection() : simplifiedCorrection();
      const measure = correctionSize(system, y, accuracy);
      const ratio = length.div(last);
      const found = newton({
        start: concat(
          c.map((node) =>
            combine(
              powers(ratio.mul(node), before.length),
              before.map((x) => stopGradient(x)),
            )!,
          ),
          0,
        ),
        correction,
        size: (delta) => {
          const sizes = parts(delta).map((x) => measure(x).square());
          return sizes
            .reduce((x, z) => x.add(z))
            .mul(1 / stages)
            .sqrt();
        },
        tolerance: exact ? exactness(dtype) : part,
        rounding: exactness(narrowest),
        maxIterations: exact ? 50 : 10,
        rate: length.mul(0).add(1),
        exact,
      });
      const z = parts(rooted(residual, stopGradient(found.x)));
      const end = start.add(z[stages - 1]!);
      const polynomial = weights.map((row) => combine(row, z)!);
      return {
        y: unravel(end),
        memory: [...unravel(field(tNext, end)), ...polynomial.map((x) => stopGradient(x)), length],
        errors: [unravel(estimated())],
        dense: polynomial,
        evaluations: found.count.mul(stages).add(between && !exact ? 2 : 1),
      };

      function estimated(): Tensor {
        const own = stopGradient(one(slope.add(times(combine(e, z)!).mul(rate))));
        if (exact) return own;
        const scaled = own.mul(ravel(proportion(accuracy, y, { k: embeddedOrder + 1, p: order })));
        return between ? withBetween(scaled, within(), field, times, one) : scaled;
      }

      /** Where the polynomial is the farthest from the stages, whose states it has. */
      function within(): Within {
        const s = place - 1;
        const powersOf = (derivative: number): number[] =>
          polynomial.map((_, m) => (derivative === 0 ? s ** (m + 1) : (m + 1) * s ** m));
        return {
          t: t.add(h.mul(place)),
          y: end.add(combine(powersOf(0), polynomial)!),
          slope: combine(powersOf(1), polynomial)!.mul(rate),
        };
      }

      function fullCorrection(): (z: Tensor) => Tensor {
        const equations = (x: Tensor): Tensor => {
          const f = slopes(still, parts(x), when);
          return concat(
            parts(x).map((increment, i) => times(increment).sub(combine(a[i]!, f)!.mul(length))),
            0,
          );
        };
        return (x) => reusable(jacfwd(equations)(x))(equations(x).neg());
      }

      function simplifiedCorrection(): (z: Tensor) => Tensor {
        const real = reusable(shifted(gamma));
        const [diagonal, beside] = [shifted(alpha), weight.mul(rate.mul(beta))];
        const pair = reusable(concat([concat([diagonal, beside], 1), concat([beside.neg(), diagonal], 1)], 0));
        return (x) => {
          const f = slopes(still, parts(x), when);
          const w = inverseTransform.map((row) => times(combine(row, parts(x))!.mul(rate)));
          const right = inverseTransform.map((row) => combine(row, f)!);
          const [r0, r1, r2] = [
            right[0]!.sub(w[0]!.mul(gamma)),
            right[1]!.sub(w[1]!.mul(alpha)).sub(w[2]!.mul(beta)),
            right[2]!.sub(w[2]!.mul(alpha)).add(w[1]!.mul(beta)),
          ];
          const both = pair(concat([r1, r2], 0));
          const delta = [real(r0), both.slice([0], [n]), both.slice([n], [2 * n])];
          return concat(
            transform.map((row) => combine(row, delta)!),
            0,
          );
        };
      }
    },
    interpolate: ({ s, y, dense }) => unravel(ravel(y).add(combine(powers(cast(s, dtype), dense.length), dense)!)),
  };
}

/**
 * The polynomial through 0 at θ = 0 and zᵢ at θ = c[i], which ends at z₃ with θ = 1, as a polynomial in s = θ − 1 without its constant: row m
 * holds the weights of the z in the coefficient of s^(m + 1).
 */
function collocation(c: readonly number[]): number[][] {
  const bases = c.map((node, i) => {
    const others = [0, ...c.filter((_, j) => j !== i)];
    // In s, a factor θ − r is s + (1 − r).
    return others.reduce<number[]>(
      (product, r) => {
        const scale = node - r;
        return [...product, 0].map((x, k) => (x * (1 - r) + (product[k - 1] ?? 0)) / scale);
      },
      [1],
    );
  });
  return c.map((_, m) => bases.map((base) => base[m + 1]!));
}

/** Where in (0, 1), to a hundredth, θ Π (θ − cᵢ) is the largest: what interpolation at 0 and the nodes errs by is about proportional to it. */
function farthest(c: readonly number[]): number {
  const size = (theta: number): number => Math.abs(c.reduce((product, node) => product * (theta - node), theta));
  const places = Array.from({ length: 99 }, (_, i) => (i + 1) / 100);
  return places.reduce((best, theta) => (size(theta) > size(best) ? theta : best));
}

const names: readonly (keyof RadauOptions)[] = [
  "name",
  "order",
  "embeddedOrder",
  "denseOrder",
  "c",
  "a",
  "transform",
  "inverseTransform",
  "eigenvalues",
  "e",
  "between",
  "reference",
];

/** A Radau IIA solver from its tableau, checked. */
/* @__NO_SIDE_EFFECTS__ */
export function radauIIA(options: RadauOptions): RadauSolver {
  const { name, c, a } = options;
  a.forEach((row, i) => checkRow(name, row, i, c[i]!, c.length));
  checkSum(name, "the last row of a", a.at(-1)!, 1);
  const solver: RadauSolver = deepFreeze({
    ...options,
    kind: "radau" as const,
    stages: c.length,
    with: (changes: Partial<RadauOptions>) => radauIIA(changed(options, changes, names)),
    method: (system, accuracy) => radauMethod(solver, vectorSystem(system), accuracy),
  });
  return solver;
}
