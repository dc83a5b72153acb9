import type { Tensor } from "@dzdt/tensor";
import { checkOptions } from "../options";
import { type EventCondition, type EventOptions, makeEvent, type SolveEvent } from "./event";

/** Options of {@link peak}. */
export interface PeakOptions<Y, A> {
  /** @defaultValue "maximum" */
  readonly kind?: "maximum" | "minimum" | "both";
  /** Does the solve end there? @defaultValue false */
  readonly terminal?: boolean;
  /** (t, y, args) → the state from which the solve goes on. */
  readonly reset?: EventOptions<Y, A>["reset"];
}

const directions = { maximum: "down", minimum: "up", both: "both" } as const;

/**
 * The event of an extremum of an observable along the solution: where its derivative ∂ₜo + ∂ᵧo · f crosses zero, with the field f itself. Its times
 * are as precise as the state there, and differentiable. Unlike other events it is only recorded unless told otherwise.
 * @param observable (t, y, args) → real scalar, differentiable
 * @throws TypeError for options that are none
 * @example odeint(field, y0, ts, { events: [peak((t, y: Tensor) => y.sum())] }).events[0].t // when the sum was largest
 */
export function peak<Y = Tensor, A = undefined>(
  observable: EventCondition<Y, A>,
  options: PeakOptions<Y, A> = {},
): SolveEvent<Y, A> {
  checkOptions("peak", options, ["kind", "terminal", "reset"]);
  const { kind = "maximum", terminal = false, reset } = options;
  if (typeof observable !== "function")
    throw new TypeError(`peak: the observable is ${String(observable)}; give a function (t, y, args) => scalar`);
  const direction = Object.hasOwn(directions, kind) ? directions[kind] : undefined;
  if (!direction) throw new TypeError(`peak: kind is ${JSON.stringify(kind)}; give "maximum", "minimum" or "both"`);
  return makeEvent("peak", observable, { direction, terminal, ...(reset && { reset }) }, { derivative: true });
}
