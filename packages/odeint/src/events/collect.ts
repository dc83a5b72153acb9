import { broadcastTo, type Tensor, where } from "@dzdt/tensor";
import { type Carry, numbers, type Problem } from "../problem";
import { Status } from "../status";

/** What a solve recorded of one event: leaves `[maxEvents, …]`, NaN beyond `count`. */
export interface EventLeaves {
  readonly t: Tensor;
  readonly y: readonly Tensor[];
  /** int32, no more than `maxEvents`. */
  readonly count: Tensor;
}

/** What a solve with events says of them. */
export interface EventOutcome {
  readonly list: readonly EventLeaves[];
  /** How often each fired, int32, one more than `maxEvents` when that was too often. */
  readonly counts: readonly Tensor[];
  /** Times of the outputs, that of the terminal event where they were not reached; and whether they were, bool `[outputs]`. */
  readonly ts: Tensor;
  readonly valid: Tensor;
}

/** Reads what the loop has written. `ys` are states at the outputs as far as they were reached. */
export function collect(
  problem: Problem,
  carry: Carry,
  rows: readonly Tensor[],
  ys: readonly Tensor[],
  status: Tensor,
): { readonly events: EventOutcome; readonly ys: readonly Tensor[] } {
  const { maxEvents, slots } = problem.events!;
  const outputs = problem.outputs!;
  const count = outputs.shape[0]!;
  const { int } = numbers(status);
  const { counts, until } = carry.events[0]!;
  const upTo = (length: number, many: Tensor): Tensor => broadcastTo(int(1), [length]).cumsum(0).lessEqual(many);
  const beside = (mask: Tensor, x: Tensor): Tensor => mask.reshape([x.shape[0]!, ...x.shape.slice(1).map(() => 1)]);
  const list = Array.from({ length: slots }, (_, slot): EventLeaves => {
    const used = counts[slot]!.minimum(int(maxEvents));
    const from = count + slot * maxEvents;
    const own = rows.map((x) => {
      const part = x.slice([from], [from + maxEvents]);
      return where(beside(upTo(maxEvents, used), part), part, NaN);
    });
    return { t: own.at(-1)!, y: own.slice(0, -1), count: used };
  });
  const valid = upTo(count, carry.written[0]!).or(status.notEqual(int(Status.eventTerminated)));
  if (until.length === 0) return { events: { list, counts, ts: outputs, valid }, ys };
  const held = ys.map((y, k) => where(beside(valid, y), y, carry.y[k]!.reshape([1, ...y.shape.slice(1)])));
  return { events: { list, counts, ts: where(valid, outputs, until[0]!), valid }, ys: held };
}
