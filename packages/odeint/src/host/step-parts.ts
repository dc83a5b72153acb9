import { type Aval, concat, sign, type Tensor, withinRule } from "@dzdt/tensor";
import { attempt } from "../attempt";
import { begin, directionOf } from "../integrate";
import { outputAt } from "../output";
import { type Carry, numbers, type Problem } from "../problem";
import { problemOf, type Request } from "../solve";
import { carryLayout, type CarryLayout } from "./carry-layout";
import { begun, type Part, part } from "./program";

/** An event that happened: which one, when, and the state then, before any reset. */
interface Happening {
  /** Its place among the rows of all events; −1 where there was none. */
  readonly row: Tensor;
  readonly t: Tensor;
  readonly y: readonly Tensor[];
}

/** Single steps as programs. Times are float64, `stop` and `query` have the shape `[1]`. */
export interface StepParts {
  /** t, far, leaves of y → the carry before the first step. */
  readonly first: Part<Carry>;
  /** stop, then of steps of one length their length and end, the carry → the carry after an attempt or an event, and what happened. */
  readonly next: Part<readonly [Carry, readonly Happening[]]>;
  /** query, the carry at the end of a step → the leaves of the state then. */
  readonly within: Part<readonly Tensor[]>;
  readonly layout: CarryLayout;
  /** Field evaluations of a beginning and of an attempt; those of attempts that count them are in the carry. */
  readonly evaluations: { readonly begin: number; readonly attempt: number };
  /** Does the memory begin with the derivative? */
  readonly derivative: boolean;
}

const scalar: Aval = { dtype: "float64", shape: [] };
const one: Aval = { dtype: "float64", shape: [1] };
/** More attempts than are ever counted in one program. */
const unlimited = 2 ** 31 - 1;

/** @param given steps are of a length that the host says */
export function stepParts(request: Request, given: boolean): StepParts {
  const { target, state } = request;
  const asked: Request = { ...request, maxSteps: unlimited };
  const problemWith = (t: Tensor, y: readonly Tensor[], stop: Tensor, own: Own = {}): Problem => {
    const from = t.reshape([1]);
    const never = withinRule(() => sign(stop.sub(from)).mul(Infinity));
    const problem = problemOf(
      asked,
      asked.parts(),
      y,
      { ts: concat([from, stop]), queries: own.query ?? never, move: false },
      undefined,
    );
    return begun(own.step ? { ...problem, stepping: { kind: "given", ...own.step } } : problem);
  };
  let evaluations = { begin: 0, attempt: 0 };
  let derivative = false;
  const first = part<Carry>(
    "begin",
    (t, far, ...y) => {
      const problem = problemWith(t, y, far, given ? { step: { h: far.reshape([]), to: far.reshape([]) } } : {});
      const found = withinRule(() => begin(problem));
      const { counted, evaluations: of } = problem.method;
      ({ derivative } = problem.method);
      evaluations = { begin: of.begin + found.evaluations, attempt: counted ? 0 : of.attempt };
      return found.start;
    },
    [scalar, one, ...state.leaves],
    target,
  );
  const layout = carryLayout(first);
  const { types, rebuild } = layout;
  const next = part<readonly [Carry, readonly Happening[]]>(
    "step",
    (stop, ...ins) => {
      const carry = rebuild(ins.slice(given ? 2 : 0));
      const problem = problemWith(carry.t, carry.y, stop, given ? { step: { h: ins[0]!, to: ins[1]! } } : {});
      return withinRule(() => iterated(problem, carry));
    },
    [one, ...(given ? [scalar, scalar] : []), ...types],
    target,
  );
  const within = part<readonly Tensor[]>(
    "within",
    (query, ...ins) => {
      const carry = rebuild(ins);
      const problem = problemWith(carry.t, carry.y, query, {
        query,
        ...(given && { step: { h: carry.h, to: carry.t } }),
      });
      return withinRule(() => outputAt(problem, carry));
    },
    [one, ...types],
    target,
  );
  return { first, next, within, layout, evaluations, derivative };
}

interface Own {
  readonly query?: Tensor;
  readonly step?: { readonly h: Tensor; readonly to: Tensor };
}

function iterated(problem: Problem, carry: Carry): readonly [Carry, readonly Happening[]] {
  const { int } = numbers(carry.t);
  if (!problem.events) return [attempt(problem, carry, int(0)).next, []];
  const done = carry.events[0]!.counts.reduce((sum, n) => sum.add(n), carry.written[0]!);
  const { next, row, t, y } = problem.events.machinery.advance(problem, carry, done, directionOf(problem));
  // Rows of the outputs, of which there is one, come first.
  return [next, [{ row: row.sub(int(1)), t, y }]];
}
