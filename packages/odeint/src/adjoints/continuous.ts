import { cast, isFloat, maximum, scan, stopGradient, type Tensor, where, withinRule } from "@dzdt/tensor";
import type { Outcome, Problem } from "../problem";
import type { StateType } from "../vectorField";
import type { AdjointParts } from "./adjoint";
import { refused } from "./failures";
import { type Outputs } from "./intervals";
import { recordSolve, type SolveRule, type Start } from "./node";
import { type ClosedField, closedField, fieldOf } from "./pullback";
import { type Settings, tolerancesIn, type Tolerances } from "./settings";

/** What the solve for a gradient is given. Tensors are those of the trace that it is recorded on. */
export interface Backward extends Start, Tolerances {
  readonly state: StateType;
  readonly settings: Settings;
  readonly field: ClosedField;
  /** What the field depends on besides time and state, and of which of these derivatives are wanted. */
  readonly closed: readonly Tensor[];
  readonly marks: readonly boolean[];
  /** Whether derivatives with respect to y0 or t0 are. */
  readonly ofStart: boolean;
  /** Outputs later than t0, with cotangents of which the largest is 1. */
  readonly rows: Outputs;
  /** Where the forward solve ended: how long the next step would have been. */
  readonly lastStep: Tensor;
}

/** Derivatives of a loss. */
export interface Found {
  /** With respect to y0. */
  readonly lambda: readonly Tensor[];
  /** With respect to the closed values that are marked. */
  readonly mu: readonly Tensor[];
  /** A number of `Status`. */
  readonly status: Tensor;
  /** bool: the state went astray. */
  readonly drift?: Tensor;
}

/** Records a solve whose reverse mode is `backward`; derivatives with respect to times are added here. */
export function continuous(
  { parts, raise }: AdjointParts,
  problem: Problem,
  settings: Settings,
  backward: (given: Backward) => Found,
  push?: (given: Backward, tangents: Tangents) => readonly Tensor[],
): Outcome {
  const { state } = parts;
  const size = state.leaves.length;
  const field = closedField((t, y) => parts.field(t, y), problem.t0, state.leaves);
  const count = settings.tensors.length;
  return recordSolve(problem, [...settings.tensors, ...field.closed], (inputs, unflatten): SolveRule => {
    const given = (
      ins: readonly Tensor[],
      outs: readonly Tensor[],
      cotangents: readonly Tensor[],
      marks: readonly boolean[],
      ofStart: boolean,
    ): Backward => {
      const start = inputs.start(ins);
      const closed = inputs.closed(ins);
      const { ys, h } = unflatten(outs);
      return {
        ...start,
        ...tolerancesIn(closed.slice(0, count), size),
        state,
        settings,
        field,
        closed: closed.slice(count),
        marks,
        ofStart,
        rows: {
          times: start.outputs ?? start.stops,
          rests: start.rests?.outputs ?? start.rests?.stops,
          ys,
          cotangents,
        },
        lastStep: stopGradient(h).abs(),
      };
    };
    return {
      pullback: (ins, outs, cotangents, wanted) =>
        withinRule(() => {
          const floats = inputs.closed(ins).map((x) => isFloat(x.dtype));
          const marks = inputs.closed(wanted).map((want, j) => want && j >= count && floats[j]!);
          const scale = largest(cotangents);
          const scaled = cotangents.map((ct) => ct.div(cast(scale, ct.dtype)));
          const asked = inputs.moving(wanted);
          const at = given(ins, outs, scaled, marks.slice(count), asked.t0 || asked.y0.includes(true));
          const { lambda, mu, status, drift } = backward(at);
          const slope = fieldOf(field, at.closed);
          const found = {
            t0: asked.t0 ? power(slope(at.t0, at.y0), lambda, at.t0).neg() : undefined,
            times: asked.times ? powers(slope, at.rows) : undefined,
            y0: lambda,
            closed: place(mu, marks),
          };
          const results = inputs.results(ins, wanted, found).map((x) => x.mul(cast(scale, x.dtype)));
          return refused(results, status, drift, raise);
        }),
      ...(push && {
        push: (ins, outs, tangents) => {
          const [closed, times] = [inputs.closed(tangents).slice(count), inputs.moving(tangents)];
          const marks = closed.map((dx) => dx !== undefined);
          return withinRule(() => push(given(ins, outs, [], marks, true), { ...times, closed }));
        },
      }),
    };
  });
}

/** Tangents of a solve's inputs; absent is zero. */
export interface Tangents {
  readonly t0: Tensor | undefined;
  readonly times: Tensor | undefined;
  readonly y0: readonly (Tensor | undefined)[];
  readonly closed: readonly (Tensor | undefined)[];
}

/** The largest absolute value, of which gradients are multiples; 1 if all are 0. float64 where there is one. */
export function largest(cotangents: readonly Tensor[]): Tensor {
  const each = cotangents.filter((ct) => ct.size > 0).map((ct) => stopGradient(ct).abs().max());
  const wide = each.find(({ dtype }) => dtype === "float64") ?? each[0];
  if (!wide) return cotangents[0]!.sum().mul(0).add(1);
  const most = each.map((x) => cast(x, wide.dtype)).reduce((a, b) => maximum(a, b));
  return where(most.equal(0), 1, most);
}

/** How fast the loss changes as the state moves with its slopes. */
const power = (slopes: readonly Tensor[], cotangents: readonly Tensor[], like: Tensor): Tensor =>
  slopes.map((dy, k) => cast(dy.mul(cotangents[k]!).sum(), like.dtype)).reduce((a, b) => a.add(b));

/** The same at each output. */
export function powers(
  slope: (t: Tensor, y: readonly Tensor[]) => Tensor[],
  { times, ys, cotangents }: Outputs,
): Tensor {
  const rows: { t: Tensor; y: Tensor[]; ct: Tensor[] } = { t: times, y: [...ys], ct: [...cotangents] };
  const none: Tensor[] = [];
  const [, each] = scan((carry: Tensor[], { t, y, ct }: typeof rows) => [carry, power(slope(t, y), ct, t)], none, rows);
  return each;
}

/** Values in the places that are marked, undefined elsewhere. */
export function place<T>(values: readonly T[], marks: readonly boolean[]): (T | undefined)[] {
  let next = 0;
  return marks.map((mark) => (mark ? values[next++] : undefined));
}
