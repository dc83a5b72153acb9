/** Shapes, axes or lengths that do not fit. */
export class ShapeError extends Error {
  override readonly name: string = "ShapeError";
}

/** A dtype that an operation does not take, or two that do not mix. */
export class DTypeError extends Error {
  override readonly name: string = "DTypeError";
}

/** A traced value used where only numbers can be: coerced, branched on, read, or used after its trace has ended. */
export class TraceError extends Error {
  override readonly name: string = "TraceError";
}

/** What a target, a dtype or a transform does not offer. */
export class UnsupportedError extends Error {
  override readonly name: string = "UnsupportedError";
}

/** A program, or one of its results, needs more memory than can be had. What ran before is as it was, and other programs run. */
export class OutOfMemoryError extends Error {
  override readonly name: string = "OutOfMemoryError";
}

/** A mistake of ours, never the user's. Where something is checked often, `if (wrong) throw mistake(…)` writes no text as long as all is well. */
export const mistake = (message: string): Error => new Error(`dzdt internal: ${message}; please report this`);

/** @throws Error, as {@link mistake} makes it, unless the condition holds */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw mistake(message);
}
