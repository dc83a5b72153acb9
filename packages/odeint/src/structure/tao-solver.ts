import { checkOptions } from "../options";
import { advice } from "../status";
import type { StepperSolver } from "../stepper";
import { deepFreeze } from "../tableau";
import { taoMethod } from "./tao";

/** What may be chosen of Tao's method. */
export interface TaoOptions {
  /** How strongly the two copies of the state are bound, an angular frequency. @defaultValue 20 */
  readonly omega: number;
  /** @defaultValue 2 */
  readonly order: 2 | 4 | 6;
  /** How far the copies may come apart, as a part of the state's size: beyond, the solve fails. @defaultValue 0.1 */
  readonly separation: number;
}

/** Tao's method. */
export interface TaoSolver extends StepperSolver, TaoOptions {
  readonly order: 2 | 4 | 6;
  /** Lengths of the steps of order 2 that it is composed of, as parts of a step. */
  readonly weights: readonly number[];
  /** The same method with other choices. */
  with(options: Partial<TaoOptions>): TaoSolver;
}

const triple = 1 / (2 - Math.cbrt(2));

/** Compositions of a symmetric step of order 2: the triple jump, and solution A of Yoshida 1990, doi:10.1016/0375-9601(90)90092-3. */
const compositions: Readonly<Record<TaoOptions["order"], readonly number[]>> = {
  2: [1],
  4: [triple, 1 - 2 * triple, triple],
  6: [
    0.7845136104775573, 0.23557321335935813, -1.177679984178871, 1.3151863206839112, -1.177679984178871,
    0.23557321335935813, 0.7845136104775573,
  ],
};

const apart = /* @__PURE__ */ advice(
  "the two copies of the state that tao carries have come apart, or the field is not finite there: raise omega, take smaller steps so that omega · dt stays below 1, or allow more separation",
);

/** Tao's method with some choices. @throws RangeError */
/* @__NO_SIDE_EFFECTS__ */
export function taoSolver(options: TaoOptions): TaoSolver {
  const { omega, order, separation } = options;
  if (!(omega > 0 && omega < Infinity))
    throw new RangeError(`tao: omega is ${omega}; give a positive angular frequency`);
  if (!Object.hasOwn(compositions, order)) throw new RangeError(`tao: order is ${order}; give 2, 4 or 6`);
  if (!(separation > 0)) throw new RangeError(`tao: separation is ${separation}; give a positive part, such as 0.1`);
  const solver: TaoSolver = deepFreeze({
    kind: "stepper" as const,
    name: "tao",
    order,
    omega,
    separation,
    weights: compositions[order],
    adaptive: false,
    implicit: false,
    hamiltonian: true,
    translatable: true,
    advice: apart,
    reference: "Tao 2016, doi:10.1103/PhysRevE.94.043303, arXiv:1609.02212",
    with: (changes: Partial<TaoOptions>) => {
      checkOptions("tao.with", changes, ["omega", "order", "separation"]);
      return taoSolver({ omega, order, separation, ...changes });
    },
    method: (parts) => taoMethod(solver, parts),
  });
  return solver;
}
