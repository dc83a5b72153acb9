import { composite, type Two } from "../composite";
import type { TensorLike } from "../literals";
import { contract, type Pairing } from "../primitives/contract";
import { slice as slicePrimitive } from "../primitives/slice";
import { zeroStuff } from "../primitives/zero-stuff";
import { bind } from "../run";
import { type Shape, sizeOf } from "../shape";
import type { Tensor } from "../tensor";
import { add } from "./arithmetic";
import { asTensors } from "./operands";
import { broadcastTo, concat, reshape, slice, split, transpose } from "./structure";
import {
  type Axis,
  type ConvolutionOptions,
  type ConvolutionTransposeOptions,
  type Kind,
  readConvolution,
} from "./windows";

/**
 * Convolution in one dimension with the kernels as they are, not flipped, as PyTorch's and JAX's:
 * y[n, o, i] = Σ x[n, c, stride·i + dilation·j − padding] · kernels[o, c, j] over c and j.
 * @param x `[batch, channels, length]`
 * @param kernels `[out, channels / groups, length]`
 * @returns `[batch, out, windows]`, windows = ⌊(length + padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 with the padding of both sides
 * @throws ShapeError for channels that do not match, groups that do not divide, and kernels longer than x with its padding
 */
export const conv1d = (x: TensorLike, kernels: TensorLike, options?: ConvolutionOptions): Tensor =>
  conv1dOf(asTensors("conv1d", [x, kernels]), options);

/**
 * Convolution in two dimensions; see {@link conv1d}.
 * @param x `[batch, channels, height, width]`
 * @param kernels `[out, channels / groups, height, width]`
 * @returns `[batch, out, …windows]`
 * @example conv2d(images, kernels, { stride: 2, padding: "same" })
 */
export const conv2d = (x: TensorLike, kernels: TensorLike, options?: ConvolutionOptions): Tensor =>
  conv2dOf(asTensors("conv2d", [x, kernels]), options);

/**
 * The transpose of {@link conv2d} with the same kernels and options: Σ conv2d(y, kernels) · x = Σ y · convTranspose2d(x, kernels). Each element of x
 * adds the kernels times itself where a window of y lies.
 * @param x `[batch, channels, height, width]`
 * @param kernels `[channels, out / groups, height, width]`
 * @returns `[batch, out, …lengths]`, length = (windows − 1)·stride + dilation·(kernel − 1) + 1 − padding + outputPadding with as many windows as x is
 * long; with padding "same" windows·stride
 * @throws ShapeError as conv1d, and where padding leaves nothing
 */
export const convTranspose2d = (x: TensorLike, kernels: TensorLike, options?: ConvolutionTransposeOptions): Tensor =>
  convTranspose2dOf(asTensors("convTranspose2d", [x, kernels]), options);

const plane = ["height", "width"];

const convTranspose2dOf = composite("convTranspose2d", (ins: Two, options: ConvolutionTransposeOptions = {}) => {
  const kind = { where: "convTranspose2d", names: plane, transposed: true };
  const { x, kernels, axes, groups } = readConvolution(kind, ...ins, options);
  const [n, out] = [x.shape[0]!, kernels.shape[1]!];
  const channel = channelAxis(groups);
  const starts = [...new Array<number>(channel + 1).fill(0), ...axes.map(({ before }) => before)];
  const limits = [...(groups > 1 ? [n, groups, out] : [n, out]), ...axes.map(({ before, length }) => before + length)];
  const [spread] = bind(contract, [matrices(kernels, groups, n), grouped(x, 1, groups)], sumOver(channel, channel));
  const sum = axes.reduce((sum, axis, d) => fold(sum, channel, d, axis), spread!);
  const [y] = bind(slicePrimitive, [sum], { starts, limits, strides: starts.map(() => 1) });
  return reshape(y!, [n, groups * out, ...axes.map(({ length }) => length)]);
});

