import { type DType, byteSize } from "../../dtype";
import type { Value } from "../../lower/emitter";

/** Bits that a lane takes. */
export type Width = 32 | 64;

/** The width of the lanes of a dtype; masks come in both, this is the one they are made in where nothing else decides. */
export const widthOf = (dtype: DType): Width => (dtype === "float64" ? 64 : 32);

/** A number for each lane. Scalars of the code around, the uniform values, are not of this kind. */
export interface Lanes extends Value {
  readonly width: Width;
  /** The locals that hold it, each a vector of 128 / `width` lanes; where it was only known by rule, the code is emitted now. */
  parts(): readonly number[];
}

/** An integer that grows by `step` from lane to lane, from the uniform `base` on. */
export interface Ramp extends Lanes {
  readonly base: Value;
  readonly step: number;
}

/** An integer that grows by `along` within rows of `columns` lanes, and by `down` from row to row, from the uniform `first` on. */
export interface Grid extends Lanes {
  readonly first: Value;
  readonly along: number;
  readonly down: number;
  readonly columns: number;
}

/** A truth value for each lane: all bits of the lane are 1 or 0. */
export interface Mask extends Lanes {
  readonly resized: (width: Width) => readonly number[];
  /** The operands, if this is `less` of two floats. */
  readonly less: readonly [Value, Value] | undefined;
}

export const isLanes = (value: Value): value is Lanes => "parts" in value;
export const isRamp = (value: Value): value is Ramp => "step" in value;
export const isGrid = (value: Value): value is Grid => "down" in value;
export const isMask = (value: Value): value is Mask => "resized" in value;

export const lanesPerPart = (width: Width): number => 128 / width;

/** Vectors that `count` lanes of a width take; the lanes of the last one may not all be in use. */
export const partsFor = (count: number, width: Width): number => Math.ceil((count * width) / 128);

/** The step from lane to lane if addresses are neighbours. */
export const isContiguous = (address: Value, dtype: DType): address is Ramp =>
  isRamp(address) && address.step === byteSize(dtype);
