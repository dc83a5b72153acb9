import type { Aval, DType, TypedArray } from "@dzdt/tensor";

/** Where a tensor's numbers are: with the host as long as they came from there and are few, else in a buffer of the device. */
export interface GpuStorage {
  /** As the tensor says; numbers of the host language are float64 there, and float32 on a device without doubles. */
  readonly aval: Aval;
  readonly size: number;
  readonly host: TypedArray | undefined;
  buffer: GPUBuffer | undefined;
  /** How the run that made it went. */
  readonly outcome: Outcome | undefined;
}

/** What is to be known of a run before its results are believed. */
export interface Outcome {
  /** The program's name. */
  readonly where: string;
  /** What a failing program leaves follows the numbers in the buffer. */
  readonly mayFail: boolean;
  /** An error of validation or of memory. */
  readonly trouble: Promise<Error | undefined> | undefined;
}

/** Up to so many bytes numbers of the host stay there and go into each program as they are. */
export const mostKept = 1024;

/** Bytes as buffers count them. */
export const padded = (bytes: number): number => Math.ceil(bytes / 4) * 4;

const arrays = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  bool: Uint8Array,
} as const;

/** Room for so many numbers at the host. */
export const hostNumbers = (dtype: DType, size: number): TypedArray => new arrays[dtype](size);
