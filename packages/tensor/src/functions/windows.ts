import { ShapeError } from "../errors";
import type { TensorLike } from "../literals";
import { arePairs, checkOptions, isCount } from "../arguments";
import { printShape } from "../shape";
import type { Tensor } from "../tensor";
import { settle } from "./operands";
import { countable } from "./reduce";

/** How the windows of a convolution lie on x. A number is for all spatial axes, a list has an entry for each. */
export interface ConvolutionOptions {
  /** Elements from one window to the next. @defaultValue 1 */
  readonly stride?: number | readonly number[];
  /**
   * Zeros around x: as many before as after, or [before, after]. "valid" is none; with "same" there are ⌈length / stride⌉ windows, and of an odd
   * number of zeros the one more comes after. @defaultValue 0
   */
  readonly padding?: "same" | "valid" | number | readonly (number | Sides)[];
  /** Elements from one that a window reads to the next. @defaultValue 1 */
  readonly dilation?: number | readonly number[];
  /** Channels and kernels fall into so many groups, each convolved by itself. @defaultValue 1 */
  readonly groups?: number;
}

/** Options of a transposed convolution: those of the convolution that it is the transpose of. */
export interface ConvolutionTransposeOptions extends ConvolutionOptions {
  /** The result is so much longer at its ends: strides over 1 give one number of windows for several lengths. @defaultValue 0 */
  readonly outputPadding?: number | readonly number[];
}

type Sides = readonly [before: number, after: number];

/** A spatial axis: x of a convolution, or the result of a transposed one, has `length` elements along it, and kernels lie in `windows` places. */
export interface Axis {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly before: number;
  readonly after: number;
  readonly length: number;
  readonly windows: number;
}

/** What a call asks for, checked. */
export interface Convolution {
  readonly where: string;
  readonly x: Tensor;
  readonly kernels: Tensor;
  readonly groups: number;
  readonly axes: readonly Axis[];
}

/** Which of the convolutions is called, and the names of its spatial axes. */
export interface Kind {
  readonly where: string;
  readonly names: readonly string[];
  readonly transposed: boolean;
}

/** @throws ShapeError for shapes and options that do not fit, TypeError for unknown options */
export function readConvolution(
  kind: Kind,
  first: TensorLike,
  second: TensorLike,
  options: ConvolutionTransposeOptions,
): Convolution {
  const { where, names, transposed } = kind;
  checkOptions(where, options, ["stride", "padding", "dilation", "groups", ...(transposed ? ["outputPadding"] : [])]);
  const [x, kernels] = settle(where, [first, second]).map(countable) as [Tensor, Tensor];
  const { groups = 1, padding = 0, outputPadding = 0 } = options;
  checkShapes(kind, x, kernels, groups);
  const sides = sidesOf(where, padding, names.length);
  const strides = eachAxis(where, "stride", options.stride ?? 1, names.length, 1);
  const dilations = eachAxis(where, "dilation", options.dilation ?? 1, names.length, 1);
  const more = eachAxis(where, "outputPadding", outputPadding, names.length, 0);
  if (!sides && more.some((n) => n > 0))
    throw new ShapeError(
      `${where}: outputPadding ${JSON.stringify(outputPadding)} with padding "same", which makes a result stride times as long as x; ` +
        `leave one of them out`,
    );
  const axes = names.map((name, d): Axis => {
    const [given, kernel, stride, dilation] = [x.shape[d + 2]!, kernels.shape[d + 2]!, strides[d]!, dilations[d]!];
    const reach = dilation * (kernel - 1) + 1;
    const [wanted, over] = transposed ? [given, given * stride] : [Math.ceil(given / stride), given];
    const zeros = Math.max(0, (wanted - 1) * stride + reach - over);
    const [before, after] = sides?.[d] ?? [Math.floor(zeros / 2), Math.ceil(zeros / 2)];
    const spread = (given - 1) * stride + reach;
    const length = transposed && sides ? spread - before - after + more[d]! : over;
    const windows = transposed ? given : Math.floor((given + before + after - reach) / stride) + 1;
    if (length < 1 || windows < 1)
      throw new ShapeError(
        transposed
          ? `${where}: windows of ${given} kernels cover a ${name} of ${spread}, of which padding [${before}, ${after}] leaves nothing; use less padding`
          : `${where}: a kernel of shape ${printShape(kernels.shape)} reaches over ${reach} elements, dilation ${dilation} included, and x of shape ` +
              `${printShape(x.shape)} has a ${name} of ${given} with padding [${before}, ${after}]; use smaller kernels or more padding`,
      );
    return { kernel, stride, dilation, before, after, length, windows };
  });
  return { where, x, kernels, groups, axes };
}

function checkShapes({ where, names, transposed }: Kind, x: Tensor, kernels: Tensor, groups: number): void {
  const rank = names.length + 2;
  const shapes = `x of shape ${printShape(x.shape)} and kernels of shape ${printShape(kernels.shape)}`;
  if (x.ndim !== rank || kernels.ndim !== rank || kernels.shape.slice(2).includes(0))
    throw new ShapeError(
      `${where}: ${shapes}; both have ${rank} axes, the last of them ${names.join(" and ")}, and kernels are not empty: ` +
        `x.expandDims(0) is a batch of one`,
    );
  const [channels, first, second] = [x.shape[1]!, kernels.shape[0]!, kernels.shape[1]!];
  if (!Number.isInteger(groups) || groups < 1 || channels % groups !== 0 || first % groups !== 0)
    throw new ShapeError(
      `${where}: ${groups} groups for ${shapes}; give a number that divides ${channels} and ${first}`,
    );
  if (channels !== (transposed ? first : second * groups)) {
    const axes = transposed ? `${channels}, out / groups` : `out, ${channels / groups}`;
    throw new ShapeError(
      `${where}: ${shapes} in ${groups} ${groups === 1 ? "group" : "groups"} differ in channels; give kernels [${axes}, ${names.join(", ")}]`,
    );
  }
}

/** Zeros before and after each axis; undefined for "same". */
function sidesOf(
  where: string,
  padding: NonNullable<ConvolutionOptions["padding"]>,
  rank: number,
): readonly Sides[] | undefined {
  if (padding === "same") return undefined;
  if (padding === "valid") return sidesOf(where, 0, rank);
  const list: unknown = typeof padding === "number" ? new Array<number>(rank).fill(padding) : padding;
  const sides = Array.isArray(list) && list.map((side: unknown) => (isCount(side) ? [side, side] : side));
  if (!arePairs(sides, rank))
    throw new ShapeError(
      `${where}: padding ${JSON.stringify(padding)}; give "same", "valid", a non-negative integer, or for each of the ${rank} spatial axes ` +
        `one or a pair [before, after]`,
    );
  return sides;
}

function eachAxis(
  where: string,
  name: string,
  given: number | readonly number[],
  rank: number,
  least: number,
): readonly number[] {
  const list: unknown = typeof given === "number" ? new Array<number>(rank).fill(given) : given;
  if (!Array.isArray(list) || list.length !== rank || !list.every((n) => isCount(n, least)))
    throw new ShapeError(
      `${where}: ${name} ${JSON.stringify(given)}; give an integer of at least ${least}, or one for each of the ${rank} spatial axes`,
    );
  return list;
}
