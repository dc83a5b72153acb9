import { asTensor, checkOptions, type Tensor } from "@dzdt/tensor";
import { checkOption, type Schedule } from "./optimizer";

const half = (fraction: Tensor): Tensor => fraction.mul(Math.PI).cos().add(1).mul(0.5);

/** From `from` at fraction 0 to `to` at fraction 1 along half a cosine. */
const ease = (from: number, to: number, fraction: Tensor): Tensor =>
  half(fraction)
    .mul(from - to)
    .add(to);

/** The same rate at every step. */
export const constant =
  (rate: number): Schedule =>
  () =>
    rate;

/** From `rate` down to `final` along half a cosine over `steps`, then `final`. @defaultValue final = 0 */
export function cosine(options: { rate: number; steps: number; final?: number }): Schedule {
  checkOptions("optim.schedules.cosine", options, ["rate", "steps", "final"]);
  const { rate, steps, final = 0 } = options;
  checkOption("optim.schedules.cosine", "steps", steps, 1);
  return (step) => ease(rate, final, step.div(steps).minimum(1));
}

/** rate·decay^(step / every). @defaultValue every = 1 */
export function exponential(options: { rate: number; decay: number; every?: number }): Schedule {
  checkOptions("optim.schedules.exponential", options, ["rate", "decay", "every"]);
  const { rate, decay, every = 1 } = options;
  checkOption("optim.schedules.exponential", "decay", decay, Number.MIN_VALUE);
  checkOption("optim.schedules.exponential", "every", every, Number.MIN_VALUE);
  return (step) =>
    step
      .mul(Math.log(decay) / every)
      .exp()
      .mul(rate);
}

/** Options of `schedules.oneCycle`. */
export interface OneCycleOptions {
  readonly peak: number;
  /** Length of the whole cycle; the last of its steps is number `steps − 1`. */
  readonly steps: number;
  /** Fraction of the steps in which the rate rises. @defaultValue 0.3 */
  readonly rise?: number;
  /** @defaultValue peak / 25 */
  readonly initial?: number;
  /** @defaultValue initial / 10,000 */
  readonly final?: number;
}

/** Up from `initial` to `peak`, then down to `final`, each along half a cosine (PyTorch's OneCycleLR). Smith and Topin 2019. */
export function oneCycle(options: OneCycleOptions): Schedule {
  checkOptions("optim.schedules.oneCycle", options, ["peak", "steps", "rise", "initial", "final"]);
  const { peak, steps, rise = 0.3, initial = peak / 25, final = initial / 1e4 } = options;
  checkOption("optim.schedules.oneCycle", "steps", steps, 2);
  checkOption("optim.schedules.oneCycle", "rise", rise, 0, 1);
  const top = Math.max(rise * steps - 1, 1e-9);
  return (step) =>
    step.lessEqual(top).where(
      ease(initial, peak, step.div(top).minimum(1)),
      ease(
        peak,
        final,
        step
          .sub(top)
          .div(steps - 1 - top)
          .clip(0, 1),
      ),
    );
}

/** Up in a straight line from `from` over `steps`, then `then`, whose own step 0 is the first after the rise. @defaultValue from = 0 */
export function warmup(options: { steps: number; then: number | Schedule; from?: number }): Schedule {
  checkOptions("optim.schedules.warmup", options, ["steps", "then", "from"]);
  const { steps, then, from = 0 } = options;
  checkOption("optim.schedules.warmup", "steps", steps, 1);
  const after: Schedule = typeof then === "number" ? constant(then) : then;
  return (step) => {
    const start = asTensor(after(step.mul(0))).cast(step.dtype);
    const rising = start.sub(from).mul(step.div(steps).minimum(1)).add(from);
    return step.less(steps).where(rising, after(step.sub(steps).maximum(0)));
  };
}
