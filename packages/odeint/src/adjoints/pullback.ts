import { transforms } from "@dzdt/autograd";
import { applyTape, type Aval, cast, type Tape, type Tensor, trace } from "@dzdt/tensor";
import { typeOf } from "../leaves";
import { traced } from "../vectorField";

/** A field as a tape of (t, leaves of y…, closed…) → leaves of dy. */
export interface ClosedField {
  readonly tape: Tape;
  readonly types: readonly Aval[];
  /** Types of the closed values come after those of t and y. */
  readonly closed: readonly Tensor[];
}

/** Traces a field; what it depends on besides time and state is made explicit. */
export function closedField(
  field: (t: Tensor, y: readonly Tensor[]) => Tensor[],
  t: Aval,
  y: readonly Aval[],
): ClosedField {
  const types = [t, ...y].map(typeOf);
  const { tape, captured } = trace("field", (time, ...leaves) => field(time, leaves), types);
  return { tape, types, closed: captured };
}

/** The field with values for what it closed over, as a function of the program. To be called while tracing. */
export function fieldOf(
  { tape, types }: ClosedField,
  closed: readonly Tensor[],
): (t: Tensor, y: readonly Tensor[]) => Tensor[] {
  const run = traced("field", (...ins) => applyTape(tape, [...ins, ...closed]), types);
  // Implicit methods see time in the dtype of the state.
  return (t, y) => run([cast(t, types[0]!.dtype), ...y]);
}

/** (t, y, λ) → what was asked for, of: the slopes f, −(∂f/∂y)ᵀλ, −(∂f/∂p)ᵀλ for the closed values p that are marked. */
export type Pullback = (t: Tensor, y: readonly Tensor[], lambda: readonly Tensor[]) => Tensor[];

/** The right-hand sides of the adjoint equations, of one evaluation and one pullback of the field. To be called while tracing. */
export function pullbackOf(
  { tape, types }: ClosedField,
  closed: readonly Tensor[],
  asked: { readonly slopes: boolean; readonly state: boolean; readonly marks: readonly boolean[] },
): Pullback {
  const count = types.length - 1;
  const all = tape.outputs.map(() => true);
  const wanted = [false, ...types.slice(1).map(() => asked.state), ...asked.marks];
  const { forward, backward } = transforms.linearize(tape, wanted, all);
  const run = traced(
    "adjoint",
    (...ins) => {
      const [at, lambda] = [ins.slice(0, count + 1), ins.slice(count + 1)];
      const found = applyTape(forward.tape, [...at, ...closed, ...forward.captured]);
      const [slopes, saved] = [found.slice(0, count), found.slice(count)];
      const cotangents = applyTape(backward.tape, [...saved, ...lambda, ...backward.captured]);
      return [...(asked.slopes ? slopes : []), ...cotangents.map((ct) => ct.neg())];
    },
    [...types, ...types.slice(1)],
  );
  return (t, y, lambda) => run([cast(t, types[0]!.dtype), ...y, ...lambda]);
}
