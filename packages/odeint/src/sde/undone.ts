import { customVjp, transforms } from "@dzdt/autograd";
import {
  type Aval,
  applyTape,
  cast,
  isFloat,
  take,
  type Tensor,
  trace,
  where,
  whileLoop,
  withinRule,
  zerosLike,
} from "@dzdt/tensor";
import { refusedUndone } from "../adjoints/failures";
import { typeOf } from "../leaves";
import type { Span } from "./motion";

/** What goes on from step to step. */
export type Advance = (span: Required<Span>, from: readonly Tensor[]) => Tensor[];

/** Equal steps of each interval between times: both ends, the steps' lengths, and how many there are. */
export interface Steps {
  readonly start: Tensor;
  readonly end: Tensor;
  readonly step: Tensor;
  readonly counts: Tensor;
}

/** States at the ends of intervals, and what is carried at the last. */
export interface Walked {
  readonly rows: readonly Tensor[];
  readonly ended: readonly Tensor[];
}

type Constants = { readonly forth: readonly Tensor[]; readonly back: readonly Tensor[] };

/**
 * Takes all steps, and for gradients undoes them one by one instead of keeping them: memory is what one step carries.
 * @param size how many of the carries are the state
 * @param walk takes the steps with a given way to advance
 * @param raise whether steps that cannot be undone throw, or make gradients NaN
 */
export function undone(
  steps: Steps,
  carries: readonly Tensor[],
  size: number,
  advance: Advance,
  undo: Advance,
  walk: (steps: Steps, carries: readonly Tensor[], advance: Advance) => Walked,
  raise: boolean,
): Walked {
  const { start } = steps;
  const time: Aval = { dtype: start.dtype, shape: [] };
  const count: Aval = { dtype: "int32", shape: [] };
  const types = [time, time, time, count, ...carries.map(typeOf)];
  const traced = (where: string, fn: Advance) =>
    trace(where, (t, tNext, h, number, ...from) => fn({ t, tNext, h, number }, from), types);
  const listed = ({ t, tNext, h, number }: Required<Span>): Tensor[] => [t, tNext, h, number];
  const forth = traced("step", advance);
  const back = traced("undo", undo);
  const most = 2 ** 31 - 1;

  const walked = (from: readonly Tensor[], closed: Constants, times: Steps): Walked =>
    walk(times, from, (span, at) => applyTape(forth.tape, [...listed(span), ...at, ...closed.forth]));

  /** Cotangents of the carries and of what a step closes over. */
  function backwards(
    { ended, closed, times, first }: Kept,
    cts: Walked,
  ): { readonly from: Tensor[]; readonly forth: Tensor[] } {
    const intervals = times.counts.shape[0]!;
    const marks = closed.forth.map(({ dtype }) => isFloat(dtype));
    const flags = [false, false, false, false, ...carries.map(() => true), ...marks];
    const pulled = transforms.vjp(
      forth.tape,
      flags,
      carries.map(() => true),
    );
    const at = (list: Tensor, row: Tensor): Tensor => take(list, row, 0);
    const total = times.counts.sum();
    const row = total.mul(0).add(intervals - 1);
    const begin = {
      row,
      i: at(times.counts, row).sub(1),
      number: total.sub(1),
      from: [...ended],
      ct: [...cts.ended],
      closed: closed.forth.filter((_, j) => marks[j]).map((x) => zerosLike(x)),
    };
    const found = whileLoop(
      ({ row, i }) => row.greaterEqual(0).and(i.greaterEqual(0)),
      ({ row, i, number, from, ct, closed: sums }) => {
        const [a, h, count] = [at(times.start, row), at(times.step, row), at(times.counts, row)];
        const after = i.add(1);
        const last = after.equal(count);
        const moment = (n: Tensor): Tensor => a.add(cast(n, a.dtype).mul(h));
        const tNext = where(last, at(times.end, row), moment(after));
        const given = ct.map((x, k) => (k < size ? x.add(where(last, at(cts.rows[k]!, row), 0)) : x));
        const span = listed({ t: moment(i), tNext, h, number });
        const before = applyTape(back.tape, [...span, ...from, ...closed.back]);
        const ins = [...span, ...before, ...closed.forth, ...given, ...pulled.captured];
        const results = applyTape(pulled.tape, ins);
        const past = i.equal(0);
        const earlier = row.sub(1);
        return {
          row: where(past, earlier, row),
          i: where(past, at(times.counts, earlier.maximum(0)).sub(1), i.sub(1)),
          number: number.sub(1),
          from: before,
          ct: results.slice(0, carries.length),
          closed: sums.map((x, j) => x.add(results[carries.length + j]!)),
        };
      },
      begin,
      { maxSteps: most },
    );
    const scale = first.map((x) => x.abs().max());
    const gone = found.from.map((x, k) =>
      x
        .sub(first[k]!)
        .abs()
        .max()
        .greater(scale[k]!.add(1).mul(x.dtype === "float64" ? 1e-8 : 3e-4)),
    );
    const astray = gone.reduce((a, b) => a.or(b));
    const all = refusedUndone([...found.ct, ...found.closed], cast(astray, "int32").mul(0), astray, raise);
    let next = carries.length;
    return {
      from: all.slice(0, carries.length),
      forth: closed.forth.map((x, j) => (marks[j] ? all[next++]! : zerosLike(x))),
    };
  }

  const solve = customVjp(walked, {
    forward: (from: readonly Tensor[], closed: Constants, times: Steps) => {
      const out = walked(from, closed, times);
      const kept: Kept = { ended: out.ended, closed, times, first: from };
      return [out, kept] as const;
    },
    backward: (kept: Kept, cts: Walked) =>
      withinRule(() => {
        const { from, forth: closed } = backwards(kept, cts);
        return [from, { forth: closed, back: kept.closed.back.map((x) => zerosLike(x)) }, undefined];
      }),
  });
  return solve([...carries], { forth: forth.captured, back: back.captured }, steps);
}

interface Kept {
  readonly ended: readonly Tensor[];
  readonly closed: Constants;
  readonly times: Steps;
  readonly first: readonly Tensor[];
}
