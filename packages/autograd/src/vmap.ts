import {
  applyTape,
  checkFunction,
  enclosingTarget,
  ShapeError,
  Tensor,
  trace,
  tree,
  type Tree,
  UnsupportedError,
} from "@dzdt/tensor";
import { printAval } from "./check";
import { flatten, type Flat, isTree } from "./leaves";
import { moveAxis } from "./move-axis";
import { transforms } from "./transforms";

/** Batch axes: of all leaves (null: of none), or of the parts of a tree, which may have subtrees below. */
export type Axes = number | null | readonly Axes[] | { readonly [name: string]: Axes };

interface Leaf {
  readonly value: Tensor | number | boolean;
  readonly axis: number | null;
  readonly name: string;
}

/**
 * The function of one example as a function of many: leaves with a batch axis hold examples along it. The function sees leaves without
 * that axis, and runs once, on all examples.
 * @param inAxes one for all arguments, or a list with one for each (a tree prefix of the argument). Null: the same for all examples
 * @param outAxes where the batch axis of results goes (a tree prefix of the result). Null: the result is the same for all examples
 * @example vmap((x: Tensor, y: Tensor) => x.dot(y))(xs, ys) // [batch]
 */
export function vmap<A extends readonly Tensor[], Y>(
  f: (...args: A) => Y,
  inAxes?: Axes,
  outAxes?: Axes,
): (...args: A) => Y;
export function vmap<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  inAxes?: Axes,
  outAxes?: Axes,
): (...args: A) => Y;
export function vmap<A extends readonly unknown[], Y>(
  f: (...args: A) => Y,
  inAxes: Axes = 0,
  outAxes: Axes = 0,
): (...args: A) => Y {
  return (...args) => {
    checkFunction("vmap", f);
    const { leaves, rebuild } = leavesWithAxes(args, inAxes);
    const size = commonSize(leaves);
    const around = enclosingTarget();
    const batched = leaves.flatMap(({ value, axis }) => {
      if (axis === null) return [];
      const x = value as Tensor;
      // What a function closes over is a constant of its program, wherever it is.
      return [moveAxis(around && !x.tape ? x.to(around) : x, axis, 0)];
    });
    const target = around ?? batched[0]?.target;
    let result: Flat | undefined;
    const { tape, captured } = trace(
      "vmap",
      (...ins) => {
        let next = 0;
        const given = rebuild(leaves.map(({ value, axis }) => (axis === null ? value : ins[next++]!)));
        result = flatten(f(...(given as unknown as A)), "float32", target);
        return result.leaves;
      },
      batched.map((x) => ({ dtype: x.dtype, shape: x.shape.slice(1) })),
      { target },
    );
    const axes = axesOfLeaves("outAxes", outAxes, result!.rebuild(result!.leaves));
    const flags = tape.inputs.map((_, k) => k < batched.length);
    const many = transforms.batch(
      tape,
      flags,
      size,
      axes.map((axis) => axis !== null),
    );
    const outs = applyTape(many.tape, [...batched, ...captured, ...many.captured]);
    return result!.rebuild(outs.map((y, k) => placed(y, axes[k]!, many.batchedOuts[k]!, k))) as Y;
  };
}

function placed(y: Tensor, axis: number | null, batched: boolean, leaf: number): Tensor {
  if (axis === null) {
    if (batched)
      throw new UnsupportedError(
        `vmap: outAxes is null for leaf ${leaf} of the result, which differs between examples; give an axis`,
      );
    return y;
  }
  return moveAxis(y, 0, normalize(`outAxes of leaf ${leaf}`, axis, y.shape));
}

