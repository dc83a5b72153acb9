import { checkOptions, random, type Tensor } from "@dzdt/tensor";
import { type Activation, activationOf } from "./activation";
import { type Initializer, orthogonal, zeros } from "./initializers";
import { type Layer } from "./layer";
import { linear, type LinearParams } from "./linear";

/** Parameters of an `nn.mlp`: those of its linear layers, from the input on. */
export type MlpParams = { readonly layers: readonly LinearParams[] };

/** Sizes either as one list, or as `in`, `hidden` and `out`. */
export type MlpOptions = MlpStyle &
  (
    | { readonly sizes: readonly number[] }
    | { readonly in: number; readonly hidden: readonly number[]; readonly out: number }
  );

/** What an `nn.mlp` is besides its sizes. */
export interface MlpStyle {
  /** Between the layers; none after the last. @defaultValue "tanh" */
  readonly activation?: Activation;
  /** Of the weights. @defaultValue orthogonal() */
  readonly init?: Initializer;
  /** Of the biases. @defaultValue zeros */
  readonly biasInit?: Initializer;
  /** Whether the last layer has a bias. @defaultValue true */
  readonly finalBias?: boolean;
}

const names = ["sizes", "in", "hidden", "out", "activation", "init", "biasInit", "finalBias"];

/** Linear layers with an activation between them. */
export function mlp(options: MlpOptions): Layer<MlpParams> {
  checkOptions("nn.mlp", options, names);
  const sizes = "sizes" in options ? options.sizes : [options.in, ...options.hidden, options.out];
  const { activation = "tanh", init = orthogonal(), biasInit = zeros, finalBias = true } = options;
  if (sizes.length < 2)
    throw new Error(`nn.mlp: sizes are [${sizes.join(", ")}]; give at least the sizes of the input and the output`);
  const bend = activationOf(activation);
  const last = sizes.length - 2;
  const layers = sizes
    .slice(0, -1)
    .map((size, i) => linear({ in: size, out: sizes[i + 1]!, bias: i < last || finalBias, init, biasInit }));
  return Object.freeze({
    init: (key, style) => ({ layers: layers.map((layer, i) => layer.init(random.foldIn(key, i), style)) }),
    apply: (params, x) => {
      if (params.layers.length !== layers.length)
        throw new Error(
          `nn.mlp: params have ${params.layers.length} layers where the network has ${layers.length}; use params of its own init`,
        );
      return layers.reduce<Tensor>((h, layer, i) => {
        const z = layer.apply(params.layers[i]!, h);
        return i < last ? bend(z) : z;
      }, x);
    },
  } satisfies Layer<MlpParams>);
}
