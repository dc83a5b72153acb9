import { transforms } from "@dzdt/autograd";
import { applyTape, type Aval, type Tensor, trace, zerosLike } from "@dzdt/tensor";
import { type ClosedField, closedField, fieldOf } from "../adjoints/pullback";
import { typeOf } from "../leaves";
import { traced } from "../vectorField";
import type { SdeFields } from "./fields";
import { plus, scaled, type SdeMethod, timeWithin, weighted } from "./methods/method";
import type { Motion } from "./motion";
import type { StochasticTableau } from "./tableau";

/** An equation whose closed values are explicit. */
export interface ClosedEquation {
  readonly fields: SdeFields;
  readonly drift: ClosedField;
  readonly diffusion: ClosedField;
}

/** To be called while tracing. */
export function closedEquation(fields: SdeFields, t: Aval): ClosedEquation {
  const time: Aval = { dtype: t.dtype, shape: [] };
  const { leaves } = fields.state;
  return {
    fields,
    drift: closedField((s, y) => fields.drift(s, y), time, leaves),
    diffusion: closedField((s, y) => fields.diffusion(s, y), time, leaves),
  };
}

/** Values for what drift and diffusion close over, and of which of them derivatives are wanted. */
export interface Closed {
  readonly drift: readonly Tensor[];
  readonly diffusion: readonly Tensor[];
}
export interface Marks {
  readonly drift: readonly boolean[];
  readonly diffusion: readonly boolean[];
}

/** The equation with such values. To be called while tracing. */
export const equationOf = ({ fields, drift, diffusion }: ClosedEquation, closed: Closed): SdeFields => ({
  ...fields,
  drift: fieldOf(drift, closed.drift),
  diffusion: fieldOf(diffusion, closed.diffusion),
});

/** A motion with what its increments are made of made explicit. */
export interface ClosedMotion {
  readonly closed: readonly Tensor[];
  /** Type of W. */
  readonly noise: Aval;
  readonly withClosed: (closed: readonly Tensor[]) => Motion;
}

/**
 * To be called while tracing.
 * @param numbered do the steps that ask have numbers?
 */
export function closedMotion(motion: Motion, t: Aval, numbered: boolean): ClosedMotion {
  const time: Aval = { dtype: t.dtype, shape: [] };
  const numbers: Aval[] = numbered ? [{ dtype: "int32", shape: [] }] : [];
  const { tape, captured } = trace(
    "increment",
    (t, tNext, h, number) => {
      const { W, H, K } = motion.over({ t, tNext, h, ...(number && { number }) });
      return [W, ...(H ? [H] : []), ...(K ? [K] : [])];
    },
    [time, time, time, ...numbers],
  );
  return {
    closed: captured,
    noise: typeOf(tape.avals[tape.outputs[0]!]!),
    withClosed: (closed) => ({
      ...motion,
      over: ({ t, tNext, h, number }) => {
        const [W, H, K] = applyTape(tape, [t, tNext, h, ...(numbered ? [number!] : []), ...closed]);
        return { W: W!, ...(H && { H }), ...(K && { K }) };
      },
    }),
  };
}

/** State, λ, and integrals over closed values of drift and diffusion, as drift and noise move them. */
interface Pulled {
  drift(t: Tensor, at: readonly Tensor[]): Tensor[];
  along(t: Tensor, at: readonly Tensor[], w: Tensor): Tensor[];
}

/**
 * The adjoint equations with time reversed: dy = −f dτ + g ∘ dW, dλ = (∂f/∂y)ᵀλ dτ − (∂(g dW)/∂y)ᵀλ, and the same by closed values. The noise
 * commutes as the equation's does. To be called while tracing.
 */
