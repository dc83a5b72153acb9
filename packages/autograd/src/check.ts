import { type Aval, invariant, printShape, sameShape, type Tensor } from "@dzdt/tensor";

/** A type, for people. */
export const printAval = ({ dtype, shape }: Pick<Aval, "dtype" | "shape">): string => `${dtype}${printShape(shape)}`;

/** A derivative has the type of what it is the derivative of. */
export function checkDerivative(rule: string, what: string, x: Tensor, like: Pick<Aval, "dtype" | "shape">): void {
  if (x.dtype !== like.dtype || !sameShape(x.shape, like.shape))
    invariant(false, `${rule}: ${what} is ${printAval(x)} and must be ${printAval(like)}`);
}

/** Results of a rule that replaces a node have the types of the node's. */
export function checkResults(rule: string, found: readonly Tensor[], avals: readonly Aval[]): void {
  invariant(found.length === avals.length, `${rule} returned ${found.length} results for ${avals.length}`);
  found.forEach((x, k) => checkDerivative(rule, `result ${k}`, x, avals[k]!));
}
