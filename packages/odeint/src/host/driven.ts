import type { Tensor } from "@dzdt/tensor";
import type { Request, Solved } from "../solve";
import { drive } from "./drive";
import { type HostOptions, watching } from "./watch";

/** How a solve that the host looked at came out. */
export interface Driven {
  readonly outcome: Solved;
  /** Why the host ended it, if it did. */
  readonly ended: string | undefined;
}

/** A solve that calls and asks the host after each step. */
export function driven(request: Request, y0: readonly Tensor[], ts: Tensor, options: HostOptions): Driven {
  const watch = watching(options);
  const solving = drive(request, y0, ts);
  let ended = watch();
  for (;;) {
    const next = solving.next(ended !== undefined);
    if (next.done) return { outcome: next.value, ended };
    ended = watch(next.value);
  }
}
