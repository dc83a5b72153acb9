import { applyTape, checkOptions, DTypeError, isFloat, ShapeError, type Tensor } from "@dzdt/tensor";
import { type Argnums, normalizeArgnums } from "./argnums";
import { flatten, type Flat } from "./leaves";
import { rebuildAll, traceFunction } from "./traced-function";
import { valueAndCotangents } from "./transforms";

/** What `valueAndGrad` differentiates, and whether the function returns something besides its value. */
export interface GradOptions<N extends Argnums = Argnums, Aux extends boolean = boolean> {
  /** Arguments to differentiate. @defaultValue 0 */
  readonly argnums?: N;
  /** The function returns `[value, aux]`, and aux, any tree, is passed through. @defaultValue false */
  readonly hasAux?: Aux;
}

/** The types of the named arguments. */
export type Named<A extends readonly unknown[], N extends Argnums> = N extends number
  ? A[N]
  : { -readonly [K in keyof N]: N[K] extends number ? A[N[K]] : never };

/** `Untyped` for an argument of the type `any`, which may be a tree, else `Typed`. */
export type IfAny<X, Untyped, Typed> = 0 extends 1 & X ? Untyped : Typed;

/**
 * The gradient of a scalar function: a tree like the argument, with ∂f/∂leaf at each leaf; a list of such trees where `argnums` is a
 * list. Arguments that are not named are passed as they are. Numbers to differentiate become float32 tensors.
 * Cost: a small multiple of f's.
 * @example grad((x: Tensor) => x.mul(x).sum())(tensor([1, 2])) // [2, 4]
 */
export function grad<X extends Tensor, R extends readonly Tensor[]>(
  f: (x: X, ...rest: R) => Tensor,
  argnums?: 0,
): (x: IfAny<X, X, Tensor | number>, ...rest: R) => IfAny<X, X, Tensor>;
export function grad<A extends readonly unknown[]>(f: (...args: A) => Tensor, argnums?: 0): (...args: A) => A[0];
export function grad<A extends readonly unknown[], const N extends Argnums>(
  f: (...args: A) => Tensor,
  argnums: N,
): (...args: A) => Named<A, N>;
export function grad(f: (...args: never[]) => unknown, argnums: Argnums = 0): (...args: never[]) => unknown {
  return (...args) => differentiate("grad", f, args, argnums, false).gradient;
}

/**
 * The value of a scalar function together with its gradient, as `[value, gradient]`, or `[[value, aux], gradient]` with `hasAux`.
 * @example valueAndGrad((x: Tensor) => x.mul(x).sum())(tensor([1, 2])) // [5, [2, 4]]
 */
export function valueAndGrad<X extends Tensor, R extends readonly Tensor[]>(
  f: (x: X, ...rest: R) => Tensor,
  options?: GradOptions<0, false>,
): (x: IfAny<X, X, Tensor | number>, ...rest: R) => [value: Tensor, gradient: IfAny<X, X, Tensor>];
export function valueAndGrad<A extends readonly unknown[], const N extends Argnums = 0>(
  f: (...args: A) => Tensor,
  options?: GradOptions<N, false>,
): (...args: A) => [value: Tensor, gradient: Named<A, N>];
export function valueAndGrad<A extends readonly unknown[], Aux, const N extends Argnums = 0>(
  f: (...args: A) => readonly [Tensor, Aux],
  options: GradOptions<N, true> & { readonly hasAux: true },
): (...args: A) => [value: [Tensor, Aux], gradient: Named<A, N>];
export function valueAndGrad(
  f: (...args: never[]) => unknown,
  options: GradOptions = {},
): (...args: never[]) => unknown {
  checkOptions("valueAndGrad", options, ["argnums", "hasAux"]);
  const { argnums = 0, hasAux = false } = options;
  return (...args) => {
    const { value, gradient } = differentiate("valueAndGrad", f, args, argnums, hasAux);
    return [value, gradient];
  };
}

function differentiate(
  where: string,
  f: (...args: never[]) => unknown,
  args: readonly unknown[],
  argnums: Argnums,
  hasAux: boolean,
): { readonly value: unknown; readonly gradient: unknown } {
  const traced = traceFunction(f, args, {
    where,
    floats: true,
    argnums: normalizeArgnums(where, argnums, args.length),
  });
  const { tape, ins, wanted, result } = traced;
  checkScalar(where, result, hasAux);
  const both = valueAndCotangents(
    tape,
    wanted,
    tape.outputs.map((_, k) => k === 0),
  );
  const found = applyTape(both.tape, [...ins, ...both.captured]);
  const gradients = rebuildAll(traced.args, found.slice(result.leaves.length));
  return {
    value: result.rebuild(found.slice(0, result.leaves.length)),
    gradient: typeof argnums === "number" ? gradients[0] : gradients,
  };
}

/** The first leaf is the value: of a single tensor, or of [value, aux]. */
function checkScalar(where: string, result: Flat, hasAux: boolean): void {
  const whole = result.rebuild(result.leaves);
  const first: unknown = hasAux ? (Array.isArray(whole) ? whole[0] : undefined) : whole;
  const value = first === undefined ? [] : flatten(first).leaves;
  const y = value[0];
  if (value.length !== 1 || !y || y !== first)
    throw new ShapeError(
      hasAux
        ? `${where}: with hasAux the function must return [value, aux], where value is one scalar tensor`
        : `${where}: the function returned a tree of ${value.length} tensors; ` +
            `return one scalar, or use { hasAux: true } with valueAndGrad, or vjp or jacobian`,
    );
  if (y.shape.length)
    throw new ShapeError(
      `${where}: the function returned shape [${y.shape.join(", ")}], and a gradient is that of a scalar; ` +
        `reduce it, as in y.sum(), or use vjp or jacobian`,
    );
  if (!isFloat(y.dtype))
    throw new DTypeError(`${where}: the function returned ${y.dtype}, which has no derivative; return a float scalar`);
}
