import { bind, check, registerFailure, type Tensor, where, withinRule } from "@dzdt/tensor";
import { atHand } from "../at-hand";
import { SolveError, Status } from "../status";
import type { SdeOutcome } from "./integrate";

const remedy = "check drift, diffusion and y0 there, or take smaller steps";
const tooShort =
  "steps got as short as the path's tolerance: loosen rtol and atol, or give path: brownian({ …, tolerance }) with a shorter one";
const tooMany = "raise maxSteps, or take longer steps";

/** Failures of traced solves, in the order of their statuses. */
const first = registerFailure(
  () => new SolveError("maxStepsReached", `sdeint: maxStepsReached in a solve inside a program; ${tooMany}`),
);
registerFailure(
  () => new SolveError("stepUnderflow", `sdeint: stepUnderflow in a solve inside a program; ${tooShort}`),
);
registerFailure(
  () =>
    new SolveError(
      "nonFinite",
      `sdeint: nonFinite in a solve inside a program; ${remedy} (the same call with concrete arguments says at which ` +
        `time and component, throw: false gives NaN instead)`,
    ),
);

/** Refuses a failed solve: at once where its numbers are known, else when the program that it is part of returns. */
export function checked(
  outcome: SdeOutcome,
  ts: Tensor,
  paths: readonly string[],
  maxSteps: number,
  adaptive: boolean,
): SdeOutcome {
  const { status, ys } = outcome;
  if (status.tape || !atHand(status))
    return withinRule(() => {
      const code = where(status.greater(0), status.add(first - 1), 0);
      return { ...outcome, ys: ys.map((y) => bind(check, [y, code])[0]!) };
    });
  const value = status.dataSync()[0]!;
  if (value === Status.success) return outcome;
  if (value === Status.maxStepsReached)
    throw new SolveError(
      "maxStepsReached",
      `sdeint: ts and ${adaptive ? "tolerances" : "dt"} ask for more than maxSteps = ${maxSteps} steps; ${tooMany}`,
    );
  if (value === Status.stepUnderflow)
    throw new SolveError(
      "stepUnderflow",
      `sdeint: stepUnderflow after ${outcome.rejected.dataSync()[0]} rejected of ${outcome.steps.dataSync()[0]} steps; ${tooShort}`,
    );
  throw new SolveError("nonFinite", `sdeint: nonFinite ${whereFound(outcome, ts, paths)}; ${remedy}`);
}

/** The first time and component that is not finite. */
function whereFound({ ys, steps }: SdeOutcome, ts: Tensor, paths: readonly string[]): string {
  const times = atHand(ts);
  let found = { row: Infinity, text: "in what the method carries" };
  ys.forEach((y, k) => {
    const values = y.dataSync();
    const at = values.findIndex((x) => !Number.isFinite(x));
    if (at < 0) return;
    const size = y.size / y.shape[0]!;
    const row = Math.floor(at / size);
    if (row >= found.row) return;
    const component = y.ndim === 1 ? "" : `[${at % size}]`;
    const when = !times
      ? `at ts[${row}]`
      : row === 0
        ? `at t = ${times[0]}`
        : `between t = ${times[row - 1]} and ${times[row]}`;
    found = { row, text: `${when} in y${paths[k] ?? ""}${component}` };
  });
  return `${found.text} (${steps.dataSync()[0]} steps in all)`;
}
