import { broadcastTo, cast, concat, take, Tensor, where } from "@dzdt/tensor";
import { nearness } from "../jumps";
import type { Method } from "../step";

/** The latest steps, oldest first; before there were so many, ones that have the state at the start, and end there. */
export interface Past {
  /** Ends and lengths of the steps, in the dtype of times: `[steps]`. */
  readonly ends: Tensor;
  readonly lengths: Tensor;
  /** Until when they tell the state: an event may have come before their end. */
  readonly until: Tensor;
  /** What their dense output is made of, `[steps, …leaf]`. */
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly dense: readonly Tensor[];
}

/** One step that was taken. */
export interface Step {
  readonly end: Tensor;
  readonly length: Tensor;
  readonly until: Tensor;
  readonly y: readonly Tensor[];
  readonly memory: readonly Tensor[];
  readonly dense: readonly Tensor[];
}

/** The past of a solve that begins. */
export function emptyPast(
  steps: number,
  start: Tensor,
  y: readonly Tensor[],
  memory: readonly Tensor[],
  { dense }: Method,
): Past {
  const rows = (x: Tensor): Tensor => broadcastTo(x.reshape([1, ...x.shape]), [steps, ...x.shape]);
  const zeros = memory.map((x) => rows(x.mul(0)));
  return {
    ends: rows(start),
    lengths: rows(start.mul(0).add(1)),
    until: rows(start),
    y: y.map(rows),
    memory: zeros,
    dense: dense.map(({ dtype, shape }) => broadcastTo(cast(start.mul(0), dtype), [steps, ...shape])),
  };
}

/** With one step more, and the oldest forgotten. */
export function remembered(past: Past, step: Step): Past {
  const after = (rows: Tensor, x: Tensor): Tensor =>
    concat([rows.slice([1], [rows.shape[0]!]), x.reshape([1, ...x.shape])], 0);
  const each = (rows: readonly Tensor[], xs: readonly Tensor[]): Tensor[] => rows.map((x, k) => after(x, xs[k]!));
  return {
    ends: after(past.ends, step.end),
    lengths: after(past.lengths, step.length),
    until: after(past.until, step.until),
    y: each(past.y, step.y),
    memory: each(past.memory, step.memory),
    dense: each(past.dense, step.dense),
  };
}

/** With an end of the latest step at `t`, where an event changed the state. */
export function cutAt(past: Past, t: Tensor): Past {
  const { until } = past;
  const count = until.shape[0]!;
  return { ...past, until: concat([until.slice([0], [count - 1]), t.reshape([1])], 0) };
}

/** Where the oldest step that is kept began. */
export const oldest = ({ ends, lengths }: Past): Tensor => take(ends, 0, 0).sub(take(lengths, 0, 0));

/** The state at a time after the start, by the dense output of the step that it is in. NaN later than the latest step, or before the oldest one. */
export function stateAt(past: Past, t: Tensor, method: Method): Tensor[] {
  const { ends, lengths, until } = past;
  const count = ends.shape[0]!;
  const before = cast(until.less(t), "int32").sum();
  const i = before.minimum(count - 1);
  const at = (rows: readonly Tensor[]): Tensor[] => rows.map((x) => take(x, i, 0));
  const [end, h, limit] = at([ends, lengths, until]) as [Tensor, Tensor, Tensor];
  const s = t.sub(end).div(h);
  const found = method.interpolate({ t: end, h, s, y: at(past.y), memory: at(past.memory), dense: at(past.dense) });
  // A step may be as short as some roundings.
  const slack = h.mul(1e-6).maximum(nearness(t).mul(4).minimum(h.div(4)));
  const known = t
    .sub(limit)
    .lessEqual(slack)
    .and(i.greater(0).or(s.greaterEqual(-1 - 1e-6)));
  return found.map((x) => where(known, x, NaN));
}
