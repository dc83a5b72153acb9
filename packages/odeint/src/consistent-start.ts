import { applyTape, scan, type Tensor, trace } from "@dzdt/tensor";
import type { FineTime } from "./fine-time";
import { typeOf } from "./leaves";
import type { Request } from "./solve";
import { methodOf } from "./solver";

/** The state that a solve with a mass matrix begins with, run at once or recorded: `y0` as its algebraic equations allow. */
export function consistentStart(request: Request, y0: readonly Tensor[], { t }: FineTime): readonly Tensor[] {
  const inputs = [t.slice([0], [1]).reshape([]), ...y0];
  const { tape, captured } = trace(
    "odeint",
    (t0, ...leaves) => {
      const one = (row: readonly Tensor[]): Tensor[] => {
        const { consistent } = methodOf(request.solver, request.parts());
        return consistent?.(t0, row) ?? [...row];
      };
      if (!request.independent) return one(leaves);
      const none: Tensor[] = [];
      return scan<Tensor[], Tensor[], Tensor[]>((carry, row) => [carry, one(row)], none, leaves)[1];
    },
    inputs.map(typeOf),
    { target: request.target },
  );
  return applyTape(tape, [...inputs, ...captured]);
}
