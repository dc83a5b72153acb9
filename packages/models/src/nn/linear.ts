import { checkOptions, random, type Tensor } from "@dzdt/tensor";
import { glorotUniform, type Initializer, zeros } from "./initializers";
import { checkSize, type Layer } from "./layer";

/** `weight` is `[in, out]`, `bias` `[out]`; a layer without bias has no such key. */
export type LinearParams = { readonly weight: Tensor; readonly bias?: Tensor };

/** Options of `nn.linear`. */
export interface LinearOptions {
  readonly in: number;
  readonly out: number;
  /** @defaultValue true */
  readonly bias?: boolean;
  /** Of the weight. @defaultValue glorotUniform() */
  readonly init?: Initializer;
  /** @defaultValue zeros */
  readonly biasInit?: Initializer;
}

/** x ↦ x·W + b along the last axis. */
export function linear(options: LinearOptions): Layer<LinearParams> {
  checkOptions("nn.linear", options, ["in", "out", "bias", "init", "biasInit"]);
  const { in: fanIn, out: fanOut, bias = true, init = glorotUniform(), biasInit = zeros } = options;
  checkSize("nn.linear", "in", fanIn);
  checkSize("nn.linear", "out", fanOut);
  return Object.freeze({
    init: (key, { dtype = "float32" } = {}) => {
      const about = { dtype, fanIn, fanOut };
      const weight = init(random.foldIn(key, 0), [fanIn, fanOut], about);
      return bias ? { weight, bias: biasInit(random.foldIn(key, 1), [fanOut], about) } : { weight };
    },
    apply: (params, x) => {
      if (x.shape.at(-1) !== fanIn)
        throw new Error(
          `nn.linear: x is [${x.shape.join(", ")}] where the layer takes [..., ${fanIn}]; give ${fanIn} features on the last axis`,
        );
      const product = x.matmul(params.weight);
      return params.bias ? product.add(params.bias) : product;
    },
  } satisfies Layer<LinearParams>);
}
