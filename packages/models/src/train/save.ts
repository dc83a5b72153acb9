import { asTensor, io, type Structure, type Tensor, tree, type Tree } from "@dzdt/tensor";

/** Key of the metadata under which the tree's shape is kept. */
const structureKey = "dzdt.tree";

/** Tensors by path, such as `layers[0].weight`; numbers become float32 tensors, a lone tensor is named "value". */
export function named(params: Tree): { tensors: Record<string, Tensor>; structure: string } {
  const { leaves, paths, structure } = tree.flatten(params);
  const names = paths.map(nameOf);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new Error(`save: two tensors would be named "${twice}"; use keys without dots and brackets`);
  return {
    tensors: Object.fromEntries(names.map((name, i) => [name, asTensor(leaves[i]!)])),
    structure: JSON.stringify(structure),
  };
}

/** A tree of tensors as the bytes of a safetensors file; names are the paths in the tree. */
export async function save(params: Tree, options: { readonly metadata?: io.Metadata } = {}): Promise<Uint8Array> {
  const { tensors, structure } = named(params);
  return io.writeSafetensors(tensors, { metadata: { ...options.metadata, [structureKey]: structure } });
}

/**
 * The tree that {@link save} wrote. From files of other programs the tree is read off the names: `a.b` is a key, `a[0]` an item.
 * @throws FormatError unless the bytes are a whole safetensors file
 */
// eslint-disable-next-line @typescript-eslint/require-await -- a promise by contract, like save
export async function load<P extends Tree = Tree>(
  bytes: Uint8Array,
  options: { readonly onMetadata?: (metadata: io.Metadata) => void } = {},
): Promise<P> {
  let structure: string | undefined;
  const tensors = io.readSafetensors(bytes, {
    onMetadata: ({ [structureKey]: written, ...rest }) => {
      structure = written;
      options.onMetadata?.(rest);
    },
  });
  return (structure === undefined ? fromNames(tensors) : fromStructure(tensors, structure)) as P;
}

const nameOf = (path: string): string => (path === "" ? "value" : path.replace(/^\./, ""));

function fromStructure(tensors: Readonly<Record<string, Tensor>>, text: string): Tree {
  const structure = JSON.parse(text) as Structure;
  const { paths } = tree.flatten(tree.unflatten<Tree>(structure, zerosFor(structure)));
  return tree.unflatten<Tree>(
    structure,
    paths.map((path) => {
      const found = tensors[nameOf(path)];
      if (!found) throw new Error(`load: the file describes a tensor "${nameOf(path)}" that it lacks; save it again`);
      return found;
    }),
  );
}

/** A zero for each leaf. */
function zerosFor(structure: Structure): number[] {
  if (structure === null) return [0];
  return (Array.isArray(structure) ? structure : Object.values(structure)).flatMap(zerosFor);
}

interface Branch {
  [key: string]: Branch | Tensor;
}

function fromNames(tensors: Readonly<Record<string, Tensor>>): Tree {
  const root = Object.create(null) as Branch;
  for (const [name, x] of Object.entries(tensors)) {
    const keys = name.match(/[^.[\]]+/g) ?? [name];
    const last = keys.pop()!;
    let at = root;
    for (const key of keys) {
      const next = (at[key] ??= Object.create(null) as Branch);
      if (isTensor(next))
        throw new Error(`load: "${name}" lies under a name that is a tensor itself; rename one of them`);
      at = next;
    }
    at[last] = x;
  }
  return listsWhereNumbered(root) as Tree;
}

const isTensor = (x: Branch | Tensor): x is Tensor => typeof (x as Tensor).dtype === "string";

/** Keys 0, 1, … n − 1 are the items of an array. */
function listsWhereNumbered(branch: Branch | Tensor): unknown {
  if (isTensor(branch)) return branch;
  const keys = Object.keys(branch);
  if (keys.length > 0 && keys.every((_, i) => String(i) in branch))
    return keys.map((_, i) => listsWhereNumbered(branch[String(i)]!));
  return Object.fromEntries(keys.map((key) => [key, listsWhereNumbered(branch[key]!)]));
}
