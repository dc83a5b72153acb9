import { checkOptions, type ConvolutionOptions, random, type Tensor } from "@dzdt/tensor";
import { glorotUniform, type Initializer, zeros } from "./initializers";
import { checkSize, type Layer } from "./layer";

/** `weight` is `[out, in / groups, height, width]`, `bias` `[out]`; a layer without bias has no such key. */
export type Conv2dParams = { readonly weight: Tensor; readonly bias?: Tensor };

/** Options of `nn.conv2d`; stride, padding, dilation and groups are those of the function `conv2d`. */
export interface Conv2dOptions extends ConvolutionOptions {
  /** Channels of x. */
  readonly in: number;
  /** Channels of the result. */
  readonly out: number;
  /** Height and width of the kernels; a number is both. */
  readonly kernel: number | readonly [height: number, width: number];
  /** @defaultValue true */
  readonly bias?: boolean;
  /** Of the weight; its fans count the elements of a kernel. @defaultValue glorotUniform() */
  readonly init?: Initializer;
  /** @defaultValue zeros */
  readonly biasInit?: Initializer;
}

const names = ["in", "out", "kernel", "bias", "init", "biasInit", "stride", "padding", "dilation", "groups"];

/** A convolution of images `[batch, in, height, width]` with learned kernels, and a bias for each channel of the result `[batch, out, …]`. */
export function conv2d(options: Conv2dOptions): Layer<Conv2dParams> {
  checkOptions("nn.conv2d", options, names);
  const { in: channels, out, kernel, bias = true, init = glorotUniform(), biasInit = zeros, ...windows } = options;
  const [height, width] = typeof kernel === "object" ? kernel : [kernel, kernel];
  const { groups = 1 } = windows;
  for (const [name, size] of Object.entries({
    in: channels,
    out,
    "the kernel's height": height,
    "the kernel's width": width,
    groups,
  }))
    checkSize("nn.conv2d", name, size);
  if (channels % groups !== 0 || out % groups !== 0)
    throw new Error(
      `nn.conv2d: ${groups} groups for ${channels} channels in and ${out} out; give a number that divides both`,
    );
  const inputs = channels / groups;
  const about = { fanIn: inputs * height * width, fanOut: (out / groups) * height * width };
  return Object.freeze({
    init: (key, { dtype = "float32" } = {}) => {
      const weight = init(random.foldIn(key, 0), [out, inputs, height, width], { dtype, ...about });
      return bias ? { weight, bias: biasInit(random.foldIn(key, 1), [out], { dtype, ...about }) } : { weight };
    },
    apply: (params, x) => {
      const y = x.conv2d(params.weight, windows);
      return params.bias ? y.add(params.bias.reshape([out, 1, 1])) : y;
    },
  } satisfies Layer<Conv2dParams>);
}