const convolution = (kind: Kind) =>
  composite(kind.where, (ins: Two, options: ConvolutionOptions = {}) => {
    const { x, kernels, axes, groups } = readConvolution(kind, ...ins, options);
    const [n, out] = [x.shape[0]!, kernels.shape[0]!];
    const channel = channelAxis(groups);
    const rows = matrices(kernels, groups, n);
    const padding = padded(grouped(x, 1, groups), channel, axes);
    const columns = axes.reduceRight((x, axis, d) => unfold(x, channel, d, axis), padding);
    const [y] = bind(contract, [rows, columns], sumOver(channel + 1, channel));
    return reshape(y!, [n, out, ...axes.map(({ windows }) => windows)]);
  });
const conv1dOf = convolution({ where: "conv1d", names: ["length"], transposed: false });
const conv2dOf = convolution({ where: "conv2d", names: plane, transposed: false });

/** The channels' place once {@link grouped} has gone over x. The axes before it are a batch. */
const channelAxis = (groups: number): number => (groups > 1 ? 2 : 1);

/** With groups in front of an axis, if there are several. */
const grouped = (x: Tensor, axis: number, groups: number): Tensor =>
  groups === 1
    ? x
    : reshape(
        x,
        x.shape.flatMap((n, a) => (a === axis ? [groups, n / groups] : [n])),
      );

/**
 * `[batch, (groups), rows, places · columns]`: the kernels as matrices, those with the length of an axis of them. The batch has a copy each: products for each
 * x, rather than one for all, are small enough for the cache and need no other order of axes.
 */
function matrices(kernels: Tensor, groups: number, n: number): Tensor {
  const parts = grouped(kernels, 0, groups);
  const column = channelAxis(groups);
  const axes = parts.shape.map((_, axis) => axis);
  const last = transpose(parts, [...axes.filter((axis) => axis !== column), column]);
  const flat = reshape(last, [...parts.shape.slice(0, column), sizeOf(parts.shape.slice(column))]);
  return broadcastTo(flat, [n, ...flat.shape]);
}

/** Sums over an axis of matrices with the channels of x. */
function sumOver(axis: number, channel: number): Pairing {
  const batch = Array.from({ length: channel }, (_, a) => a);
  return { batchA: batch, batchB: batch, contractA: [axis], contractB: [channel] };
}

/** x with zeros around it. */
function padded(x: Tensor, channel: number, axes: readonly Axis[]): Tensor {
  if (axes.every(({ before, after }) => before + after === 0)) return x;
  const lengths = axes.map(({ before, length, after }) => before + length + after);
  const starts = [...new Array<number>(channel + 1).fill(0), ...axes.map(({ before }) => before)];
  return place(
    x,
    [...x.shape.slice(0, channel + 1), ...lengths],
    starts,
    starts.map(() => 1),
  );
}

/** Zeros, but at starts + strides · i the elements of x. */
const place = (x: Tensor, shape: Shape, starts: readonly number[], strides: readonly number[]): Tensor =>
  bind(zeroStuff, [x], { shape, starts, strides })[0]!;

/** Along a spatial axis what kernels meet: a copy for each of their places, side by side as channels. */
function unfold(x: Tensor, channel: number, d: number, { kernel, stride, dilation, windows }: Axis): Tensor {
  const along = (here: number, other: number): number[] =>
    x.shape.map((_, a) => (a === channel + 1 + d ? here : other));
  const copies = Array.from({ length: kernel }, (_, j) =>
    slice(x, along(j * dilation, 0), along(j * dilation + (windows - 1) * stride + 1, Infinity), along(stride, 1)),
  );
  return concat(copies, channel);
}

/** The transpose of unfold: copies are added where they come from. */
function fold(x: Tensor, channel: number, d: number, axis: Axis): Tensor {
  const { kernel, stride, dilation, before, length, after } = axis;
  const at = channel + 1 + d;
  const shape = x.shape.with(channel, x.shape[channel]! / kernel).with(at, before + length + after);
  const along = (here: number, other: number): number[] => shape.map((_, a) => (a === at ? here : other));
  return split(x, kernel, channel)
    .map((copy, j) => place(copy, shape, along(j * dilation, 0), along(stride, 1)))
    .reduce((sum, copy) => add(sum, copy));
}
