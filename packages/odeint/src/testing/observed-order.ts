/** What `observedOrder` measures with. */
export interface ObservedOrderOptions {
  /** Steps of the first, coarsest solve. @defaultValue 4 */
  readonly from?: number;
  /** Steps of the last solve at most. @defaultValue 8192 */
  readonly upTo?: number;
  /** Each solve has this many times the steps of the one before. @defaultValue 2 */
  readonly ratio?: number;
  /** The slope is taken over this many refinements, the finest. @defaultValue 3 */
  readonly refinements?: number;
  /** Errors outside are left out: too coarse to converge, or rounding. @defaultValue [1e-13, 1e-2] */
  readonly window?: readonly [number, number];
}

/** A measured order of convergence. */
export interface ObservedOrder {
  /** Least-squares slope of log error against log step. */
  readonly order: number;
  /**
   * The same slope where h → 0: least squares with a term proportional to h besides. Methods with a very small leading
   * error, such as tsit5, come near their order only when the error is already rounding.
   */
  readonly limit: number;
  readonly steps: readonly number[];
  readonly errors: readonly number[];
}

const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
const dot = (x: readonly number[], y: readonly number[]): number => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
const centred = (list: readonly number[]): number[] => list.map((value) => value - mean(list));
const without = (x: readonly number[], y: readonly number[]): number[] =>
  x.map((value, i) => value - (dot(x, y) / dot(y, y)) * y[i]!);

/**
 * The order of convergence of a solve, from its errors at 4, 8, 16 … steps: the slope over the finest refinements of which
 * the error is within the window.
 * @param error the error of a solve in so many steps
 * @throws Error when fewer errors than needed are within the window
 */
export function observedOrder(error: (steps: number) => number, options: ObservedOrderOptions = {}): ObservedOrder {
  const { from = 4, upTo = 8192, ratio = 2, refinements = 3, window = [1e-13, 1e-2] } = options;
  const seen: { steps: number; error: number }[] = [];
  for (let exact = from; exact <= upTo; exact *= ratio) {
    const steps = Math.round(exact);
    const size = error(steps);
    if (size < window[0]) break;
    if (size <= window[1]) seen.push({ steps, error: size });
  }
  const used = seen.slice(-(refinements + 1));
  if (used.length <= refinements)
    throw new Error(
      `observedOrder: ${used.length} errors of ${from} to ${upTo} steps are within [${window[0]}, ${window[1]}]; ` +
        `${refinements + 1} are needed: choose other steps or another problem`,
    );
  const logStep = centred(used.map(({ steps }) => -Math.log(steps)));
  const logError = centred(used.map((each) => Math.log(each.error)));
  const next = centred(used.map(({ steps }) => 1 / steps));
  const direction = without(logStep, next);
  return {
    order: dot(logStep, logError) / dot(logStep, logStep),
    limit: dot(direction, logError) / dot(direction, direction),
    steps: used.map(({ steps }) => steps),
    errors: used.map((each) => each.error),
  };
}
