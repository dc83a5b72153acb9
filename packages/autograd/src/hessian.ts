import type { Tensor } from "@dzdt/tensor";
import { type Argnums } from "./argnums";
import { grad } from "./grad";
import { jacfwd, type Jacobian, jacrev } from "./jacobian";
import { jvp } from "./jvp";

/**
 * All second derivatives, by forward mode over reverse mode: a tensor of shape `[...out, ...in, ...in]`. For trees, the tree of the result
 * holds the tree of the argument, which holds it again.
 * Cost: about as many gradients as the argument has elements.
 */
export function hessian<A extends readonly [Tensor, ...Tensor[]]>(
  f: (...args: A) => Tensor,
  argnums?: 0,
): (...args: A) => Jacobian<Tensor, A[0]>;
export function hessian<A extends readonly [unknown, ...unknown[]]>(
  f: (...args: A) => Tensor,
  argnums?: 0,
): (...args: A) => Jacobian<Jacobian<Tensor, A[0]>, A[0]>;
export function hessian<A extends readonly unknown[]>(
  f: (...args: A) => Tensor,
  argnums: Argnums,
): (...args: A) => unknown;
export function hessian(f: (...args: never[]) => unknown, argnums: Argnums = 0): (...args: unknown[]) => unknown {
  const first = jacrev(f as (...args: unknown[]) => unknown, argnums);
  return jacfwd(first, argnums);
}

/**
 * The Hessian of a scalar function times a vector, without the Hessian: the derivative of the gradient along `v`.
 * @param x a tree
 * @param v a tree like it
 * Cost: a small multiple of a gradient.
 */
export function hvp<X>(f: (x: X) => Tensor, x: X, v: X): X {
  const gradient = grad<[X]>(f);
  return jvp<[X], X>(gradient, [x], [v])[1];
}