/** The leaves of the arguments that may be batched, each with its axis counted from the first. */
function leavesWithAxes(
  args: readonly unknown[],
  inAxes: Axes,
): { leaves: Leaf[]; rebuild: (leaves: readonly unknown[]) => unknown[] } {
  if (Array.isArray(inAxes) && inAxes.length !== args.length)
    throw new ShapeError(
      `vmap: inAxes has ${inAxes.length} entries for ${args.length} arguments; give one for each, null for none`,
    );
  const prefixes = args.map((_, n): Axes => (Array.isArray(inAxes) ? (inAxes as readonly Axes[])[n]! : inAxes));
  const parts = args.flatMap((arg, n) => {
    if (prefixes[n] === null || !isTree(arg)) return [];
    const { leaves, structure, paths } = tree.flatten(arg as Tree);
    const axes = axesOfLeaves("inAxes", prefixes[n]!, arg);
    return [{ n, structure, leaves: leaves.map((value, k) => leafOf(value, axes[k]!, `argument ${n}${paths[k]!}`)) }];
  });
  return {
    leaves: parts.flatMap((x) => x.leaves),
    rebuild: (others) => {
      const given = [...args];
      let from = 0;
      for (const { n, structure, leaves } of parts)
        given[n] = tree.unflatten(structure, others.slice(from, (from += leaves.length)));
      return given;
    },
  };
}

function leafOf(value: Tensor | number | boolean, axis: number | null, name: string): Leaf {
  if (axis === null) return { value, axis, name };
  if (!(value instanceof Tensor))
    throw new ShapeError(`vmap: ${name} is a ${typeof value}, which has no axis ${axis}; give null for it in inAxes`);
  return { value, axis: normalize(name, axis, value.shape), name };
}

function commonSize(leaves: readonly Leaf[]): number {
  const [first, ...others] = leaves.flatMap(({ value, axis, name }) =>
    axis === null || !(value instanceof Tensor)
      ? []
      : [{ size: value.shape[axis]!, text: `${name} (${printAval(value)})` }],
  );
  if (!first) throw new ShapeError("vmap: no argument has a batch axis; give inAxes an axis for at least one");
  const odd = others.find((other) => other.size !== first.size);
  if (odd)
    throw new ShapeError(
      `vmap: batch sizes differ: ${first.size} in ${first.text}, ${odd.size} in ${odd.text}; ` +
        `name the axes with inAxes, null for what is not batched`,
    );
  return first.size;
}

function normalize(name: string, axis: number, shape: readonly number[]): number {
  if (!Number.isInteger(axis) || axis < -shape.length || axis >= shape.length)
    throw new ShapeError(
      `vmap: ${name} has shape [${shape.join(", ")}] and no axis ${axis}; give another axis, or null`,
    );
  return axis < 0 ? axis + shape.length : axis;
}

/** An axis for each leaf of a tree, in order, from a prefix of the tree. */
function axesOfLeaves(where: string, prefix: Axes, value: unknown): (number | null)[] {
  // NaN stands for null, so that the axes are leaves, too, and come in the order of the tree's.
  const spread = (axes: Axes, part: unknown): unknown => {
    if (axes === null || typeof axes === "number") {
      const { leaves, structure } = tree.flatten(part as Tree);
      return tree.unflatten(
        structure,
        leaves.map(() => axes ?? NaN),
      );
    }
    if (
      typeof part !== "object" ||
      part === null ||
      part instanceof Tensor ||
      Array.isArray(axes) !== Array.isArray(part)
    )
      throw new ShapeError(
        `vmap: ${where} has parts where the tree it is for has a leaf or another kind; make it a prefix of the tree`,
      );
    const named = axes as { readonly [name: string]: Axes };
    const entries = Object.entries(part).map(([name, child]): [string, unknown] => {
      const axis = named[name];
      if (axis === undefined) throw new ShapeError(`vmap: ${where} says nothing of ${name}; give an axis, or null`);
      return [name, spread(axis, child)];
    });
    return Array.isArray(part) ? entries.map(([, child]) => child) : Object.fromEntries(entries);
  };
  return tree
    .flatten(spread(prefix, value) as Tree)
    .leaves.map((axis) => (Number.isNaN(axis) ? null : (axis as number)));
}