function pulledFields(equation: ClosedEquation, w: Aval, closed: Closed, marks: Marks): Pulled {
  const { fields, drift, diffusion } = equation;
  const size = fields.state.leaves.length;
  const [, ...types] = drift.types;
  const own = {
    drift: pull("drift", drift.types, (ins, values) => applyTape(drift.tape, [...ins, ...values]), "drift"),
    noise: pull(
      "diffusion",
      [...diffusion.types, w],
      (ins, values) => fields.times(applyTape(diffusion.tape, [...ins.slice(0, -1), ...values]), ins.at(-1)!),
      "diffusion",
    ),
  };
  const first = 2 * size + marks.drift.filter((mark) => mark).length;
  const parts = (at: readonly Tensor[]) => ({
    y: at.slice(0, size),
    lambda: at.slice(size, 2 * size),
    drift: at.slice(2 * size, first),
    diffusion: at.slice(first),
  });
  return {
    drift: (t, at) => {
      const { y, lambda, diffusion: others } = parts(at);
      const found = own.drift([t.neg(), ...y], lambda);
      return [...found.slice(0, size).map((x) => x.neg()), ...found.slice(size), ...others.map((x) => zerosLike(x))];
    },
    along: (t, at, w) => {
      const { y, lambda, drift: others } = parts(at);
      const found = own.noise([t.neg(), ...y, w], lambda);
      const back = found.slice(size).map((x) => x.neg());
      return [...found.slice(0, size), ...back.slice(0, size), ...others.map((x) => zerosLike(x)), ...back.slice(size)];
    },
  };

  /** (ins, λ) → the function's values, and its cotangents by state and marked closed values. */
  function pull(
    where: string,
    ins: readonly Aval[],
    fn: (ins: readonly Tensor[], closed: readonly Tensor[]) => readonly Tensor[],
    of: keyof Closed,
  ): (at: readonly Tensor[], lambda: readonly Tensor[]) => Tensor[] {
    const values = closed[of];
    const { tape, captured } = trace(where, (...all) => fn(all.slice(0, ins.length), all.slice(ins.length)), [
      ...ins.map(typeOf),
      ...values.map(typeOf),
    ]);
    const wanted = [...ins.map((_, k) => k > 0 && k <= size), ...marks[of], ...captured.map(() => false)];
    const { forward, backward } = transforms.linearize(
      tape,
      wanted,
      tape.outputs.map(() => true),
    );
    const run = traced(
      `${where}: adjoint`,
      (...all) => {
        const at = [...all.slice(0, ins.length), ...values, ...captured];
        const found = applyTape(forward.tape, [...at, ...forward.captured]);
        const lambda = all.slice(ins.length);
        const back = applyTape(backward.tape, [...found.slice(size), ...lambda, ...backward.captured]);
        return [...found.slice(0, size), ...back];
      },
      [...ins, ...types].map(typeOf),
    );
    return (at, lambda) => run([...at, ...lambda]);
  }
}

/** Steps of the adjoint equations with time reversed, by the tableau of a Stratonovich solver. To be called while tracing. */
export function pulledMethod(
  { a, b, c, w, levy }: StochasticTableau,
  equation: ClosedEquation,
  noise: Aval,
  closed: Closed,
  marks: Marks,
): SdeMethod {
  const fields = pulledFields(equation, noise, closed, marks);
  const uses = (rows: readonly (readonly number[])[] | undefined, j: number): boolean =>
    rows?.some((row) => (row[j] ?? 0) !== 0) ?? false;
  const rows = { drift: [...a, b], w: [...w.a, w.b], levy: levy && [...levy.a, levy.b] };
  return {
    begin: () => [],
    evaluations: { begin: 0, step: b.filter((_, j) => uses(rows.drift, j)).length },
    step: (step) => {
      const { W, H } = step.noise;
      const f: (Tensor[] | undefined)[] = [];
      const byW: (Tensor[] | undefined)[] = [];
      const byH: (Tensor[] | undefined)[] = [];
      const state = (i: number): Tensor[] =>
        [
          scaled(step.h, weighted(rows.drift[i]!, f)),
          weighted(rows.w[i]!, byW),
          rows.levy && weighted(rows.levy[i]!, byH),
        ].reduce<Tensor[]>((sum, term) => plus(sum, term), [...step.y]);
      b.forEach((_, j) => {
        const [own, along, area] = [uses(rows.drift, j), uses(rows.w, j), uses(rows.levy, j)];
        const [t, z] = [timeWithin(step, c[j]!), own || along || area ? state(j) : []];
        f.push(own ? fields.drift(t, z) : undefined);
        byW.push(along ? fields.along(t, z, W) : undefined);
        byH.push(area ? fields.along(t, z, H!) : undefined);
      });
      return { y: state(b.length), memory: [] };
    },
  };
}
