import { asTensor, type Tensor, tree, type Tree } from "@dzdt/tensor";
import { checkOption, type Optimizer } from "./optimizer";

/** The square root of the sum of squares of all leaves. */
export function globalNorm(gradients: Tree): Tensor {
  const squares = tree.leaves(gradients).map((x) => asTensor(x).square().sum());
  if (squares.length === 0) throw new Error("optim.globalNorm: the tree has no leaves; give gradients");
  return squares.reduce((sum, x) => sum.add(x)).sqrt();
}

/**
 * The optimiser on gradients whose global norm is at most `maxNorm`: longer ones are scaled down together, which keeps their direction.
 * Pascanu, Mikolov and Bengio 2013.
 * @example clipByGlobalNorm(1, adam({ rate: 1e-3 }))
 */
export function clipByGlobalNorm(maxNorm: number, optimizer: Optimizer): Optimizer {
  checkOption("optim.clipByGlobalNorm", "maxNorm", maxNorm, Number.MIN_VALUE);
  return Object.freeze<Optimizer>({
    init: (params) => optimizer.init(params),
    update: (grads, state, params) => {
      const norm = globalNorm(grads);
      // maximum, not a division by the norm alone: a zero gradient stays zero
      const scale = norm.maximum(maxNorm).pow(-1).mul(maxNorm);
      const clipped = tree.map((g) => g.mul(scale.cast(g.dtype)), grads) as typeof grads;
      return optimizer.update(clipped, state, params);
    },
  });
}
