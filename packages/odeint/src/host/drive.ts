import { type Aval, type Storage, Tensor, tree, type TypedArray, withinRule } from "@dzdt/tensor";
import { begin, directionOf, ending, iteration, mostIterations, rowCount } from "../integrate";
import { type Carry, type Problem, running } from "../problem";
import { fixedGrid, problemOf, type Request, settled, type Solved, type Span, withFirst } from "../solve";
import { Status } from "../status";
import { carryLayout, type CarryLayout } from "./carry-layout";
import { begun, int32, type Part, part, typeOf, valuesOf } from "./program";
import type { Tick } from "./watch";

/** The three parts of a solve, each a program, and what the host has to know of them. */
interface Parts {
  readonly first: Part<Carry>;
  readonly iterate: Part<readonly Tensor[]>;
  readonly last: Part<Solved>;
  readonly layout: CarryLayout;
  /** Types of the rows that iterations write. */
  readonly rows: readonly Aval[];
  readonly most: number;
}

/**
 * A solve whose loop is the host's: the same numbers, to the bit, as of the one program that it otherwise is. It yields after each iteration, and
 * ends early when it is told `true`: then its status is `maxStepsReached`.
 * @param y0 concrete leaves of one trajectory
 */
export function* drive(
  request: Request,
  y0: readonly Tensor[],
  ts: Tensor,
): Generator<Tick, Solved, boolean | undefined> {
  const { target, state } = request;
  const { first, iterate, last, layout, rows, most } = partsOf(request, y0, ts);
  const { places, types } = layout;
  const given = [ts.storage, ...y0.map(({ storage }) => storage)];
  const written = rows.map(({ dtype, shape }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return dtype === "float32" ? new Float32Array(size) : new Float64Array(size);
  });
  let carry: readonly Storage[] = first.run(given);
  const number = (place: number | undefined): number => (place === undefined ? 0 : valuesOf(carry[place], target)[0]!);
  const numbers = (list: readonly number[]): number[] => list.map(number);
  const events = places.events[0];
  let iterations = 0;
  let [before, attempts, rejected, pending] = [number(places.t), 0, 0, false];
  while (number(places.status) === running && iterations < most) {
    const from = number(places.t);
    const results = iterate.run([ts.storage, int32(iterations, target), ...carry]);
    iterations++;
    carry = results.slice(0, types.length);
    write(results.slice(types.length));
    const done = events ? numbers(events.counts).reduce((a, b) => a + b, 0) : 0;
    const now = iterations - number(places.written[0]) - done;
    const refused = number(places.rejected[0]);
    // Steps of one length are refused only by ending the solve.
    const failed = places.rejected.length === 0 && number(places.status) === Status.nonFinite;
    if (now > attempts && refused === rejected && !failed) {
      if (!pending) before = from;
      pending = true;
    }
    const refusedNow = refused > rejected;
    [attempts, rejected] = [now, refused];
    const waits = events && number(places.status) === running && numbers(events.next).some(Number.isFinite);
    const stepped = pending && !waits;
    if (stepped) pending = false;
    if (yield { stepped, refused: refusedNow, report: refusedNow ? ahead : report }) break;
  }
  const rowStorages = written.map((values, k) => target.upload(values, rows[k]!.dtype, rows[k]!.shape));
  return last.tensors(last.run([...given, int32(iterations, target), ...carry, ...rowStorages]));

  function write([row, ...values]: readonly Storage[]): void {
    if (row === undefined) return;
    const place = valuesOf(row, target)[0]!;
    if (place < 0) return;
    values.forEach((value, k) => {
      const own: TypedArray = valuesOf(value, target);
      written[k]!.set(own, place * own.length);
    });
  }

  function ahead(): ReturnType<Tick["report"]> {
    return { ...report(), h: number(places.h) };
  }

  function report(): ReturnType<Tick["report"]> {
    const t = number(places.t);
    const leaves = places.y.map((k) => Tensor.lent(carry[k], types[k]!, target));
    const y = tree.unflatten<never>(state.structure, leaves);
    return { t, h: t - before, y, steps: attempts, accepted: attempts - rejected, rejected };
  }
}

function partsOf(request: Request, y0: readonly Tensor[], ts: Tensor): Parts {
  const { target } = request;
  const [time, state] = [typeOf(ts), y0.map(typeOf)];
  const spanOf = (times: Tensor): Span => ({ ts: times, queries: undefined, move: false });
  const problemWith = (times: Tensor, y: readonly Tensor[]): Problem => {
    const span = spanOf(times);
    const problem = problemOf(
      request,
      request.parts(),
      y,
      span,
      withinRule(() => fixedGrid(request, span)),
    );
    return begun(problem);
  };
  let [evaluations, most, count] = [0, 0, 0];
  const first = part(
    "begin",
    (times, ...y) => {
      const problem = problemWith(times, y);
      [most, count] = [mostIterations(problem), rowCount(problem)];
      const found = withinRule(() => begin(problem));
      evaluations = found.evaluations;
      return found.start;
    },
    [time, ...state],
    target,
  );
  const layout = carryLayout(first);
  const { types, rebuild } = layout;
  const integer: Aval = { dtype: "int32", shape: [] };
  const iterate = part<readonly Tensor[]>(
    "iteration",
    (times, i, ...ins) => {
      const problem = problemWith(times, rebuild(ins).y);
      return withinRule(() => iteration(problem, directionOf(problem), rebuild)(i, ...ins));
    },
    [time, integer, ...types],
    target,
  );
  const rows = iterate.outs.slice(types.length + 1).map(({ dtype, shape }) => ({ dtype, shape: [count, ...shape] }));
  const last = part<Solved>(
    "end",
    (times, ...ins) => {
      const y = ins.slice(0, y0.length);
      const iterations = ins[y0.length]!;
      const rest = ins.slice(y0.length + 1);
      const problem = problemWith(times, y);
      const run = { carry: rebuild(rest.slice(0, types.length)), rows: rest.slice(types.length), iterations };
      const outcome = withinRule(() => ending(problem, evaluations, directionOf(problem), run));
      return withFirst(request, settled({ ...outcome, memory: [] }, request, y, spanOf(times)), y, spanOf(times));
    },
    [time, ...state, integer, ...types, ...rows],
    target,
  );
  return { first, iterate, last, layout, rows, most };
}
