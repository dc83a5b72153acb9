import { bind, check, registerFailure, tensor, type Tensor, where, withinRule } from "@dzdt/tensor";
import { AdjointError } from "../adjoints/failures";
import { atHand } from "../at-hand";
import { type FailureDetails, SolveError, Status, type StatusName, statusName } from "../status";
import type { SdeOutcome } from "./integrate";

const remedy = "check drift, diffusion and y0 there, or take smaller steps";
const tooShort =
  "steps got as short as the path's tolerance: loosen rtol and atol, or give path: brownian({ …, tolerance }) with a shorter one";
const tooMany = "raise maxSteps, or take longer steps";

/** Where messages of programs, which know only how a solve ended, send those who want to know more. */
const sayingMore =
  "(the same call with concrete arguments, on wasm() where they are on webgpu, says at which time and component; throw: false gives NaN instead)";

/** Failures of traced solves, in the order of their statuses. */
const first = registerFailure(
  () => new SolveError("maxStepsReached", `sdeint: maxStepsReached in a solve inside a program; ${tooMany}`),
);
registerFailure(
  () => new SolveError("stepUnderflow", `sdeint: stepUnderflow in a solve inside a program; ${tooShort}`),
);
registerFailure(
  () => new SolveError("nonFinite", `sdeint: nonFinite in a solve inside a program; ${remedy} ${sayingMore}`),
);

const gradientReasons = (Object.keys(Status) as StatusName[]).filter((name) => Status[name] > 0);

/** Failures of solves for gradients, numbered like `Status`. */
const gradientCodes = gradientReasons.map((name) =>
  registerFailure(
    () =>
      new AdjointError(
        name,
        `sdeint: ${name} in the solve for the gradient; ${
          { maxStepsReached: "raise maxSteps", stepUnderflow: "loosen rtol and atol" }[name as string] ??
          "take smaller steps"
        }, or use discretize()`,
      ),
  ),
);

const strayed = registerFailure(
  () =>
    new AdjointError(
      "drift",
      "backsolve: solved backwards along its path, the state did not come back to where the forward solve was, and the gradient would be wrong; " +
        "use discretize(), take smaller steps, give more ts, or raise drift",
    ),
);

/** Gradients, refused (or NaN) where the solve for them failed, or the state went astray. */
export function refusedGradient(
  found: readonly Tensor[],
  status: Tensor,
  astray: Tensor,
  raise: boolean,
): readonly Tensor[] {
  const failed = where(status.greater(0), status.add(gradientCodes[0]! - 1), 0);
  const code = where(failed.equal(0).and(astray), strayed, failed);
  return found.map((x) => (raise ? bind(check, [x, code])[0]! : where(code.equal(0), x, NaN)));
}

/** What an error says beside the outcome. */
export interface SdeTelling {
  readonly ts: Tensor;
  /** The longest step; undefined: from time to time. */
  readonly dt: Tensor | undefined;
  /** The names of the state's leaves. */
  readonly paths: readonly string[];
  readonly maxSteps: number;
  readonly adaptive: boolean;
  /** Solves again, in one step from each time to the next. */
  readonly again: (y0: readonly Tensor[], ts: Tensor) => SdeOutcome;
  readonly partial: () => FailureDetails["solution"];
}

/** Refuses a failed solve: at once where its numbers are known, else when the program that it is part of returns. */
export function checked(outcome: SdeOutcome, telling: SdeTelling): SdeOutcome {
  const { status, ys } = outcome;
  if (status.tape || !atHand(status))
    return withinRule(() => {
      const code = where(status.greater(0), status.add(first - 1), 0);
      return { ...outcome, ys: ys.map((y) => bind(check, [y, code])[0]!) };
    });
  const value = status.dataSync()[0]!;
  if (value === Status.success) return outcome;
  throw failureOf(outcome, statusName(value), telling);
}

function failureOf(outcome: SdeOutcome, name: StatusName, telling: SdeTelling): SolveError {
  const { maxSteps, adaptive } = telling;
  const rejected = outcome.rejected.dataSync()[0]!;
  const solution = telling.partial();
  if (name === "maxStepsReached" && !adaptive)
    return new SolveError(
      name,
      `sdeint: ts and dt ask for more than maxSteps = ${maxSteps} steps, for ${stepsAsked(telling)}, so none was taken; ${tooMany}`,
      { accepted: 0, rejected, ...(solution && { solution }) },
    );
  const found = outcome.end ? atTheEnd(outcome, outcome.end, telling) : atAStep(outcome, telling);
  if (!found) return new SolveError(name, `sdeint: ${name} in what the method carries; ${remedy}`);
  const { t, h, component, value, accepted } = found;
  const many = adaptive ? `${accepted} accepted and ${rejected} rejected steps` : `${accepted} steps`;
  const lead =
    name === "maxStepsReached" ? `ts and tolerances ask for more than maxSteps = ${maxSteps} steps, which ended` : name;
  const remedies = { maxStepsReached: tooMany, stepUnderflow: tooShort } as Partial<Record<StatusName, string>>;
  return new SolveError(
    name,
    `sdeint: ${lead} at t = ${t} with step ${h} after ${many}, ${component} = ${value}; ${remedies[name] ?? remedy}`,
    { t, h, component, accepted, rejected, ...(solution && { solution }) },
  );
}

