import {
  type Aval,
  keyOfTape,
  type Storage,
  type Target,
  Tensor,
  trace,
  type TypedArray,
  UnsupportedError,
  withinRule,
} from "@dzdt/tensor";
import { type Flat, flatResult } from "../leaves";
import type { Problem } from "../problem";

/** A part of a solve as a program of its own, which the host runs on storages: between parts no tensors are made. */
export interface Part<R> {
  run(ins: readonly Storage[]): readonly Storage[];
  /** Types of the results in order. */
  readonly outs: readonly Aval[];
  /** What was returned, of other leaves. */
  readonly rebuild: Flat<R>["rebuild"];
  /** The results as they were returned. */
  tensors(results: readonly Storage[]): R;
}

/**
 * Traces a function of leaves that returns a tree. Numbers in it are inputs of the program, which is found by its structure if there was one like it.
 * @throws UnsupportedError when it closes over traced values
 */
export function part<R>(name: string, fn: (...ins: Tensor[]) => R, types: readonly Aval[], target: Target): Part<R> {
  const { run, rebuild } = flatResult(fn);
  const { tape, captured } = trace(name, run, types, { target });
  for (const x of captured)
    if (x.tape || x.target !== target)
      throw new UnsupportedError(
        x.tape
          ? "odeint: the field closes over a traced value, and a solve that the host looks at runs at once; call it outside of compile, grad and vmap, or leave out onStep, signal and timeLimit"
          : `odeint: the field closes over a tensor on ${x.target.name}, the state is on ${target.name}; move one with to(target)`,
      );
  const own = captured.map(({ storage }) => storage);
  const program = target.programs.get(keyOfTape(tape), () => target.program(tape));
  const outs = tape.outputs.map((id) => typeOf(tape.avals[id]!));
  return {
    run: (ins) => program.run([...ins, ...own]),
    outs,
    rebuild,
    tensors: (results) => rebuild(tensorsOf(results, outs, target)),
  };
}

/** Methods learn from beginning what they carry, also in parts that go on from there; what is not used is not computed. */
export function begun(problem: Problem): Problem {
  withinRule(() => problem.method.begin(problem.t0, problem.y0));
  return problem;
}

export const typeOf = ({ dtype, shape }: Aval): Aval => Object.freeze({ dtype, shape: Object.freeze([...shape]) });

export const tensorsOf = (storages: readonly Storage[], types: readonly Aval[], target: Target): Tensor[] =>
  types.map((type, k) => Tensor.lent(storages[k], type, target));

/** The numbers of a storage on a CPU target, not to be changed, good until a program runs. */
export const valuesOf = (storage: Storage, target: Target): TypedArray => target.read(storage) as TypedArray;

export const int32 = (value: number, target: Target): Storage => target.upload(Int32Array.of(value), "int32", []);

export const float64 = (value: number, target: Target): Storage => target.upload(Float64Array.of(value), "float64", []);
