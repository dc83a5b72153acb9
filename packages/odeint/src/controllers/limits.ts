import { checkOptions } from "../options";
import type { AdaptiveController, ErrorNorm, Tolerance } from "./controller";

/** What every controller can be told that chooses steps by their errors. */
export interface StepLimits {
  /** Relative tolerance, one or one for each leaf. @defaultValue the solve's */
  readonly rtol?: Tolerance;
  /** Absolute tolerance, one or one for each leaf (a number, or a tensor for its components). @defaultValue the solve's */
  readonly atol?: Tolerance;
  /** Steps are planned this much shorter than the error estimate allows. @defaultValue 0.9 */
  readonly safety?: number;
  /** The least factor from step to step. @defaultValue 0.2 */
  readonly factorMin?: number;
  /** The greatest factor from step to step. @defaultValue 10; 8 of `gustafsson` */
  readonly factorMax?: number;
  /**
   * No step is planned shorter, but for those that end where they are told to; where one of this length is rejected, the solve ends with
   * `stepUnderflow`, but for `forceDtMin`. @defaultValue 4 ulp of t, for rejected steps
   */
  readonly dtMin?: number;
  /**
   * A step of `dtMin`, or one that is shorter to end where it is told to, is taken whatever its error, so that a solve gets across what tolerances do not
   * allow: its error is then not bounded by them. A result or an error that is not finite still fails, with `nonFinite`. @defaultValue false
   */
  readonly forceDtMin?: boolean;
  /** No step is longer. @defaultValue ∞ */
  readonly dtMax?: number;
  /** @defaultValue "rms" */
  readonly norm?: ErrorNorm;
}

const names: readonly (keyof StepLimits)[] = [
  "rtol",
  "atol",
  "safety",
  "factorMin",
  "factorMax",
  "dtMin",
  "forceDtMin",
  "dtMax",
  "norm",
];

/** What was given, with what was not. */
export interface Limits extends Pick<
  AdaptiveController,
  "kind" | "rtol" | "atol" | "dtMin" | "forceDtMin" | "dtMax" | "norm"
> {
  /** What a controller plans with. */
  readonly plan: { readonly safety: number; readonly factorMin: number; readonly factorMax: number };
}

/** The limits of a controller that is told nothing. */
export const usualLimits: Limits = {
  kind: "adaptive",
  rtol: undefined,
  atol: undefined,
  dtMin: 0,
  dtMax: Infinity,
  norm: "rms",
  plan: { safety: 0.9, factorMin: 0.2, factorMax: 10 },
};

/**
 * Reads the options that controllers share.
 * @param more names of other options that this one knows
 * @param usual what is planned with, unless told
 * @throws TypeError for options that are none; RangeError for numbers that they cannot be
 */
export function readLimits(
  where: string,
  options: StepLimits,
  more: readonly string[],
  usual: Limits["plan"] = usualLimits.plan,
): Limits {
  checkOptions(where, options, [...names, ...more]);
  const {
    rtol,
    atol,
    safety = usual.safety,
    factorMin = usual.factorMin,
    factorMax = usual.factorMax,
    dtMin = usualLimits.dtMin,
    forceDtMin = false,
    dtMax = usualLimits.dtMax,
    norm = usualLimits.norm,
  } = options;
  const rules: readonly [name: string, value: number, holds: boolean, rule: string][] = [
    ["safety", safety, safety > 0 && safety <= 1, "in (0, 1]"],
    ["factorMin", factorMin, factorMin > 0 && factorMin < 1, "in (0, 1)"],
    ["factorMax", factorMax, factorMax > 1, "above 1"],
    ["dtMin", dtMin, dtMin >= 0, "0 or positive"],
    ["dtMax", dtMax, dtMax > 0 && dtMax >= dtMin, "positive, and no less than dtMin"],
  ];
  for (const [name, value, holds, rule] of rules)
    if (!holds || typeof (value as unknown) !== "number")
      throw new RangeError(`${where}: ${name} is ${value}; give a number ${rule}`);
  if (norm !== "rms" && norm !== "max" && typeof (norm as unknown) !== "function")
    throw new TypeError(`${where}: norm is ${String(norm)}; give "rms", "max", or a function of the scaled error`);
  if (typeof forceDtMin !== "boolean")
    throw new TypeError(`${where}: forceDtMin is ${String(forceDtMin)}; give true or false`);
  if (forceDtMin && dtMin === 0)
    throw new RangeError(`${where}: forceDtMin is true and dtMin is 0; give the dtMin of the steps that are forced`);
  const plan = { safety, factorMin, factorMax };
  return { kind: "adaptive", rtol, atol, dtMin, ...(forceDtMin && { forceDtMin }), dtMax, norm, plan };
}