/** Where a solve ended: the component is the one that the next step makes infinite, or else changes most, and its value that before. */
interface Found extends Pick<FailureDetails, "t" | "h" | "component" | "accepted"> {
  readonly value: number;
}

/** Steps that were chosen by their errors. */
function atTheEnd(outcome: SdeOutcome, end: NonNullable<SdeOutcome["end"]>, { again, ts, paths }: SdeTelling): Found {
  const [t, h] = [end.t.dataSync()[0]!, end.h.dataSync()[0]!];
  const { ys } = again(end.y, tensor([t, t + h], { dtype: ts.dtype, target: ts.target }));
  const accepted = outcome.steps.dataSync()[0]! - outcome.rejected.dataSync()[0]!;
  return { t, h, accepted, ...worstOf(ys, 1, paths) };
}

/** Steps of one length in each interval: they are taken again, one by one, as far as the first interval with a state that is not finite. */
function atAStep({ ys }: SdeOutcome, { ts, dt, paths, again }: SdeTelling): Found | undefined {
  const times = Array.from(ts.dataSync());
  const row = firstRow(ys);
  if (row === undefined) return undefined;
  if (row === 0) return { t: times[0]!, h: 0, accepted: 0, ...worstOf(ys, 0, paths) };
  const counts = times.slice(1).map((t, i) => stepsWithin(t - times[i]!, dt));
  const full = [times[0]!, ...counts.slice(0, row).flatMap((count, i) => evenly(times[i]!, times[i + 1]!, count))];
  const each = again(
    ys.map((y) => y.slice([0], [1]).reshape(y.shape.slice(1))),
    tensor(full, { dtype: ts.dtype, target: ts.target }),
  ).ys;
  const found = firstRow(each) ?? full.length - 1;
  const [t, next] = [full[found - 1]!, full[found]!];
  return { t, h: next - t, accepted: found - 1, ...worstOf(each, found, paths) };
}

const evenly = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (i === count - 1 ? to : from + ((i + 1) * (to - from)) / count));

/** How many steps of one length there are in all intervals. */
function stepsAsked({ ts, dt }: SdeTelling): number {
  const times = Array.from(ts.dataSync());
  return times.slice(1).reduce((sum, t, i) => sum + stepsWithin(t - times[i]!, dt), 0);
}

/** As `integrate` divides an interval. */
function stepsWithin(length: number, dt: Tensor | undefined): number {
  if (!dt) return 1;
  const slack = dt.dtype === "float32" ? 1e-3 : 1e-9;
  return Math.max(1, Math.ceil(length / dt.dataSync()[0]! - slack));
}

/** The first row with a number that is not finite. */
function firstRow(ys: readonly Tensor[]): number | undefined {
  const rows = ys.flatMap((y) => {
    const at = y.dataSync().findIndex((x) => !Number.isFinite(x));
    return at < 0 ? [] : [Math.floor(at / (y.size / y.shape[0]!))];
  });
  return rows.length > 0 ? Math.min(...rows) : undefined;
}

/** The component that is not finite in a row, or else has changed most since the one before, and what it was there. */
function worstOf(ys: readonly Tensor[], row: number, paths: readonly string[]): Pick<Found, "component" | "value"> {
  let worst = { rank: -1, component: "y", value: NaN };
  ys.forEach((y, k) => {
    const size = y.size / y.shape[0]!;
    const values = y.dataSync();
    for (let i = 0; i < size; i++) {
      const [now, before] = [values[row * size + i]!, values[Math.max(0, row - 1) * size + i]!];
      const rank = Number.isFinite(now) ? Math.abs(now - before) / (Math.abs(before) + 1e-12) : Infinity;
      if (rank <= worst.rank) continue;
      worst = { rank, component: `y${paths[k] ?? ""}${y.ndim === 1 ? "" : `[${i}]`}`, value: before };
    }
  });
  return worst;
}
