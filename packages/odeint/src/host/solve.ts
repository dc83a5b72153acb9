import type { Tensors } from "@dzdt/tensor";
import { odeint, type OdeintOptions } from "../odeint";
import { isTraced, prepare } from "../prepare";
import type { Times } from "../saveAt";
import type { Saves } from "../saves/save";
import type { Solution } from "../solution";
import type { StateField, StateLike } from "../vectorField";
import { drive } from "./drive";
import { Turns } from "./turns";
import { givenHostOption, watching, whyUnwatched } from "./watch";

/**
 * `odeint` that lets others have their turn: timers, input and other tasks run after every 8 ms of work. The numbers are
 * those of `odeint`, to the bit; `onStep`, `signal` and `timeLimit` work as there, and a signal is heeded however long the solve is. On webgpu, with
 * `batch: "independent"` and within compiled or transformed functions it is `odeint`, without turns for others.
 * @returns a promise, which rejects where `odeint` throws
 * @example const { ys } = await solve(field, y0, [0, 1e4], { signal: controller.signal });
 */
export async function solve<
  Y extends StateLike<Y>,
  A = undefined,
  S extends Saves<Tensors<Y>, A> = Record<never, never>,
>(
  field: StateField<Tensors<Y>, A>,
  y0: Y,
  ts: Times,
  options: OdeintOptions<A, Tensors<Y>> & { readonly saves?: S } = {},
): Promise<Solution<Tensors<Y>, S>> {
  const { request, leaves, times, still, concluded } = prepare<Y, A, S>(field, y0, ts, options, { where: "odeint" });
  givenHostOption("solve", options);
  if (still || whyUnwatched(request, isTraced(leaves, times)) !== undefined)
    return odeint<Y, A, S>(field, y0, ts, options);
  const watch = watching(options);
  const turns = new Turns();
  const solving = drive(request, leaves, times);
  let ended = watch();
  for (;;) {
    const next = solving.next(ended !== undefined);
    if (next.done) return concluded(next.value, ended);
    ended = watch(next.value);
    if (turns.due) {
      await turns.pass();
      ended = watch();
    }
  }
}
