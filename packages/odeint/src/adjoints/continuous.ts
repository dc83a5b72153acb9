import {
  cast,
  isFloat,
  maximum,
  scan,
  stopGradient,
  type Tensor,
  tree,
  where,
  withinRule,
  zerosLike,
} from "@dzdt/tensor";
import type { EventOutcome } from "../events/collect";
import type { Outcome, Problem } from "../problem";
import { determined } from "../slopes";
import type { StateType } from "../vectorField";
import type { AdjointParts } from "./adjoint";
import { refused } from "./failures";
import { type Across, backOver, type Outputs, type Passed } from "./intervals";
import { backOverKnots, cotangentsOf, type Knots, knotsOf, noCotangents, type OfEvents } from "./knots";
import { type Mass, massOf } from "./mass";
import { cotangentOfMass, factorOf, tangentOfFactor } from "./mass-gradient";
import { recordSolve, type SolveRule, type Start } from "./node";
import { type Passages, passagesOf, tracedPassages } from "./passages";
import { type ClosedField, closedField, fieldOf, pullbackOf } from "./pullback";
import { standing } from "./standing";
import { type Settings, tolerancesIn, type Tolerances } from "./settings";

/** What the solve for a gradient is given. Tensors are those of the trace that it is recorded on. */
export interface Backward extends Start, Tolerances {
  readonly state: StateType;
  readonly settings: Settings;
  readonly field: ClosedField;
  /** What the field depends on besides time and state, and of which of these derivatives are wanted. */
  readonly closed: readonly Tensor[];
  readonly marks: readonly boolean[];
  /** M of M dy/dt = f. */
  readonly mass?: Mass;
  /** Whether derivatives with respect to y0 or t0 are. */
  readonly ofStart: boolean;
  /** Outputs later than t0, with cotangents of which the largest is 1. */
  readonly rows: Outputs;
  /** Outputs and events in their order, and what events do: of solves with events. */
  readonly events?: { readonly knots: Knots; readonly passages: Passages; readonly outcome: EventOutcome };
  /** Where the forward solve ended: how long the next step would have been. */
  readonly lastStep: Tensor;
}

/** Derivatives of a loss. */
export interface Found {
  /** With respect to y0. */
  readonly lambda: readonly Tensor[];
  /** With respect to the closed values that are marked. */
  readonly mu: readonly Tensor[];
  /** With respect to those of events that are wanted. */
  readonly ofEvents?: readonly Tensor[] | undefined;
  /** A number of `Status`. */
  readonly status: Tensor;
  /** bool: the state went astray. */
  readonly drift?: Tensor;
}

/**
 * Goes from the end of a solve back to t0, by an adjoint's way `across` each interval.
 * @param rest what it carries besides the cotangent of the state, at last the cotangents of the closed values that are marked
 */
export function back(
  given: Backward,
  rest: readonly Tensor[],
  across: Across,
): Passed & { readonly ofEvents?: readonly Tensor[] } {
  const init = { lambda: given.y0.map((y) => zerosLike(y)), rest };
  const { events } = given;
  return events
    ? backOverKnots(given, events.knots, events.passages, init, {
        across,
        standing: (passed, interval) => standing(given, passed, interval),
      })
    : backOver(given, given.rows, init, across);
}

/**
 * λ with which an interval begins, and the cotangents of the closed values that are marked so far.
 * @param passed the cotangent of the state, and those of the closed values
 */
