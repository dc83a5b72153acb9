import type { Place } from "./place";

/** A step of a length that the host knows. */
export interface GridStep {
  readonly h: number;
  readonly to: number;
  /** Points of the grid passed at its end. */
  readonly passed: number;
}

/** The next step of a grid of steps `h`, as `odeint` takes it: to the grid's next point, from wherever, or to a stop up to there. */
export function gridStep({ t, origin, passed }: Place, h: number, stop: number | undefined): GridStep {
  const whole = t === origin + passed * h;
  // From within a rounding of a point on, the next one is meant.
  const before = whole ? passed : Math.floor((t - origin) / h + 1e-9);
  const next = before + 1;
  const count = stop === undefined ? Infinity : Math.max(Math.ceil((stop - origin) / h - 1e-9), 1);
  if (next >= count) return { h: stop! - t, to: stop!, passed: next };
  const to = origin + next * h;
  return { h: whole ? h : to - t, to, passed: next };
}
