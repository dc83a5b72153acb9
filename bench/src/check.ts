import type { Numbers, Verdict } from "./case";

export const meanSquare = (values: Numbers): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return sum / values.length;
};

/** max |got − want| / max |want|; infinite where a number is missing or not finite. */
export function relativeError(got: Numbers, want: Numbers): number {
  if (got.length !== want.length) return Infinity;
  let error = 0;
  let scale = 1e-30;
  for (let i = 0; i < want.length; i++) {
    const difference = Math.abs(got[i]! - want[i]!);
    error = Math.max(error, Number.isFinite(difference) ? difference : Infinity);
    scale = Math.max(scale, Math.abs(want[i]!));
  }
  return error / scale;
}

/** max |got − want|, in the unit of the numbers. */
export function absoluteError(got: Numbers, want: Numbers): number {
  return relativeError(got, want) * Math.max(...Array.from(want, Math.abs));
}

/** The mean of squares is that of the reference. */
export const meanSquareIs =
  (want: number, tolerance: number) =>
  (result: Numbers): Verdict => ({ error: relativeError([meanSquare(result)], [want]), tolerance });

/** The numbers are those of the reference. */
export const numbersAre =
  (want: Numbers, tolerance: number) =>
  (result: Numbers): Verdict => ({ error: relativeError(result, want), tolerance });
