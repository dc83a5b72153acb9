import { checkNumbers } from "./arguments";
import { ShapeError } from "./errors";

/** Lengths of the axes; `[]` is a scalar. Arrays are dense and row-major. */
export type Shape = readonly number[];

// Loops rather than `reduce` and `every`: every operation asks.
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis]!;
  return size;
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

export const printShape = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Row-major strides, in elements. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis]!;
  }
  return strides;
}

/** The shape that NumPy broadcasting gives. @throws ShapeError when two lengths differ and neither is 1. */
export function broadcastShapes(where: string, ...shapes: readonly Shape[]): number[] {
  const rank = Math.max(0, ...shapes.map((s) => s.length));
  const result = new Array<number>(rank).fill(1);
  for (const shape of shapes)
    for (let k = 0; k < shape.length; k++) {
      const axis = rank - shape.length + k;
      const length = shape[k]!;
      if (length === 1 || length === result[axis]) continue;
      if (result[axis] !== 1)
        throw new ShapeError(
          `${where}: shapes ${shapes.map(printShape).join(" and ")} do not broadcast (axis ${axis}: ${result[axis]} against ${length}); ` +
            `lengths must be equal or 1, counted from the last axis`,
        );
      result[axis] = length;
    }
  return result;
}

/** A non-negative axis from one that may count from the end. @throws ShapeError when there is no such axis. */
export function normalizeAxis(where: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw new ShapeError(
      `${where}: axis ${axis} of a tensor with ${rank} axes; ` +
        (rank === 0 ? "a scalar has no axes" : `give an integer from ${-rank} to ${rank - 1}`),
    );
  return axis < 0 ? axis + rank : axis;
}

/** Distinct non-negative axes in ascending order; undefined means all. */
export function normalizeAxes(where: string, axes: number | readonly number[] | undefined, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, i) => i);
  const given = typeof axes === "number" ? [axes] : axes;
  checkNumbers(where, "axes", given);
  const list = given.map((a) => normalizeAxis(where, a, rank));
  if (new Set(list).size !== list.length)
    throw new ShapeError(`${where}: axes ${printShape(list)} name one axis twice; give each axis once`);
  return list.sort((a, b) => a - b);
}

/** @throws ShapeError unless every length is a non-negative integer. */
export function checkShape(where: string, shape: Shape): Shape {
  if (!Array.isArray(shape) || shape.some((d) => !Number.isInteger(d) || d < 0))
    throw new ShapeError(
      `${where}: ${JSON.stringify(shape)} is not a shape; give an array of non-negative integers, as in [2, 3]`,
    );
  return shape as Shape;
}

/** Positions are int32. */
const mostElements = 2 ** 31 - 1;

/** @throws ShapeError for a shape with more elements than positions reach */
export function checkSize(where: string, shape: Shape, remedy = "split it, or use smaller batches"): void {
  const size = sizeOf(shape);
  if (size > mostElements)
    throw new ShapeError(
      `${where}: a tensor of shape ${printShape(shape)} has ${size} elements, more than the ${mostElements} that there can be; ${remedy}`,
    );
}
