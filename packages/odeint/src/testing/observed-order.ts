/** What `observedOrder` measures with. */
export interface ObservedOrderOptions {
  /** Steps of the first, coarsest solve. @defaultValue 4 */
  readonly from?: number;
  /** Steps of the last solve at most. @defaultValue 4096 */
  readonly upTo?: number;
  /** The slope is taken over this many halvings of the step. @defaultValue 3 */
  readonly halvings?: number;
  /** Errors outside are left out: too coarse to converge, or rounding. @defaultValue [1e-11, 1e-2] */
  readonly window?: readonly [number, number];
}

/** A measured order of convergence. */
export interface ObservedOrder {
  /** Least-squares slope of log error against log step. */
  readonly order: number;
  readonly steps: readonly number[];
  readonly errors: readonly number[];
}

const slope = (x: readonly number[], y: readonly number[]): number => {
  const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;
  const [centre, level] = [mean(x), mean(y)];
  const rise = x.reduce((sum, value, i) => sum + (value - centre) * ((y[i] ?? NaN) - level), 0);
  return rise / x.reduce((sum, value) => sum + (value - centre) ** 2, 0);
};

/**
 * The order of convergence of a solve, from its errors at 4, 8, 16 … steps: the slope over the finest halvings of which the
 * error is within the window.
 * @param error the error of a solve in so many steps
 * @throws Error when fewer errors than needed are within the window
 */
export function observedOrder(error: (steps: number) => number, options: ObservedOrderOptions = {}): ObservedOrder {
  const { from = 4, upTo = 4096, halvings = 3, window = [1e-11, 1e-2] } = options;
  const seen: { steps: number; error: number }[] = [];
  for (let steps = from; steps <= upTo; steps *= 2) {
    const size = error(steps);
    if (size < window[0]) break;
    if (size <= window[1]) seen.push({ steps, error: size });
  }
  const used = seen.slice(-(halvings + 1));
  if (used.length <= halvings)
    throw new Error(
      `observedOrder: ${used.length} errors of ${from} to ${upTo} steps are within [${window[0]}, ${window[1]}]; ` +
        `${halvings + 1} are needed: choose other steps or another problem`,
    );
  const steps = used.map((each) => each.steps);
  const errors = used.map((each) => each.error);
  return { order: -slope(steps.map(Math.log), errors.map(Math.log)), steps, errors };
}
