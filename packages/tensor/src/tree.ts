import { checkFunction } from "./arguments";
import { ShapeError } from "./errors";
import { Tensor } from "./tensor";

/** A nested plain object or array whose leaves are tensors (or numbers, which become tensors). */
export type Tree = Tensor | number | boolean | readonly Tree[] | { readonly [name: string]: Tree };

/** The tree's type with every leaf replaced. A tree of unknown form stays one, which also ends the recursion. */
export type Mapped<T, L> = [Tree] extends [T]
  ? Tree
  : T extends Tensor | number | boolean
    ? L
    : { [K in keyof T]: Mapped<T[K], L> };

/** What is left of a tree without its leaves. Compare with {@link sameStructure}. */
export type Structure = null | readonly Structure[] | { readonly [name: string]: Structure };

type Leaf = Tensor | number | boolean;

const isLeaf = (x: unknown): x is Leaf => x instanceof Tensor || typeof x === "number" || typeof x === "boolean";

/**
 * The keys of an object in an order that does not depend on how it was made: integers first, then the others, sorted. A structure is walked in the
 * order in which an engine lists its keys, which puts integers first whatever they were sorted with.
 */
const keysOf = (node: object): string[] =>
  Object.keys(
    Object.fromEntries(
      Object.keys(node)
        .sort()
        .map((name) => [name, null]),
    ),
  );

/** The leaves in order (see {@link keysOf}: the order in which an object was filled does not matter) and what is left without them. @throws ShapeError for other values, naming the path. */
export function flatten(tree: Tree): { leaves: Leaf[]; structure: Structure; paths: string[] } {
  const leaves: Leaf[] = [];
  const paths: string[] = [];
  const visit = (node: unknown, path: string): Structure => {
    if (isLeaf(node)) {
      leaves.push(node);
      paths.push(path);
      return null;
    }
    if (Array.isArray(node)) return node.map((child, i) => visit(child, `${path}[${i}]`));
    if (node !== null && typeof node === "object" && isPlain(node))
      return Object.fromEntries(
        keysOf(node).map((name) => [name, visit((node as Readonly<Record<string, unknown>>)[name], `${path}.${name}`)]),
      );
    const kind = node === null ? "null" : typeof node === "object" ? `a ${node.constructor.name}` : typeof node;
    throw new ShapeError(
      `tree: ${path === "" ? "the value" : path.replace(/^\./, "")} is ${kind}; ` +
        `a tree is made of plain objects and arrays with tensors or numbers as leaves`,
    );
  };
  return { structure: visit(tree, ""), leaves, paths };
}

/** Rebuilds a tree from its structure and leaves. */
export function unflatten<R = unknown>(structure: Structure, leaves: readonly unknown[]): R {
  let next = 0;
  const build = (node: Structure): unknown => {
    if (node === null) return leaves[next++];
    if (Array.isArray(node)) return node.map(build);
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, build(child)]));
  };
  return build(structure) as R;
}

/** Leaves only. */
export const leaves = (tree: Tree): Leaf[] => flatten(tree).leaves;

/** A tree of the results of `fn` on corresponding leaves of trees of one structure. @throws ShapeError when structures differ. */
export function map<T extends Tree, R>(
  fn: (leaf: Tensor, ...others: Tensor[]) => R,
  tree: T,
  ...others: readonly Tree[]
): Mapped<T, R> {
  checkFunction("tree.map", fn);
  const first = flatten(tree);
  const rest = others.map((other) => {
    const flat = flatten(other);
    checkStructure("tree.map", first.structure, flat.structure);
    return flat.leaves;
  });
  return unflatten(
    first.structure,
    first.leaves.map((leaf, i) => fn(leaf as Tensor, ...rest.map((r) => r[i] as Tensor))),
  );
}

/** Whether two structures are the same. */
export const sameStructure = (a: Structure, b: Structure): boolean => printStructure(a) === printStructure(b);

/** @throws ShapeError that shows both structures. */
export function checkStructure(where: string, expected: Structure, found: Structure): void {
  if (!sameStructure(expected, found))
    throw new ShapeError(
      `${where}: a tree of structure ${printStructure(found)} where ${printStructure(expected)} is expected; ` +
        `give the same keys and lengths (* is a leaf)`,
    );
}

export function printStructure(structure: Structure): string {
  if (structure === null) return "*";
  if (Array.isArray(structure)) return `[${structure.map(printStructure).join(", ")}]`;
  return `{${Object.entries(structure)
    .map(([name, child]) => `${name}: ${printStructure(child)}`)
    .join(", ")}}`;
}

const isPlain = (node: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(node);
  return prototype === Object.prototype || prototype === null;
};
