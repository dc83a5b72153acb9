import { bind, cast, check, registerFailure, type Tensor, withinRule } from "@dzdt/tensor";
import { allFinite } from "./problem";
import type { Method } from "./step";

const undetermined = registerFailure(
  () =>
    new RangeError(
      "odeint: dy/dt does not follow from M dy/dt = f and one derivative of its algebraic equations, whose index is not 1 there, so states have no " +
        "derivatives by times, nor do events; differentiate an algebraic equation by hand, or leave events and derivatives by times out",
    ),
);

/** A method, or a mass matrix, whose dy/dt is an error, not NaN, where it is not to be had; when the program returns. */
export const determined = <M extends Pick<Method, "slope">>(given: M): M => ({
  ...given,
  slope: (t: Tensor, y: readonly Tensor[], memory?: readonly Tensor[]) =>
    withinRule(() => {
      const dy = given.slope(t, y, memory);
      const code = cast(allFinite(dy, t).not().and(allFinite(y, t)), "int32").mul(undetermined);
      return dy.map((x) => bind(check, [x, code])[0]!);
    }),
});
