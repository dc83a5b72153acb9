// What the dzdt attempts share.
import { valueAndGrad } from "@dzdt/autograd";
import { optim } from "@dzdt/models";
import { compile, tensor, type Tensor, tree, type Tree } from "@dzdt/tensor";
import { type Attempt, type Figures, updates } from "./case";
import type { Block } from "./inputs";

/** A block as a tensor, rounded to float32 unless told. */
export const toTensor = ({ values, shape }: Block, dtype: "float32" | "float64" = "float32"): Tensor =>
  tensor(dtype === "float32" ? Float32Array.from(values) : values).reshape(shape);

/** W₁, b₁, W₂, b₂, … on rows. */
export function mlp(params: readonly Tensor[], x: Tensor, activation: (x: Tensor) => Tensor = (h) => h.tanh()): Tensor {
  const last = params.length - 2;
  for (let i = 0; i <= last; i += 2) {
    const z = x.matmul(params[i]!).add(params[i + 1]!);
    x = i < last ? activation(z) : z;
  }
  return x;
}

/** Done with: what is disposed before another program runs need not be copied out of the programs' memory. */
export const dispose = (values: unknown): void => {
  for (const x of tree.leaves(values as Tree)) (x as Tensor).dispose();
};

/** One call of a compiled function with fixed arguments as the timed unit, its first output as the result. */
export function calling<A extends Tree[]>(f: (...args: A) => Tensor, ...args: A): Attempt {
  const compiled = compile(f);
  return { run: () => compiled(...args).dispose(), result: () => compiled(...args).data() };
}

/**
 * Training with Adam: the timed unit is loss, gradient and update as one program. The result is the loss before the first and before the
 * eleventh update.
 */
export function training<D extends Tree>(
  initial: readonly Block[],
  data: D,
  loss: (params: Tensor[], data: D) => Tensor,
  figures?: (params: Tensor[], data: D) => Promise<Figures>,
): Attempt {
  const optimizer = optim.adam({ rate: 1e-3 });
  const start = () => {
    const params = initial.map((block) => toTensor(block));
    return { params, state: optimizer.init(params) };
  };
  type State = ReturnType<typeof start>;
  const update = compile(
    function update({ params, state }: State, data: D) {
      const [value, grads] = valueAndGrad((p: Tensor[]) => loss(p, data))(params);
      const [nextParams, nextState] = optimizer.update(grads, state, params);
      return { value, next: { params: nextParams, state: nextState } };
    },
    { donate: [0] },
  );
  let now = start();
  let done = 0;
  const step = (): Tensor => {
    if (done++ % updates === 0) {
      dispose(now);
      now = start();
    }
    const { value, next } = update(now, data);
    now = next;
    return value;
  };
  return {
    run: () => step().dispose(),
    result: async () => {
      done = 0;
      const losses = Array.from({ length: updates }, step);
      return [await losses[0]!.item(), await losses.at(-1)!.item()];
    },
    figures: async () => figures?.(start().params, data) ?? {},
  };
}

/** All leaves of a tree, one after the other. */
export async function numbersOf(values: Tree): Promise<number[]> {
  const leaves = await Promise.all(tree.leaves(values).map((x) => (x as Tensor).data()));
  return leaves.flatMap((numbers) => Array.from(numbers));
}
