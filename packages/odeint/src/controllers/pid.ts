import { where } from "@dzdt/tensor";
import type { Times } from "../saveAt";
import type { AdaptiveController } from "./controller";
import { type Limits, readLimits, type StepLimits, usualLimits } from "./limits";

/** Options of {@link pid}. */
export interface PidOptions extends StepLimits {
  /** Proportional gain. @defaultValue 0.3 */
  readonly p?: number;
  /** Integral gain. @defaultValue 0.4 */
  readonly i?: number;
  /** Derivative gain. @defaultValue 0 */
  readonly d?: number;
  /** Times at which a step ends exactly, in any order; those outside the solve are of no effect. Constants of derivatives. */
  readonly stepTs?: Times;
  /**
   * Times at which the field jumps, in any order. A step ends there that sees the field just before, and the next one begins anew with the field
   * just after. Constants of derivatives.
   */
  readonly jumpTs?: Times;
  /**
   * A later step ends at each time that was tried and rejected; so many such times may wait at once, 32 being plenty, and a solve in which more do ends with
   * `stepUnderflow`. For fields along random or measured paths, whose future decides about steps: where steps may pass by what was seen, some
   * paths are favoured. Times within steps, of inner stages, are not among them. @defaultValue none
   */
  readonly storeRejected?: number;
}

const names: readonly (keyof PidOptions)[] = ["p", "i", "d", "stepTs", "jumpTs", "storeRejected"];

/**
 * Proportional–integral–derivative control: with scaled errors e of this and the two steps before, and errors that shrink as h^k,
 * factor = safety · e₁^(−(p+i+d)/k) · e₂^((p+2d)/k) · e₃^(−d/k), kept within its bounds. `pid({ p: 0, i: 1 })` is the classical rule,
 * which rejects more often: with tsit5 the default needs 4 % fewer evaluations for the same error on the non-stiff test problems.
 * A step is rejected when e > 1 or is not finite; the next attempt is then shorter, and the step after it no longer than that.
 * Reference: Söderlind 2003, doi:10.1145/641876.641877.
 * @example odeint(field, y0, ts, { controller: pid({ rtol: 1e-8, atol: 1e-10, dtMax: 0.1 }) })
 */
export function pid(options: PidOptions = {}): AdaptiveController {
  const { plan, ...limits } = readLimits("pid", options, names);
  const { p = usualGains.p, i = usualGains.i, d = usualGains.d, stepTs, jumpTs, storeRejected } = options;
  for (const [name, gain] of Object.entries({ p, i, d }))
    if (!Number.isFinite(gain)) throw new RangeError(`pid: ${name} is ${gain}; give a finite number`);
  if (!(p + i + d > 0)) throw new RangeError(`pid: p + i + d is ${p + i + d}; give a number positive`);
  if (storeRejected !== undefined && !(Number.isInteger(storeRejected) && storeRejected >= 1))
    throw new RangeError(`pid: storeRejected is ${String(storeRejected)}; give a positive integer, such as 32`);
  return Object.freeze<AdaptiveController>({
    ...limits,
    ...(stepTs && { stepTs }),
    ...(jumpTs && { jumpTs }),
    ...(storeRejected !== undefined && { storeRejected }),
    ...control({ p, i, d }, plan),
  });
}

/** `pid({ safety })` for solves that are not told: it brings nothing that reads options. */
export function usualPid(safety: number = usualLimits.plan.safety): AdaptiveController {
  const { plan, ...limits } = usualLimits;
  return { ...limits, ...control(usualGains, { ...plan, safety }) };
}

interface Gains {
  readonly p: number;
  readonly i: number;
  readonly d: number;
}

const usualGains: Gains = { p: 0.3, i: 0.4, d: 0 };

function control(
  { p, i, d }: Gains,
  { safety, factorMin, factorMax }: Limits["plan"],
): Pick<AdaptiveController, "init" | "adapt"> {
  const older = d !== 0 ? 2 : p !== 0 ? 1 : 0;
  return {
    // Logarithms of older errors, and the most that the step may grow: not at all just after a rejection.
    init: () => [...new Array<number>(older).fill(0), factorMax],
    adapt: (state, ratio, order) => {
      const accept = ratio.lessEqual(1);
      const most = state[older]!;
      // Logarithms, so that one power serves all errors. Too small an error says no more than that.
      const now = ratio.maximum(1e-16).log();
      let exponent = now.mul(-(p + i + d) / order).add(Math.log(safety));
      if (older > 0) exponent = exponent.add(state[0]!.mul((p + 2 * d) / order));
      if (older > 1) exponent = exponent.sub(state[1]!.mul(d / order));
      const planned = exponent.exp().maximum(factorMin).minimum(most);
      const factor = where(ratio.less(Infinity), where(accept, planned, planned.minimum(safety)), factorMin);
      return {
        accept,
        factor,
        state: [
          ...[now, ...state].slice(0, older).map((next, j) => where(accept, next, state[j]!)),
          where(accept, most.mul(0).add(factorMax), 1),
        ],
      };
    },
  };
}
