import { bind, cast, check, registerFailure, type Tensor, where, withinRule } from "@dzdt/tensor";
import { Status, type StatusName } from "../status";

/** A gradient that could not be had by the adjoint that was asked for. */
export class AdjointError extends Error {
  override readonly name: string = "AdjointError";
  /** How the solve for the gradient ended; `drift`: it did not come back to where the forward solve began. */
  readonly reason: StatusName | "drift";

  constructor(reason: StatusName | "drift", message: string) {
    super(message);
    this.reason = reason;
  }
}

const reasons = (Object.keys(Status) as StatusName[]).filter((name) => Status[name] > 0);

/** Failures of the solves for gradients, numbered like `Status`. */
const codes = reasons.map((name) =>
  registerFailure(
    () =>
      new AdjointError(
        name,
        `odeint: ${name} in the solve for the gradient; ` +
          (name === "maxStepsReached"
            ? "raise maxSteps, loosen the adjoint's rtol and atol, or use discretize()"
            : "use interpolating() with a solver for stiff problems, or discretize()"),
      ),
  ),
);

const drifted = registerFailure(
  () =>
    new AdjointError(
      "drift",
      "backsolve: solved backwards, the state did not come back to where the forward solve was: the problem cannot be solved backwards to this " +
        "accuracy, and the gradient would be wrong; use interpolating() or discretize(), tighten rtol and atol, give more ts, or raise drift",
    ),
);

/** Gradients, refused (or NaN) where the solve for them failed. `drift` is a bool: the state went astray. */
export function refused(
  found: readonly Tensor[],
  status: Tensor,
  drift: Tensor | undefined,
  raise: boolean,
): readonly Tensor[] {
  return withinRule(() => {
    const failed = where(status.greater(0), status.add(codes[0]! - 1), 0);
    const code = drift ? where(failed.equal(0).and(drift), drifted, failed) : failed;
    return found.map((x) => (raise ? bind(check, [x, code])[0]! : where(code.equal(0), x, NaN)));
  });
}

const undoneBadly = registerFailure(
  () =>
    new AdjointError(
      "drift",
      "reversible: undone steps did not come back to y0: the steps damp or amplify rounding too much to be undone, and the gradient would be wrong; " +
        'use discretize({ checkpoints: "sqrt" }), or shorter ts',
    ),
);

/** Gradients, refused (or NaN) where steps could not be undone. */
export function refusedUndone(
  found: readonly Tensor[],
  status: Tensor,
  astray: Tensor,
  raise: boolean,
): readonly Tensor[] {
  return withinRule(() => {
    const ended = status.equal(Status.success).or(status.equal(Status.eventTerminated));
    const code = cast(ended.and(astray), "int32").mul(undoneBadly);
    return found.map((x) => (raise ? bind(check, [x, code])[0]! : where(code.equal(0), x, NaN)));
  });
}
