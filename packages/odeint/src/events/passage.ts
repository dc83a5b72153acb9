import { stopGradient, sum, type Tensor, where } from "@dzdt/tensor";
import { flow } from "../flow";
import { rooted } from "../implicit/root";
import type { Field } from "../implicit/vector";
import type { Method } from "../step";
import type { Trigger } from "./leaf-event";

/** An event as the solve passes it. */
export interface Passage {
  /** Its time, with derivatives. */
  readonly t: Tensor;
  /** The state then. */
  readonly y: readonly Tensor[];
  /** The state from which the solve goes on, at a time that derivatives do not move with the event; of the event that ends it, the last state. */
  readonly after: readonly Tensor[];
}

/**
 * What an event makes of the state before it. Its derivatives are those of the event's time and, behind a reset, the saltation matrix: the state is
 * taken along the field to the moment of the event, reset, and taken back.
 * @param from when it happens, as it moves with the solve and not with the event
 * @param found the state then
 * @param memory what the method carries then
 */
export function passage(
  method: Method,
  trigger: Trigger,
  from: Tensor,
  found: readonly Tensor[],
  memory?: readonly Tensor[],
): Passage {
  const { terminal, reset } = trigger;
  const field: Field = (t, y) => method.slope(t, y, memory);
  const t = momentOf(trigger, field, from, found);
  const y = flow(field, from, t, found);
  const last = reset ? reset(t, y) : y;
  return { t, y, after: terminal ? last : reset ? flow(field, t, from, last) : found };
}

/**
 * An event's time, with its derivatives: those of the root of its condition along the trajectory, dt = −(∂g · dy + …)/(∂ₜg + ∂ᵧg · f) with the field f
 * itself; those of a preset time; none for a switch, of which only a bool is known.
 */
function momentOf({ value, smooth, times }: Trigger, field: Field, from: Tensor, y: readonly Tensor[]): Tensor {
  const time = stopGradient(from);
  if (times) {
    const mine = stopGradient(times.sub(time)).equal(0);
    return time.add(sum(where(mine, times.sub(stopGradient(times)), 0)));
  }
  if (!smooth) return time;
  const residual = (x: Tensor): Tensor => {
    const t = x.reshape([]);
    return value!(t, flow(field, from, t, y)).reshape([1]);
  };
  return rooted(residual, from.reshape([1])).reshape([]);
}
