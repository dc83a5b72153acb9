import {
  bind,
  cast,
  check,
  linalg,
  matmul,
  registerFailure,
  sum,
  type Tensor,
  trace,
  transpose,
  where,
  withinRule,
} from "@dzdt/tensor";
import { nullSpacesOf } from "../implicit/mass";
import { identityLike, vectorsOf } from "../implicit/vector";
import { typeOf } from "../leaves";
import type { StateType } from "../vectorField";
import { type ClosedField, fieldOf } from "./pullback";

const singular = registerFailure(
  () =>
    new RangeError(
      "odeint: the mass matrix is singular, and adjoints that solve an equation have its gradient only where it is regular; use discretize()",
    ),
);

/**
 * Derivatives with respect to a regular mass matrix M: those with respect to the factor K = 1 of M dy/dt = K f, which is a parameter of the field like any
 * other. A change dM does to dy/dt what dK = −dM M⁻¹ does.
 * Reference: Cao, Li, Petzold and Serban 2003, doi:10.1137/S1064827501380630.
 */
export interface Factor {
  /** K f; K is the last of the closed values. */
  readonly field: ClosedField;
  readonly value: Tensor;
}

/** To be called while tracing. */
export function factorOf(matrix: Tensor, field: ClosedField, state: StateType): Factor {
  const { n, ravel, unravel } = vectorsOf(state);
  const value = identityLike(matrix, n);
  const size = state.leaves.length;
  const { tape } = trace(
    "field",
    (t, ...ins) => {
      const [y, closed, factor] = [ins.slice(0, size), ins.slice(size, -1), ins.at(-1)!];
      return unravel(matmul(factor, ravel(fieldOf(field, closed)(t, y))));
    },
    [...field.types, ...field.closed.map(typeOf), typeOf(value)],
  );
  return { field: { ...field, tape }, value };
}

/** The cotangent of M from that of K. */
export const cotangentOfMass = (matrix: Tensor, ofFactor: Tensor, raise: boolean): Tensor =>
  regular(matrix, transpose(linalg.solve(matrix, transpose(ofFactor))).neg(), raise);

/** The tangent of K from that of M. */
export const tangentOfFactor = (matrix: Tensor, tangent: Tensor, raise: boolean): Tensor =>
  regular(matrix, transpose(linalg.solve(transpose(matrix), transpose(tangent))).neg(), raise);

/** An error where M is singular, or NaN. */
function regular(matrix: Tensor, found: Tensor, raise: boolean): Tensor {
  return withinRule(() => {
    if (found.size === 0) return found;
    const missing = sum(nullSpacesOf(matrix).ofLeft.square()).greater(0.5);
    return raise ? bind(check, [found, cast(missing, "int32").mul(singular)])[0]! : where(missing, NaN, found);
  });
}
