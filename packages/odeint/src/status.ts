import { bind, check, max, registerFailure, type Tensor, where, withinRule } from "@dzdt/tensor";
import { atHand } from "./at-hand";

/** How a solve ended: the numbers that `solution.status` holds, by name. */
export const Status: Readonly<{
  success: 0;
  maxStepsReached: 1;
  stepUnderflow: 2;
  nonFinite: 3;
  eventTerminated: 4;
  maxEventsReached: 5;
}> = Object.freeze({
  success: 0,
  maxStepsReached: 1,
  stepUnderflow: 2,
  nonFinite: 3,
  eventTerminated: 4,
  maxEventsReached: 5,
} as const);

/** The name of a way in which a solve ends. */
export type StatusName = keyof typeof Status;

/** The name of a status number. */
export const statusName = (status: number): StatusName =>
  (Object.keys(Status) as StatusName[]).find((name) => Status[name] === status) ?? "nonFinite";

/** A solve that did not reach the last time. */
export class SolveError extends Error {
  override readonly name: string = "SolveError";
  /** How it ended. */
  readonly status: StatusName;

  constructor(status: StatusName, message: string) {
    super(message);
    this.status = status;
  }
}

/** What is known of a solve where it ended. With independent trajectories, each has an axis 0 more. */
export interface End {
  readonly status: Tensor;
  readonly t: Tensor;
  readonly h: Tensor;
  readonly y: readonly Tensor[];
  /** The derivative there; absent for methods that do not keep it. */
  readonly derivative: readonly Tensor[];
  readonly steps: Tensor;
  readonly rejected: Tensor;
}

const remedies: Readonly<Record<Exclude<StatusName, "success">, string>> = {
  maxStepsReached: "raise maxSteps, or loosen rtol and atol",
  stepUnderflow:
    "the solution may be singular there, or the problem stiff: shorten ts, scale the problem, or loosen rtol and atol",
  nonFinite: "check the vector field and y0 there, or take smaller steps",
  eventTerminated: "nothing is wrong",
  maxEventsReached: "raise maxEvents",
};

/** The failures of traced solves, numbered like `Status`: a program knows how a solve ended, but not where. */
const codes = (Object.keys(Status) as StatusName[])
  .filter((name): name is Exclude<StatusName, "success"> => name !== "success")
  .map((name) =>
    registerFailure(
      () =>
        new SolveError(
          name,
          `odeint: ${name} in a solve inside a program; ${remedies[name]} ` +
            `(the same call with concrete arguments says at which time and component, throw: false gives NaN instead)`,
        ),
    ),
  );

/**
 * Refuses a failed solve: at once where its numbers are known, else when the program that it is part of returns.
 * @param again gives the end of a failed solve, if need be by solving again and looking at each step
 */
export function checked<S extends End & { readonly ys: readonly Tensor[] }>(
  solved: S,
  paths: readonly string[],
  again: () => End,
): S {
  const { status } = solved;
  if (!status.tape && atHand(status)) {
    throwFailure(solved, paths, again);
    return solved;
  }
  return withinRule(() => {
    const worst = status.ndim > 0 ? max(status) : status;
    const code = where(worst.greater(0), worst.add(codes[0]! - 1), 0);
    return { ...solved, ys: solved.ys.map((y) => bind(check, [y, code])[0]!) };
  });
}

/** Throws the error of the first trajectory that failed, if there is one and its numbers are known. */
function throwFailure(solved: End, paths: readonly string[], again: () => End): void {
  const status = solved.status.dataSync();
  const lane = status.findIndex((s) => s !== Status.success && s !== Status.eventTerminated);
  if (lane < 0) return;
  const name = statusName(status[lane]!) as Exclude<StatusName, "success">;
  const end = again();
  const at = (x: Tensor): number => x.dataSync()[lane]!;
  const steps = at(end.steps);
  const rejected = at(end.rejected);
  const who = status.length > 1 ? `trajectory ${lane}: ` : "";
  throw new SolveError(
    name,
    `odeint: ${who}${name} at t = ${at(end.t)} with step ${at(end.h)} after ${steps - rejected} accepted and ${rejected} rejected steps` +
      `${worstComponent(end, paths, lane, status.length)}; ${remedies[name]}`,
  );
}

/** The component that is not finite, or moves most within a step in proportion to its size. */
function worstComponent({ y, derivative, h }: End, paths: readonly string[], lane: number, lanes: number): string {
  const step = h.dataSync()[lane]!;
  let worst = { size: -1, text: "" };
  y.forEach((leaf, k) => {
    const size = leaf.size / lanes;
    const values = leaf.dataSync().subarray(lane * size, (lane + 1) * size);
    const slopes = derivative[k]?.dataSync().subarray(lane * size, (lane + 1) * size);
    values.forEach((value, i) => {
      const slope = slopes?.[i] ?? 0;
      const moved = Math.abs((slope * step) / (Math.abs(value) + 1e-12));
      const rank = Number.isFinite(value) && Number.isFinite(slope) ? moved : Infinity;
      if (rank <= worst.size) return;
      const place = leaf.ndim === (lanes > 1 ? 1 : 0) ? "" : `[${i}]`;
      worst = {
        size: rank,
        text: `, y${paths[k] ?? ""}${place} = ${value}${slopes ? ` with derivative ${slope}` : ""}`,
      };
    });
  });
  return worst.text;
}
