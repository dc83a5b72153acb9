import "./stand-ins";
import * as jax from "@jax-js/jax";
import { type Attempt, type Numbers, updates } from "../../case";
import type { Block } from "../../inputs";
import { device } from "./device";

if (!(await jax.init(device())).includes(device())) throw new Error(`jax-js finds no ${device()}`);
jax.defaultDevice(device());

export { jax };
export const np: typeof jax.numpy = jax.numpy;
export type Array = jax.Array;

// References are counted: an operation uses its arguments up, and `x.ref` is one more use of x.

export const toArray = ({ values, shape }: Block, dtype: "float32" | "float64" = "float32"): Array =>
  np.array(dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values), { shape: [...shape] });

/** The numbers of an array, which is used up. */
export const valuesOf = async (x: Array): Promise<Numbers> => (await x.data()) as Numbers;

export const square = (x: Array): Array => x.ref.mul(x);

export const shared = (list: readonly Array[]): Array[] => list.map((x) => x.ref);

/** Runs `f` and waits; `f` makes an array that is its caller's to dispose of. */
export const calling = (note: string, f: () => Array, dtype?: string): Attempt => ({
  note,
  ...(dtype ? { dtype } : {}),
  run: async () => {
    const out = f();
    await jax.blockUntilReady(out);
    out.dispose();
  },
  result: () => valuesOf(f()),
});

/** W₁, b₁, W₂, b₂, … on rows; uses up x, but not the parameters. */
export function mlp(params: readonly Array[], x: Array): Array {
  for (let i = 0; i < params.length; i += 2) {
    const z = np.matmul(x, params[i]!.ref).add(params[i + 1]!.ref);
    x = i + 2 < params.length ? np.tanh(z) : z;
  }
  return x;
}

/** Parameters and moments of Adam. */
interface State {
  params: Array[];
  mean: Array[];
  square: Array[];
  count: number;
}

export const startOf = (initial: readonly Block[]): State => ({
  params: initial.map((b) => toArray(b)),
  mean: initial.map(({ shape }) => np.zeros([...shape])),
  square: initial.map(({ shape }) => np.zeros([...shape])),
  count: 0,
});

/** Loss, gradient and Adam's update as one compiled function of state and data. The loss uses its data up, but not the parameters. */
export function updater(loss: (params: Array[], ...data: Array[]) => Array) {
  const compiled = jax.jit(
    (params: Array[], mean: Array[], squares: Array[], correction1: Array, correction2: Array, ...data: Array[]) => {
      const [value, grads] = jax.valueAndGrad((p: Array[]) => loss(p, ...data))(shared(params)) as [Array, Array[]];
      const m = mean.map((x, i) => x.mul(0.9).add(grads[i]!.ref.mul(0.1)));
      const v = squares.map((x, i) => x.mul(0.999).add(square(grads[i]!).mul(0.001)));
      const next = params.map((p, i) => {
        const root = np.sqrt(v[i]!.ref.div(correction2.ref)).add(1e-8);
        return p.sub(m[i]!.ref.div(correction1.ref).mul(1e-3).div(root));
      });
      return [value, next, m, v] as [Array, Array[], Array[], Array[]];
    },
  );
  return async (state: State, ...data: Array[]): Promise<number> => {
    const count = ++state.count;
    const corrections = [np.array(1 - 0.9 ** count), np.array(1 - 0.999 ** count)] as const;
    const [value, params, mean, squares] = compiled(
      state.params,
      state.mean,
      state.square,
      ...corrections,
      ...shared(data),
    );
    Object.assign(state, { params, mean, square: squares });
    await jax.blockUntilReady(params);
    return (await valuesOf(value))[0]!;
  };
}

/** Training: `step` updates the state and gives the loss before it. */
export function training(note: string, initial: readonly Block[], step: (state: State) => Promise<number>): Attempt {
  let now = startOf(initial);
  let done = 0;
  const run = (): Promise<number> => {
    if (done++ % updates === 0) {
      for (const x of [...now.params, ...now.mean, ...now.square]) x.dispose();
      now = startOf(initial);
    }
    return step(now);
  };
  return {
    note,
    run,
    result: async () => {
      done = 0;
      const losses: number[] = [];
      while (losses.length < updates) losses.push(await run());
      return [losses[0]!, losses.at(-1)!];
    },
  };
}