export function beginning(
  { mass, field, closed, marks }: Backward,
  t: Tensor,
  y: readonly Tensor[],
  { lambda, rest: mu }: Passed,
): Passed {
  if (!mass) return { lambda, rest: mu };
  const begun = mass.begin(t, y, lambda);
  if (mu.length === 0) return { lambda: begun.lambda, rest: mu };
  const slopes = pullbackOf(field, closed, { slopes: false, state: false, marks })(t, y, begun.w);
  return { lambda: begun.lambda, rest: mu.map((x, k) => x.sub(slopes[k]!)) };
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
  const { events, method, t0, y0 } = problem;
  const passing = events && tracedPassages(events, method, t0, y0);
  const logged = events ? { ...problem, events: { ...events, logged: true } } : problem;
  const { mass } = parts;
  const count = settings.tensors.length;
  const ofMass = count + field.closed.length;
  const end = mass ? ofMass + 1 : ofMass;
  const closed = [...settings.tensors, ...field.closed, ...(mass ? [mass] : []), ...(passing?.closed ?? [])];
  return recordSolve(logged, closed, (inputs, unflatten): SolveRule => {
    const given = (
      ins: readonly Tensor[],
      outs: readonly Tensor[],
      cotangents: readonly Tensor[],
      marks: readonly boolean[],
      ofStart: boolean,
    ): Backward => {
      const start = inputs.start(ins);
      const closed = inputs.closed(ins);
      const matrix = mass && closed[ofMass]!;
      const own = { field, closed: closed.slice(count, ofMass), marks: marks.slice(count, ofMass) };
      const { ys, h } = unflatten(outs);
      const rows: Outputs = {
        times: start.outputs ?? start.stops,
        rests: start.rests?.outputs ?? start.rests?.stops,
        ys,
        cotangents,
      };
      return {
        ...start,
        ...tolerancesIn(closed.slice(0, count), size),
        state,
        settings,
        ...(matrix && marks[ofMass] ? withFactor(matrix, own) : own),
        ofStart,
        rows,
        lastStep: stopGradient(h).abs(),
        ...(matrix && { mass: massHere(matrix, own.closed) }),
      };
    };
    return {
      pullback: (ins, outs, cotangents, wanted) =>
        withinRule(() => {
          const floats = inputs.closed(ins).map((x) => isFloat(x.dtype));
          const marks = inputs.closed(wanted).map((want, j) => want && j >= count && floats[j]!);
          const happened = unflatten(outs).events;
          const unscaled = happened ? cotangentsOf(happened, cotangents, size) : { ys: cotangents };
          const flat = tree.flatten(unscaled as never);
          const scale = largest(flat.leaves as Tensor[]);
          const of: Pick<OfEvents, "ys"> & Partial<OfEvents> = tree.unflatten(
            flat.structure,
            (flat.leaves as Tensor[]).map((ct) => ct.div(cast(scale, ct.dtype))),
          );
          const asked = inputs.moving(wanted);
          const plain = given(ins, outs, of.ys, marks, asked.t0 || asked.y0.includes(true));
          const at = withEvents(plain, ins, marks.slice(end), happened, of as OfEvents);
          const { lambda, mu, ofEvents = [], status, drift } = backward(at);
          const slope = at.mass?.slope ?? fieldOf(field, at.closed);
          const found = {
            t0: asked.t0 ? power(slope(at.t0, at.y0), lambda, at.t0).neg() : undefined,
            times: asked.times ? ofTimes() : undefined,
            y0: lambda,
            closed: place([...ofOwn(mu, marks, plain.mass), ...ofEvents], marks),
          };
          const results = inputs.results(ins, wanted, found).map((x) => x.mul(cast(scale, x.dtype)));
          return refused(results, status, drift, raise);

          function ofTimes(): Tensor {
            const each = powers(slope, at.rows);
            // Rows that were not reached are NaN.
            return happened ? where(happened.log!.used.slice([0], [each.size]), each, 0).add(of.times!) : each;
          }
        }),
      ...(push && {
        push: (ins, outs, tangents) => {
          const [closed, times] = [inputs.closed(tangents), inputs.moving(tangents)];
          const marks = closed.map((dx) => dx !== undefined);
          return withinRule(() => {
            const plain = given(ins, outs, [], marks, true);
            const { events } = unflatten(outs);
            const at = withEvents(plain, ins, marks.slice(end), events, events && noCotangents(events));
            return push(at, { ...times, closed: ofField(closed, plain.mass), ofEvents: closed.slice(end) });
          });
        },
      }),
    };

    function massHere(matrix: Tensor, closed: readonly Tensor[]): Mass {
      const found = massOf(matrix, fieldOf(field, closed), state);
      return raise ? determined(found) : found;
    }

    function withFactor(matrix: Tensor, own: Pick<Backward, "field" | "closed" | "marks">): typeof own {
      const { field, value } = factorOf(matrix, own.field, state);
      return { field, closed: [...own.closed, value], marks: [...own.marks, true] };
    }

    /** Cotangents of what the field closes over, and of M: of its factor at first. */
    function ofOwn(mu: readonly Tensor[], marks: readonly boolean[], mass: Mass | undefined): readonly Tensor[] {
      if (!mass || !marks[ofMass]) return mu;
      return [...mu.slice(0, -1), cotangentOfMass(mass.matrix, mu.at(-1)!, raise)];
    }

    /** Tangents of what the field closes over, that of M as one of its factor. */
    function ofField(closed: Tangents["closed"], mass: Mass | undefined): Tangents["closed"] {
      const own = closed.slice(count, ofMass);
      const tangent = mass && closed[ofMass];
      return tangent ? [...own, tangentOfFactor(mass.matrix, tangent, raise)] : own;
    }

    function withEvents(
      plain: Backward,
      ins: readonly Tensor[],
      marks: readonly boolean[],
      outcome: EventOutcome | undefined,
      of: OfEvents | undefined,
    ): Backward {
      if (!outcome || !passing) return plain;
      const knots = knotsOf(plain, plain.rows, outcome, of!);
      const passages = passagesOf(passing, inputs.closed(ins).slice(end), marks);
      return { ...plain, events: { knots, passages, outcome } };
    }
  });
}

/** Tangents of a solve's inputs; absent is zero. */
export interface Tangents {
  readonly t0: Tensor | undefined;
  readonly times: Tensor | undefined;
  readonly y0: readonly (Tensor | undefined)[];
  readonly closed: readonly (Tensor | undefined)[];
  /** Of what events close over. */
  readonly ofEvents: readonly (Tensor | undefined)[];
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
