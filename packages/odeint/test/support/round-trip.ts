import { cast, compile, fori, type Tensor, tree, type Tree } from "@dzdt/tensor";
import { methodOf, type Solver } from "../../src/solver";
import type { Parts } from "../../src/stepper";
import { type StateType, traceField, type VectorField } from "../../src/vectorField";

/** All that a method is made of, for steps of one length. To be called while tracing. */
export function partsOf(field: VectorField<never, never>, state: StateType): Parts {
  const parts: Parts = {
    field: traceField("test", (t, y) => field(t, y as never, undefined as never), state),
    given: field,
    args: undefined,
    state,
    jacobian: undefined,
    mass: undefined,
    rtol: [],
    atol: [],
    norm: "rms",
    exact: true,
    methodOf: (other) => methodOf(other, parts),
  };
  return parts;
}

/** The type of a state, from its leaves. */
export function stateOf(y0: Tree): { readonly state: StateType; readonly leaves: Tensor[] } {
  const { structure, paths, leaves } = tree.flatten(y0);
  const tensors = leaves as Tensor[];
  return {
    state: { structure, paths, leaves: tensors.map(({ dtype, shape }) => ({ dtype, shape })) },
    leaves: tensors,
  };
}

/** Takes steps and undoes them: leaves of the state at the end, and of the state that it came back to. */
export function roundTrip(
  solver: Solver,
  field: VectorField<never, never>,
  y0: Tree,
  { h, steps }: { readonly h: number; readonly steps: number },
): { readonly there: number[]; readonly back: number[] } {
  const { state, leaves } = stateOf(y0);
  const run = compile((start: Tensor[]) => {
    const method = methodOf(solver, partsOf(field, state));
    const length = start[0]!.sum().mul(0).add(h);
    const time = (n: Tensor): Tensor => cast(n, "float64").mul(length);
    const begin = { y: start, memory: method.begin(length.mul(0), start) };
    const there = fori(
      steps,
      (n, { y, memory }) => {
        const next = method.attempt(time(n), time(n.add(1)), length, y, memory);
        return { y: [...next.y], memory: [...next.memory] };
      },
      begin,
    );
    const back = fori(
      steps,
      (i, { y, memory }) => {
        const n = i.neg().add(steps - 1);
        const before = method.undo!(time(n), time(n.add(1)), length, y, memory);
        return { y: [...before.y], memory: [...before.memory] };
      },
      there,
    );
    return [there.y, back.y];
  });
  const [there, back] = run(leaves) as unknown as [Tensor[], Tensor[]];
  const all = (list: readonly Tensor[]): number[] => list.flatMap((x) => Array.from(x.dataSync()));
  return { there: all(there), back: all(back) };
}
