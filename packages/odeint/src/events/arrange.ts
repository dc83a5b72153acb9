import { concat, type Tensor } from "@dzdt/tensor";
import { rowsFirst } from "../rows";
import type { EventOutcome } from "./collect";

/** Events of independent trajectories, which are axis 0 of all they left behind, with rows first where there are rows. */
export function eventsFirst({ list, ts, valid, ...rest }: EventOutcome): EventOutcome {
  return {
    ...rest,
    list: list.map(({ t, y, count }) => ({ t: rowsFirst(t), y: y.map(rowsFirst), count })),
    ts: rowsFirst(ts),
    valid: rowsFirst(valid),
  };
}

/** Events with the initial time as the first output. */
export function fromStart({ ts, valid, ...rest }: EventOutcome, t0: Tensor): EventOutcome {
  const first = (x: Tensor, value: Tensor): Tensor => {
    const shape = [1, ...x.shape.slice(1)];
    return concat([value.reshape(shape.map(() => 1)).broadcastTo(shape), x], 0);
  };
  return { ...rest, ts: first(ts, t0), valid: first(valid, t0.equal(t0)) };
}
