import { bind, check, registerFailure, tensor, type Tensor, where } from "@dzdt/tensor";
import { AdjointError } from "../adjoints/failures";
import { checked as checkedEnd, type Telling } from "../failures";
import { type End, type PartialSolution, Status, type StatusName } from "../status";
import { type SdeOutcome, stepsWithin } from "./integrate";

const remedies: Telling["remedies"] = {
  stepUnderflow:
    "steps got as short as the path's tolerance: loosen rtol and atol, or give path: brownian({ …, tolerance }) with a shorter one",
  nonFinite: "check drift, diffusion and y0 there, or take smaller steps",
};

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
  readonly adaptive: boolean;
  /** Solves again, in one step from each time to the next. */
  readonly again: (y0: readonly Tensor[], ts: Tensor) => SdeOutcome;
  readonly partial: () => PartialSolution;
}

/** Refuses a failed solve: at once where its numbers are known, else when the program that it is part of returns. */
export function checked(outcome: SdeOutcome, telling: SdeTelling): SdeOutcome {
  const { paths, adaptive, partial } = telling;
  const { end, ys, status, steps, rejected } = outcome;
  const { wanted, ...place } = end;
  const ended: End & Pick<SdeOutcome, "ys"> = { ...place, ys, status, steps, rejected, derivative: [] };
  const limits = { maxStepsReached: wanted };
  const told: Telling = { where: "sdeint", paths, remedies, unwatched: !adaptive, rough: true, limits, partial };
  const passed = checkedEnd(ended, () => (adaptive ? moving(ended, telling) : atAStep(ended, telling)), told);
  return { ...outcome, ys: passed.ys };
}

/** Steps that were chosen by their errors, with how much the next one changes. */
function moving(ended: End, { again, ts }: SdeTelling): End {
  const { t, h, y } = ended;
  const ys = again(y, tensor([t, t.add(h)].map(itemOf), { dtype: ts.dtype, target: ts.target })).ys;
  return { ...ended, derivative: changes(ys, 1, itemOf(h)) };
}

/** Steps of one length in each interval: they are taken again, one by one, as far as the first interval with a state that is not finite. */
function atAStep(ended: End & Pick<SdeOutcome, "ys">, { ts, dt, again }: SdeTelling): End {
  const { ys, status, steps } = ended;
  const timesOf = (values: readonly number[]): Tensor => tensor(values, { dtype: ts.dtype, target: ts.target });
  const scalar = (value: number, like: Tensor): Tensor => tensor(value, { dtype: like.dtype, target: ts.target });
  const row = firstRow(ys);
  if (row === undefined || itemOf(status) !== Status.nonFinite) return ended;
  if (row === 0) return { ...ended, h: scalar(0, ts), steps: scalar(0, steps) };
  const times = Array.from(ts.dataSync());
  const lengths = timesOf(times.slice(1).map((t, i) => t - times[i]!));
  const counts = dt ? Array.from(stepsWithin(lengths, dt).dataSync()) : times.slice(1).map(() => 1);
  const full = [times[0]!, ...counts.slice(0, row).flatMap((count, i) => evenly(times[i]!, times[i + 1]!, count))];
  const each = again(
    ys.map((y) => rowOf(y, 0)),
    timesOf(full),
  ).ys;
  const found = firstRow(each) ?? full.length - 1;
  const [t, next] = [full[found - 1]!, full[found]!];
  const h = next - t;
  return {
    ...ended,
    t: scalar(t, ts),
    h: scalar(h, ts),
    y: each.map((y) => rowOf(y, found - 1)),
    derivative: changes(each, found, h),
    steps: scalar(found - 1, steps),
  };
}

const itemOf = (x: Tensor): number => x.dataSync()[0]!;

const rowOf = (y: Tensor, i: number): Tensor => y.slice([i], [i + 1]).reshape(y.shape.slice(1));

/** What a row has more than that before it, by the length of the step. */
const changes = (ys: readonly Tensor[], row: number, h: number): Tensor[] =>
  ys.map((y) =>
    rowOf(y, row)
      .sub(rowOf(y, row - 1))
      .div(h),
  );

const evenly = (from: number, to: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => (i === count - 1 ? to : from + ((i + 1) * (to - from)) / count));

/** The first row with a number that is not finite. */
function firstRow(ys: readonly Tensor[]): number | undefined {
  const rows = ys.flatMap((y) => {
    const at = y.dataSync().findIndex((x) => !Number.isFinite(x));
    return at < 0 ? [] : [Math.floor(at / (y.size / y.shape[0]!))];
  });
  return rows.length > 0 ? Math.min(...rows) : undefined;
}
